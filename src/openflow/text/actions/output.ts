/** Where a packet goes. */
import { OFPCML_NO_BUFFER, OFPP } from '../../constants.js';
import type { Action } from '../../actions/actions.js';
import type { Reader } from '../reader.js';
import { formatSubfield, readSubfield } from '../subfields.js';
import { movable } from '../fields.js';
import { formatPort, formatPort16, parsePort, readNumber, readPort, readPort16 } from '../values.js';
import { bare, entry, optionValue, readOptions } from './entry.js';

/** To a port; the controller gets all of the packet, unless `maxLen` says how much. */
export const toPort = (port: number, maxLen = port === OFPP.CONTROLLER ? OFPCML_NO_BUFFER : 0): Action => ({
  type: 'output',
  port,
  maxLen,
});

export const output = entry('output', {
  format: ({ port, maxLen }, { portName }) => {
    if (port === OFPP.CONTROLLER) return `CONTROLLER:${maxLen}`;
    return port >= OFPP.MAX ? formatPort(port) : `output:${formatPort(port, portName)}`;
  },
  words: {
    output: ({ r }) => {
      if (r.sees('(')) return readTruncated(r);
      if (!r.accepts(':')) r.expect('=');
      const ahead = r.value();
      const port = parsePort(r, ahead);
      if (port !== undefined) return toPort(port);
      // What is no port is a field that holds one.
      if (!movable.has(ahead.text.replace(/\[.*/, '')) && !/^0x/i.test(ahead.text))
        r.unknown('port or field', ahead, [...Object.keys(OFPP), ...movable.keys()]);
      r.back(ahead);
      const { field, offset, bits } = readSubfield(r);
      return { type: 'output_reg', range: { offset, bits }, src: field, maxLen: OFPCML_NO_BUFFER };
    },
    ...Object.fromEntries(
      Object.entries(OFPP)
        .filter(([name]) => name !== 'MAX' && name !== 'CONTROLLER')
        .map(([name, port]) => [name.toLowerCase(), () => toPort(port)]),
    ),
  },
});

/** Read by `output`; how much a controller gets has no notation, and is all of the packet. */
export const outputReg = entry('output_reg', {
  format: ({ src, range }) => `output:${formatSubfield(src, range.offset, range.bits)}`,
  words: {},
});

/** Read back as `output_reg`: ovs-ofctl has one notation for both. */
export const outputReg2 = entry('output_reg2', {
  format: ({ src, range }) => `output:${formatSubfield(src, range.offset, range.bits)}`,
  words: {},
});

export const outputTrunc = entry('output_trunc', {
  format: ({ port, maxLen }, { portName }) =>
    `output(port=${formatPort16(port, portName)},max_len=${maxLen})`,
  words: {},
});

function readTruncated(r: Reader): Action {
  const { at } = r;
  let port: number | undefined;
  let maxLen: number | undefined;
  readOptions(r, {
    port: () => (port = readPort16(r, optionValue(r))),
    max_len: () => (maxLen = readNumber(r, optionValue(r), 0xffffffff, 'bytes')),
  });
  if (port === undefined || maxLen === undefined) r.fail('output(…) needs port and max_len', at);
  return { type: 'output_trunc', port, maxLen };
}

export const group = entry('group', {
  format: ({ groupId }) => `group:${groupId}`,
  words: {
    group: ({ r }) => ({ type: 'group', groupId: readNumber(r, r.argument(), 0xffffffff, 'a group') }),
  },
});

export const setQueue = entry('set_queue', {
  format: ({ queueId }) => `set_queue:${queueId}`,
  words: {
    enqueue: ({ r }) => readEnqueue(r),
    set_queue: ({ r }) => ({
      type: 'set_queue',
      queueId: readNumber(r, r.argument(), 0xffffffff, 'a queue'),
    }),
  },
});

export const popQueue = bare('pop_queue', { type: 'pop_queue' });

/** `enqueue:port:queue` is OpenFlow 1.0's; ovs-ofctl makes three actions of it. */
function readEnqueue(r: Reader): readonly Action[] {
  const isShort = !r.accepts('(');
  if (isShort && !r.accepts(':')) r.expect('=');
  const port = r.matching(/[^,\s():]+/y);
  if (!r.accepts(':')) r.expect(',');
  const queue = r.value();
  if (!isShort) r.expect(')');
  return [
    { type: 'set_queue', queueId: readNumber(r, queue, 0xffffffff, 'a queue') },
    toPort(readPort(r, port)),
    { type: 'pop_queue' },
  ];
}
