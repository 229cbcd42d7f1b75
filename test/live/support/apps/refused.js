/**
 * An app that wants what Open vSwitch refuses, beside what it takes: a meter with more bands than it has, a flow through
 * that meter, a flow that sets a field which its packets have not, and one to a group that nobody has made yet.
 */
import { applyActions, group, match, meter, OFPMF, output, setField } from 'heddle/openflow';
import { z } from 'zod';

const bands = Array.from({ length: 9 }, (_, index) => ({ type: 'drop', rate: 1_000 + index, burstSize: 0 }));

export default {
  name: 'refused',
  scope: 'hypervisors',
  options: z.strictObject({ group: z.int() }),
  tables: [{ name: 'refused', stage: 'guard', miss: 'next' }],

  init: ({ group }, { tables, numberMeters }) => ({
    group,
    table: tables.number('refused'),
    meter: numberMeters(['large']).get('large'),
  }),

  on: (event, state) => ({ state }),

  desired({ group: groupId, meter: meterId, table }) {
    const flow = (priority, ...instructions) => ({
      table,
      priority,
      match: match({ in_port: 60_000 }),
      instructions,
    });
    return {
      flows: [
        flow(11, meter(meterId)),
        flow(12, applyActions([setField({ ipv4_src: 1 }), output(1)])),
        flow(13, applyActions([group(groupId)])),
        flow(14, applyActions([output(1)])),
      ],
      groups: [],
      meters: [{ id: meterId, flags: OFPMF.KBPS, bands }],
      learned: new Set(),
    };
  },
};
