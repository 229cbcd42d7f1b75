/** Other tables, conjunctive matches, notes, and actions that hold actions. */
import { NX_RESUBMIT_IN_PORT } from '../../constants.js';
import type { Action } from '../../actions/actions.js';
import type { Reader } from '../reader.js';
import { bytesOf, dottedBytes, formatPort16, hexOf, readNumber, readPort16 } from '../values.js';
import { bare, entry } from './entry.js';
import type { FormatContext } from './entry.js';
import { readUnknown } from './names.js';

/** "The table at hand" in a resubmit. */
const thisTable = 255;

export const resubmit = entry('resubmit', {
  format: ({ inPort, tableId }, context) =>
    tableId === thisTable
      ? `resubmit:${formatPort16(inPort, context.portName)}`
      : `resubmit(${formatInPort(inPort, context)},${tableId})`,
  words: {
    resubmit: ({ r }) => (r.sees('(') ? readResubmit(r) : resubmitIn(readPort16(r, r.argument()), thisTable)),
  },
});

const resubmitIn = (inPort: number, tableId: number): Action => ({ type: 'resubmit', inPort, tableId });

/** Read back as the `resubmit` that says the same, which is what ovs-ofctl sends. */
export const resubmitPort = entry('resubmit_port', {
  format: ({ inPort }, { portName }) => `resubmit:${formatPort16(inPort, portName)}`,
  words: {},
});

/** Read by `resubmit`. */
export const resubmitCt = entry('resubmit_ct', {
  format: ({ inPort, tableId }, context) => `resubmit(${formatInPort(inPort, context)},${tableId},ct)`,
  words: {},
});

const formatInPort = (inPort: number, { portName }: FormatContext): string =>
  inPort === NX_RESUBMIT_IN_PORT ? '' : formatPort16(inPort, portName);

function readResubmit(r: Reader): Action {
  const { at } = r;
  r.expect('(');
  const port = r.value();
  const table = r.accepts(',') ? r.value() : { text: '', at };
  const isCt = r.accepts(',ct');
  r.expect(')');
  if (port.text === '' && table.text === '') r.fail('resubmit(port,table) needs a port or a table', at);
  const inPort = port.text === '' ? NX_RESUBMIT_IN_PORT : readPort16(r, port);
  const tableId = table.text === '' ? thisTable : readNumber(r, table, 0xff, 'a table');
  return isCt ? { type: 'resubmit_ct', inPort, tableId } : resubmitIn(inPort, tableId);
}

export const clone = entry('clone', {
  format: ({ actions }, context) => `clone(${context.actions(actions)})`,
  words: { clone: ({ actions }) => ({ type: 'clone', actions: actions() }) },
});

export const conjunction = entry('conjunction', {
  format: ({ id, clause, clauses }) => `conjunction(${id},${clause + 1}/${clauses})`,
  words: {
    conjunction: ({ r }) => {
      r.expect('(');
      const id = readNumber(r, r.value(), 0xffffffff, 'an id');
      r.skipSeparators();
      const token = r.value();
      r.expect(')');
      const [, clause = 0, clauses = 0] = /^([0-9]{1,3})\/([0-9]{1,3})$/.exec(token.text)?.map(Number) ?? [];
      if (clause < 1 || clause > 256 || clauses < 1 || clauses > 255)
        r.mismatch('a clause and their number (1/2)', token);
      return { type: 'conjunction', id, clause: clause - 1, clauses };
    },
  },
});

export const note = entry('note', {
  format: one => `note:${dottedBytes(one.note)}`,
  words: {
    note: ({ r }) => {
      const token = r.argument();
      const bytes =
        bytesOf(token.text.replaceAll('.', '')) ?? r.mismatch('bytes in hexadecimal (01.02.03)', token);
      // Zeros fill the action's 8-byte unit, and a switch gives them back [nicira-ext: nx_action_note].
      const filled = new Uint8Array(Math.max(6, bytes.length + ((8 - ((10 + bytes.length) % 8)) % 8)));
      filled.set(bytes);
      return { type: 'note', note: filled };
    },
  },
});

/** An action that we do not know: its type and its bytes. ovs-ofctl has no notation for it. */
export const unknown = entry('unknown', {
  format: ({ typeId, body }) => `unknown(${typeId},${hexOf(body)})`,
  words: {
    unknown: ({ r }) => {
      const { typeId, body } = readUnknown(r);
      return { type: 'unknown', typeId, body };
    },
  },
});

export const exit = bare('exit', { type: 'exit' });
export const debugRecirc = bare('debug_recirc', { type: 'debug_recirc' });
export const debugSlow = bare('debug_slow', { type: 'debug_slow' });
