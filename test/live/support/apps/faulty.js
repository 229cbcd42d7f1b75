/** An app that goes wrong where it is told to: Heddle and the other apps have to go on. */
import { applyActions, match, output, setField } from 'heddle/openflow';
import { z } from 'zod';

const options = z.strictObject({
  at: z.enum(['start', 'event', 'answer', 'desired', 'nothing', 'encoding', 'refused', 'report']),
});

const fail = why => {
  throw new Error(`this app fails ${why}`);
};

export default {
  name: 'faulty',
  scope: 'others',
  options,
  tables: [{ name: 'faulty', stage: 'guard', miss: 'next' }],

  init({ at }, { tables }) {
    if (at === 'start') fail('at its start');
    return { at, table: tables.number('faulty') };
  },

  on(event, state) {
    if (state.at === 'event') fail(`at a ${event.type}`);
    return state.at === 'answer' ? undefined : { state };
  },

  desired({ at, table }) {
    if (at === 'desired') fail('when it is asked for its flows');
    if (at === 'nothing') return undefined;
    const flow = (fields, actions) => ({
      table,
      priority: 7,
      match: match(fields),
      instructions: [applyActions(actions)],
    });
    const flows = {
      // A port's number has 32 bits.
      encoding: [flow({ in_port: 9 }, [output(-1)])],
      // An address can be set in a packet of IP only [OF1.3.5 5.12].
      refused: [flow({ in_port: 9 }, [setField({ ipv4_src: 1 }), output(1)])],
    };
    return { flows: flows[at] ?? [], groups: [], learned: new Set() };
  },

  report({ at }) {
    return at === 'report' ? fail('when it is asked how it is') : {};
  },
};
