import * as z from 'zod';
import { type AppMessage, defineApp, type Flow, type Step } from '../../intent/index.js';
import { type Dpid, isGroupMac } from '../../lib/addresses.js';
import {
  applyActions,
  type FlowStats,
  type Instruction,
  OFPP,
  OFPPR,
  OFPPS,
  OFPVID_PRESENT,
  output,
  type PacketIn,
  valueOf,
} from '../../openflow/index.js';
import { decodeEthernet, isLinkLocalMac } from '../../packet/ethernet.js';
import { EtherType } from '../../packet/numbers.js';
import { Answers } from './answers.js';
import { MacTable } from './mac-table.js';
import { deleteFlows, forward, packetOut } from './messages.js';

const options = z.strictObject({
  /** Seconds without traffic after which a flow goes, and its next packet is asked about again. */
  'idle-timeout': z.int().min(1).max(65_535).default(300),
  /** MACs remembered for each switch. */
  'max-macs': z.int().min(16).max(1_000_000).default(16_384),
});

type Options = z.infer<typeof options>;

/** Kept in place: a new copy for every learned MAC would be the dearest thing on the packet path. */
interface State {
  readonly options: Options;
  readonly table: number;
  readonly cookie: bigint;
  readonly macs: Map<Dpid, MacTable>;
  readonly answers: Answers;
}

const tableName = 'forward';

/**
 * A switch that learns: each packet that no flow matches is asked about, its source is remembered with the port that it
 * came in by, and a flow is made once its destination is known too. Flows match the port as well as both addresses, so
 * that a MAC that moves is asked about again.
 */
export const learningSwitch = defineApp<Options, State>({
  name: 'learning-switch',
  scope: 'others',
  options,
  tables: [{ name: tableName, stage: 'unicast', miss: 'own' }],

  init: (options, { tables, reactiveCookie }) => {
    const owner = { table: tables.number(tableName), cookie: reactiveCookie };
    return { options, ...owner, macs: new Map(), answers: new Answers(owner, options['idle-timeout']) };
  },

  // A smaller `max-macs` comes to hold where a switch connects: what is known is not forgotten for it.
  reconfigure: (options, _setup, state) => ({
    state: { ...state, options, answers: new Answers(state, options['idle-timeout']) },
  }),

  onPacketBytes(packet, { macs, answers }, out) {
    const known = macs.get(packet.dpid);
    return known !== undefined && answers.answer(packet, known, out);
  },

  on(event, state): Step<State> {
    switch (event.type) {
      case 'packet-in':
        return onPacket(event.dpid, event.packet, state);
      case 'switch-up': {
        state.macs.set(event.dpid, relearn(event.reactive, state.options['max-macs']));
        return { state, send: deleteStrays(event.reactive, state), changed: [event.dpid] };
      }
      case 'switch-down':
        state.macs.delete(event.dpid);
        return { state };
      case 'port-status': {
        const { port } = event;
        const usable = event.reason !== OFPPR.DELETE && (port.state & OFPPS.LINK_DOWN) === 0;
        return usable ? { state } : onPortDown(event.dpid, port.portNo, state);
      }
      case 'flow-removed':
      case 'hypervisor-changed':
        return { state };
    }
  },

  desired: state => ({
    flows: [toController(state.table)],
    groups: [],
    learned: new Set(),
  }),
});

/** Without this flow, OpenFlow 1.3 drops what no other matches [OF1.3.5 5.4]. */
const toController = (table: number): Flow => ({
  table,
  priority: 0,
  match: [],
  instructions: [applyActions([output(OFPP.CONTROLLER)])],
});

