import { z } from 'zod';
import { type AppMessage, defineApp, type Flow, type Step } from '../../intent/index.js';
import { type Dpid, isGroupMac } from '../../lib/addresses.js';
import {
  applyActions,
  type FlowStats,
  match,
  OFPP,
  OFPPR,
  OFPPS,
  OFPVID_PRESENT,
  output,
  type PacketIn,
  valueOf,
} from '../../openflow/index.js';
import { decodeEthernet, EtherType, isLinkLocalMac } from '../../packet/ethernet.js';
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

  init: (options, { tables, reactiveCookie }) => ({
    options,
    table: tables.number(tableName),
    cookie: reactiveCookie,
    macs: new Map(),
  }),

  on(event, state): Step<State> {
    switch (event.type) {
      case 'packet-in':
        return onPacket(event.dpid, event.packet, state);
      case 'switch-up':
        state.macs.set(event.dpid, relearn(event.reactive, state.options['max-macs']));
        return { state, changed: [event.dpid] };
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
    complete: true,
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
  const macs = state.macs.get(dpid);
  const inPort = valueOf(packet.match, 'in_port');
  if (macs === undefined || inPort === undefined || packet.data.length < shortestFrame) return { state };
  const { dst, src, vlan, etherType } = decodeEthernet(packet.data);
  if (isLinkLocalMac(dst) || etherType === EtherType.LLDP || isGroupMac(src)) return { state };

  const send: AppMessage[] = [];
  const { table, cookie } = state;
  const before = macs.learn(vlan, src, inPort);
  if (before !== undefined && before !== inPort) {
    // It has moved: flows towards its old port, and those of its old port, are wrong now.
    send.push(deleteFlows(state, { ...vlanFields(vlan), eth_dst: src }));
    send.push(deleteFlows(state, { ...vlanFields(vlan), eth_src: src, in_port: before }));
  }
  const outPort = isGroupMac(dst) ? undefined : macs.portOf(vlan, dst);
  if (outPort === inPort) return { state, send };
  if (outPort === undefined) {
    send.push(packetOut(packet, inPort, OFPP.FLOOD));
    return { state, send };
  }
  const fields = match({ in_port: inPort, ...vlanFields(vlan), eth_dst: dst, eth_src: src });
  send.push(forward({ table, cookie, idleTimeout: state.options['idle-timeout'], match: fields, outPort }));
  send.push(packetOut(packet, inPort, outPort));
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

/** The flows that an earlier run left say where MACs are, so that a restart of Heddle forgets nothing. */
function relearn(flows: readonly FlowStats[], limit: number): MacTable {
  const macs = new MacTable(limit);
  for (const flow of flows) {
    const inPort = valueOf(flow.match, 'in_port');
    const src = valueOf(flow.match, 'eth_src');
    const vid = valueOf(flow.match, 'vlan_vid') ?? 0;
    if (inPort !== undefined && src !== undefined)
      macs.learn(vid === 0 ? undefined : vid & 0xfff, src, inPort);
  }
  return macs;
}
