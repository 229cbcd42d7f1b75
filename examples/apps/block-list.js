/**
 * block-list: MACs that may not talk, as an example of a controller app of one's own.
 *
 * It stands beside `learning-switch` on every switch that is in no overlay. Its table lies at the stage `guard`, so a
 * packet meets it first: frames from and to a blocked MAC end there, all others go on to the next table. Who tries to
 * talk all the same is counted, and `heddle status` tells it.
 *
 *   apps:
 *     - ./apps/block-list.js: { macs: ["02:00:00:00:00:03"] }
 *     - learning-switch
 *
 * There is nothing to build: Heddle imports this file as it is. For one outside of Heddle's own folder, `npm install
 * heddle zod` beside it, so that Node finds the three imports; an editor then knows the types, too.
 */
import { defineApp, formatMac, parseMac } from 'heddle';
import { applyActions, match, OFP_NO_BUFFER, OFPFF, OFPG, OFPP, output, valueOf } from 'heddle/openflow';
import { z } from 'zod';

/** What the file may say about this app. A mistake in it is told with its line, like any other of the file. */
const options = z.strictObject({
  macs: z
    .array(
      z.string().transform((text, context) => {
        const mac = parseMac(text);
        if (mac !== undefined) return mac;
        context.addIssue({ code: 'custom', message: 'expected a MAC address such as "02:00:00:00:00:03"' });
        return z.NEVER;
      }),
      { error: 'expected a list of MAC addresses' },
    )
    .max(1_000)
    .default([]),
  /** Seconds for which a MAC's packets are dropped and only counted, after one of them was told. */
  quiet: z.int().min(1).max(3_600).default(10),
});

/**
 * @typedef {object} Attempts What one MAC has tried.
 * @property {bigint} dpid The switch on which it was seen last.
 * @property {number} port Its port there.
 * @property {bigint} packets
 *
 * @typedef {object} State
 * @property {ReadonlySet<number>} macs A MAC is a number here: its 48 bits.
 * @property {number} quiet
 * @property {number} table
 * @property {bigint} cookie
 * @property {Map<number, Attempts>} attempts By MAC: no larger than the list of blocked ones.
 */

export default /** @type {import('heddle').AppModule<z.output<typeof options>, State>} */ (
  defineApp({
    name: 'block-list',
    scope: 'others',
    options,
    // `next`: what matches no flow here goes on. The numbers of tables are Heddle's affair.
    tables: [{ name: 'blocked', stage: 'guard', miss: 'next' }],

    init: ({ macs, quiet }, { tables, reactiveCookie }) => ({
      macs: new Set(macs),
      quiet,
      table: tables.number('blocked'),
      cookie: reactiveCookie,
      attempts: new Map(),
    }),

    // All that is wanted in a switch, each time. Heddle compares it with what the switch has, and sends the difference.
    desired: state => ({
      flows: [...state.macs].flatMap(mac => [
        // The beginning of the packet is enough to see who it was. The packet itself goes nowhere.
        {
          table: state.table,
          priority: 100,
          match: match({ eth_src: mac }),
          instructions: [applyActions([output(OFPP.CONTROLLER, 64)])],
        },
        // A flow with no instructions drops [OF1.3.5 5.9].
        { table: state.table, priority: 90, match: match({ eth_dst: mac }), instructions: [] },
      ]),
      groups: [],
      learned: new Set(),
      complete: true,
    }),

    on(event, state) {
      switch (event.type) {
        case 'switch-up':
          return { state, changed: [event.dpid] };
        case 'packet-in': {
          // Every app of the scope is shown every packet: this one's come from its own table.
          if (event.packet.tableId !== state.table) return { state };
          const mac = sourceOf(event.packet.data);
          const port = valueOf(event.packet.match, 'in_port');
          if (port === undefined || !state.macs.has(mac)) return { state };
          count(state, mac, event.dpid, port, 1n);
          return { state, send: [keepQuiet(state, mac, port)] };
        }
        case 'flow-removed': {
          // A quiet time is over: the switch says how many packets it has dropped meanwhile.
          const mac = valueOf(event.flow.match, 'eth_src');
          const port = valueOf(event.flow.match, 'in_port');
          if (event.flow.cookie === state.cookie && mac !== undefined && port !== undefined) {
            count(state, mac, event.dpid, port, event.flow.packetCount);
          }
          return { state };
        }
        default:
          return { state };
      }
    },

    // Each is a line of `heddle status`, whose exit code is then 2: something needs attention.
    report: state => ({
      problems: [...state.attempts].map(([mac, { dpid, port, packets }]) => ({
        app: 'block-list',
        dpid,
        port: String(port),
        message: `${formatMac(mac)} is blocked and has sent ${packets} packet${packets === 1n ? '' : 's'}`,
      })),
    }),
  })
);

/**
 * A flow above the one that asks: drops for `quiet` seconds, then goes and tells its packet count. So a MAC that sends
 * without pause costs two messages in that time, and not one for each packet.
 *
 * @param {State} state
 * @param {number} mac
 * @param {number} port
 * @returns {import('heddle/openflow').FlowMod}
 */
function keepQuiet({ table, cookie, quiet }, mac, port) {
  return {
    type: 'flow_mod',
    xid: 0,
    command: 'add',
    cookie,
    cookieMask: 0n,
    tableId: table,
    priority: 110,
    idleTimeout: 0,
    hardTimeout: quiet,
    bufferId: OFP_NO_BUFFER,
    outPort: OFPP.ANY,
    outGroup: OFPG.ANY,
    flags: OFPFF.SEND_FLOW_REM,
    match: match({ in_port: port, eth_src: mac }),
    instructions: [],
  };
}

/**
 * @param {State} state
 * @param {number} mac
 * @param {bigint} dpid
 * @param {number} port
 * @param {bigint} packets
 */
function count({ attempts }, mac, dpid, port, packets) {
  const before = attempts.get(mac)?.packets ?? 0n;
  attempts.set(mac, { dpid, port, packets: before + packets });
}

/**
 * The source address of an Ethernet frame: bytes 6 to 11.
 *
 * @param {Uint8Array} frame
 */
function sourceOf(frame) {
  return frame.subarray(6, 12).reduce((mac, byte) => mac * 256 + byte, 0);
}