function onPacket(dpid: Dpid, packet: PacketIn, state: State): Step<State> {
  // A packet that another app has asked for, in a table of its own, is not to be forwarded behind its back.
  if (packet.tableId !== state.table) return { state };
  const macs = state.macs.get(dpid);
  const inPort = valueOf(packet.match, 'in_port');
  if (macs === undefined || inPort === undefined || packet.data.length < shortestFrame) return { state };
  const { dst, src, vlan, etherType } = decodeEthernet(packet.data);
  if (isLinkLocalMac(dst) || etherType === EtherType.LLDP || isGroupMac(src)) return { state };

  const send: AppMessage[] = [];
  const { before, evicted } = macs.learn(vlan, src, inPort) ?? {};
  if (before !== undefined) {
    // It has moved: flows towards its old port, and those of its old port, are wrong now.
    send.push(deleteFlows(state, { ...vlanFields(vlan), eth_dst: src }));
    send.push(deleteFlows(state, { ...vlanFields(vlan), eth_src: src, in_port: before }));
  }
  // Where the forgotten one moves, nobody will know that flows lead to its old port; and it is known again with its next packet.
  if (evicted !== undefined) {
    send.push(deleteFlows(state, { ...vlanFields(evicted.vlan), eth_dst: evicted.mac }));
    send.push(deleteFlows(state, { ...vlanFields(evicted.vlan), eth_src: evicted.mac }));
  }
  const outPort = isGroupMac(dst) ? undefined : macs.portOf(vlan, dst);
  if (outPort === undefined) {
    send.push(...packetOut(packet, inPort, OFPP.FLOOD));
    return { state, send };
  }
  // Where both ends are behind one port, they have heard each other already: a switch drops what would go back by the
  // port that it came in by [OF1.3.5 5.10], and with the flow it does so without asking.
  macs.sendToMac(vlan, dst);
  const conversation = { inPort, dst, src, vlanVid: vlanFields(vlan).vlan_vid };
  send.push(forward(state, conversation, outPort, state.options['idle-timeout']));
  if (outPort !== inPort) send.push(...packetOut(packet, inPort, outPort));
  return { state, send };
}

/** Two addresses and an EtherType, with the tag that may stand between them. Bytes. */
const shortestFrame = 18;

/** vlan_vid 0 stands for "no tag" [OF1.3.5 7.2.3.8]. */
const vlanFields = (vlan: number | undefined): { readonly vlan_vid: number } => ({
  vlan_vid: vlan === undefined ? 0 : OFPVID_PRESENT | vlan,
});

function onPortDown(dpid: Dpid, port: number, state: State): Step<State> {
  state.macs.get(dpid)?.forgetPort(port);
  return { state, send: [deleteFlows(state, {}, port), deleteFlows(state, { in_port: port })] };
}

/**
 * The flows that an earlier run left say where MACs are, so that a restart of Heddle forgets nothing. Both ends of each
 * are learned: where the destination moves, the flow towards its old port has to be found.
 */
function relearn(flows: readonly FlowStats[], limit: number): MacTable {
  const macs = new MacTable(limit);
  for (const { match, instructions } of flows) {
    const vid = valueOf(match, 'vlan_vid') ?? 0;
    const vlan = vid === 0 ? undefined : vid & 0xfff;
    const dst = valueOf(match, 'eth_dst');
    const ends = [
      [dst, outPortOf(instructions)],
      [valueOf(match, 'eth_src'), valueOf(match, 'in_port')],
    ] as const;
    for (const [mac, port] of ends) if (mac !== undefined && port !== undefined) macs.learn(vlan, mac, port);
    if (dst !== undefined) macs.sendToMac(vlan, dst);
  }
  return macs;
}

function outPortOf(instructions: readonly Instruction[]): number | undefined {
  for (const instruction of instructions) {
    if (instruction.type !== 'apply_actions') continue;
    const output = instruction.actions.find(action => action.type === 'output');
    if (output !== undefined) return output.port;
  }
  return undefined;
}

/**
 * An earlier run had other apps beside this one, and so another number for the table: its flows there would forward past
 * the tables of the apps that are new.
 */
function deleteStrays(flows: readonly FlowStats[], { table, cookie }: State): AppMessage[] {
  const tables = new Set(flows.map(flow => flow.tableId).filter(id => id !== table));
  return [...tables].map(stray => deleteFlows({ table: stray, cookie }, {}));
}
