import { type Flow, type Group, hash40, makeCookie, nextCookie, type Program } from '../intent/index.js';
import {
  encode,
  type FlowMod,
  formatFlow,
  type GroupMod,
  OFP_NO_BUFFER,
  OFPG,
  OFPP,
} from '../openflow/index.js';

/** What one app wants in a switch. */
export interface Part {
  readonly app: string;
  /** The app's number in cookies. */
  readonly number: number;
  readonly program: Program;
}

/** A part whose flows and groups have been encoded once: all of them can be sent. */
export interface CheckedPart extends Part {
  readonly encoded: readonly EncodedFlow[];
}

interface EncodedFlow {
  readonly flow: Flow;
  /** Table, priority and match: what a switch tells flows apart by [OF1.3.5 5.2]. */
  readonly key: string;
  /** Of the whole flow. */
  readonly hash: number;
}

/** Two apps that want different things of one flow: the first keeps it, and it is told. */
export interface Conflict {
  readonly first: string;
  readonly second: string;
  readonly what: string;
}

/** All that is wanted in one switch, in the form in which it is compared. */
export interface Wanted {
  /** By cookie, which says the whole flow. */
  readonly flows: ReadonlyMap<bigint, Flow>;
  readonly groups: ReadonlyMap<number, Group>;
  readonly learned: ReadonlySet<bigint>;
  readonly complete: boolean;
  readonly conflicts: readonly Conflict[];
}

/**
 * Encodes what an app wants. The app may be a user's own, so this is done where a failure costs that app alone.
 *
 * @throws WireError where a value does not fit its field, TypeError where the program is none
 */
export function checkPart(part: Part): CheckedPart {
  const { flows, groups, learned, complete } = part.program;
  if (!(learned instanceof Set)) throw new TypeError('`learned` must be a Set of cookies');
  if (typeof complete !== 'boolean') throw new TypeError('`complete` must be true or false');
  for (const group of groups) encode(groupMod('add_or_mod', group));
  const encoded = flows.map((flow): EncodedFlow => {
    const bytes = encode(flowMod(flow, 0n));
    return { flow, key: keyOf(flow, bytes), hash: hash40(bytes) };
  });
  return { ...part, encoded };
}

/** Puts the apps' parts together. */
export function compile(parts: readonly Part[]): Wanted {
  return combine(parts.map(checkPart));
}

/** Where two apps claim one flow, the first keeps it. */
export function combine(parts: readonly CheckedPart[]): Wanted {
  const flows = new Map<bigint, Flow>();
  const groups = new Map<number, Group>();
  const learned = new Set<bigint>();
  const conflicts: Conflict[] = [];
  const flowOwners = new Map<string, string>();
  const groupOwners = new Map<number, string>();
  for (const { app, number, program, encoded } of parts) {
    for (const { flow, key, hash } of encoded) {
      const owner = flowOwners.get(key);
      if (owner !== undefined) {
        conflicts.push({ first: owner, second: app, what: formatFlow(flow) });
        continue;
      }
      flowOwners.set(key, app);
      let cookie = makeCookie(number, 'static', hash);
      // Two flows that hash alike: rare, and harmless as long as each has a cookie of its own.
      while (flows.has(cookie)) cookie = nextCookie(cookie);
      flows.set(cookie, flow);
    }
    for (const group of program.groups) {
      const owner = groupOwners.get(group.id);
      if (owner !== undefined) conflicts.push({ first: owner, second: app, what: `group ${group.id}` });
      else {
        groupOwners.set(group.id, app);
        groups.set(group.id, group);
      }
    }
    for (const cookie of program.learned) learned.add(cookie);
  }
  return { flows, groups, learned, complete: parts.every(part => part.program.complete), conflicts };
}

/** Where the match begins in a FLOW_MOD, and its length field within it [OF1.3.5 A.3.4.1, A.2.3]. Bytes. */
const matchAt = 48;

/** The match in its bytes, as `match()` orders it. */
function keyOf(flow: Flow, bytes: Uint8Array): string {
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint16(matchAt + 2);
  return `${flow.table},${flow.priority},${String.fromCharCode(...bytes.subarray(matchAt, matchAt + length))}`;
}

/** The ADD that makes this flow, or replaces the one of the same match and priority and keeps its counters. */
export const flowMod = (flow: Flow, cookie: bigint): FlowMod => ({
  type: 'flow_mod',
  xid: 0,
  cookie,
  cookieMask: 0n,
  tableId: flow.table,
  command: 'add',
  idleTimeout: 0,
  hardTimeout: 0,
  priority: flow.priority,
  bufferId: OFP_NO_BUFFER,
  outPort: OFPP.ANY,
  outGroup: OFPG.ANY,
  flags: 0,
  match: flow.match,
  instructions: flow.instructions,
});

export const groupMod = (command: GroupMod['command'], { id, groupType, buckets }: Group): GroupMod => ({
  type: 'group_mod',
  xid: 0,
  command,
  groupType,
  groupId: id,
  buckets,
});
