import {
  type Flow,
  type Group,
  groupIds,
  hash40,
  type Keep,
  makeCookie,
  type Meter,
  meterIds,
  type Program,
} from '../intent/index.js';
import { HeddleError } from '../lib/errors.js';
import {
  encode,
  type FlowMod,
  flowMod as buildFlowMod,
  formatFlow,
  type GroupMod,
  type MeterMod,
  maxFrame,
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
  /** Says the whole flow. */
  readonly cookie: bigint;
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
  /** The number of the app that each group belongs to. */
  readonly groupOwners: ReadonlyMap<number, number>;
  readonly meters: ReadonlyMap<number, Meter>;
  readonly learned: ReadonlySet<bigint>;
  /** What stays though it is not wanted (Program.keep), by the app's number. */
  readonly keep: ReadonlyMap<number, Keep>;
  readonly conflicts: readonly Conflict[];
}

/**
 * Encodes what an app wants. The app may be a user's own, so this is done where a failure costs that app alone.
 *
 * @throws WireError where a value does not fit its field, HeddleError APP_INVALID where the program is none
 */
export function checkPart(part: Part): CheckedPart {
  if (!isObject(part.program)) throw invalid('`desired` must return a program');
  const { flows, groups, meters = [], learned, keep } = part.program;
  if (!isList(flows) || !isList(groups) || !isList(meters))
    throw invalid('`flows`, `groups` and `meters` must be lists');
  if (!isSet(learned)) throw invalid('`learned` must be a Set of cookies');
  if (keep !== undefined && keep !== 'all' && !isSet(keep))
    throw invalid("`keep` must be 'all' or a Set of tunnel addresses");
  for (const group of groups) {
    if (!groupIds.isOurs(group.id)) throw invalid(`group ${group.id} is not one of groupIds`);
    encodeBundled(groupMod('add_or_mod', group));
  }
  for (const meter of meters) {
    if (!meterIds.isOurs(meter.id)) throw invalid(`meter ${meter.id} is not one of meterIds`);
    encode(meterMod('add', meter));
  }
  const encoded = flows.map((flow): EncodedFlow => {
    const bytes = encodeBundled(flowMod(flow, 0n));
    return { flow, key: keyOf(flow, bytes), cookie: makeCookie(part.number, 'static', hash40(bytes)) };
  });
  return { ...part, encoded };
}

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null;
const isList = (value: unknown): boolean => Array.isArray(value);
const isSet = (value: unknown): boolean => value instanceof Set;

const invalid = (what: string): HeddleError => new HeddleError('APP_INVALID', what);

/** What a bundle puts around each message of its own: the header of a BUNDLE_ADD_MESSAGE [ONF EXT-230]. Bytes. */
const envelope = 24;

/** An app that wants too many buckets in a group has to hear of it: the switch would close the connection. */
function encodeBundled(message: FlowMod | GroupMod): Uint8Array {
  const bytes = encode(message);
  if (bytes.length + envelope > maxFrame)
    throw invalid(`a ${message.type} of ${bytes.length} bytes, which no message has room for`);
  return bytes;
}

/** Puts the apps' parts together. */
export function compile(parts: readonly Part[]): Wanted {
  return combine(parts.map(checkPart));
}

/** Where two apps claim one flow, the first keeps it. */
export function combine(parts: readonly CheckedPart[]): Wanted {
  const claims: Claim[] = [];
  const groups = new Map<number, Group>();
  const learned = new Set<bigint>();
  const conflicts: Conflict[] = [];
  const flowOwners = new Map<string, string>();
  const groupOwners = new Map<number, number>();
  const groupClaims = new Map<number, string>();
  const meters = new Map<number, Meter>();
  const meterClaims = new Map<number, string>();
  const keep = new Map<number, Keep>();
  for (const { app, number, program, encoded } of parts) {
    for (const { flow, key, cookie } of encoded) {
      const owner = flowOwners.get(key);
      if (owner !== undefined) {
        conflicts.push({ first: owner, second: app, what: formatFlow(flow) });
        continue;
      }
      flowOwners.set(key, app);
      claims.push({ number, flow, cookie });
    }
    for (const group of program.groups) {
      const owner = groupClaims.get(group.id);
      if (owner !== undefined) conflicts.push({ first: owner, second: app, what: `group ${group.id}` });
      else {
        groupClaims.set(group.id, app);
        groupOwners.set(group.id, number);
        groups.set(group.id, group);
      }
    }
    for (const meter of program.meters ?? []) {
      const owner = meterClaims.get(meter.id);
      if (owner !== undefined) conflicts.push({ first: owner, second: app, what: `meter ${meter.id}` });
      else {
        meterClaims.set(meter.id, app);
        meters.set(meter.id, meter);
      }
    }
    for (const cookie of program.learned) learned.add(cookie);
    if (program.keep !== undefined) keep.set(number, program.keep);
  }
  return { flows: byCookie(claims), groups, groupOwners, meters, learned, keep, conflicts };
}

interface Claim {
  readonly number: number;
  readonly flow: Flow;
  readonly cookie: bigint;
}

/**
 * Gives each flow a cookie of its own. Where flows hash alike, which is rare, all of them are hashed again, the round
 * with them: were one to keep the cookie, it would depend on the others which flow that is, and the switch's could be
 * taken for another one's.
 */
function byCookie(claims: readonly Claim[]): ReadonlyMap<bigint, Flow> {
  const flows = new Map<bigint, Flow>();
  for (let round = 1, left = claims; left.length > 0; round += 1) {
    const rivals = new Map<bigint, Claim[]>();
    for (const claim of left) {
      const same = rivals.get(claim.cookie);
      if (same === undefined) rivals.set(claim.cookie, [claim]);
      else same.push(claim);
    }
    const again: Claim[] = [];
    for (const [cookie, same] of rivals) {
      const [only, another] = same;
      if (only !== undefined && another === undefined && !flows.has(cookie)) flows.set(cookie, only.flow);
      else again.push(...same.map(claim => rehashed(claim, round)));
    }
    left = again;
  }
  return flows;
}

const rehashed = ({ number, flow }: Claim, round: number): Claim => ({
  number,
  flow,
  cookie: makeCookie(number, 'static', hash40(encode({ ...flowMod(flow, 0n), xid: round }))),
});

/** Where the match begins in a FLOW_MOD, and its length field within it [OF1.3.5 A.3.4.1, A.2.3]. Bytes. */
const matchAt = 48;

/** The match in its bytes, as `match()` orders it. */
function keyOf(flow: Flow, bytes: Uint8Array): string {
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint16(matchAt + 2);
  return `${flow.table},${flow.priority},${String.fromCharCode(...bytes.subarray(matchAt, matchAt + length))}`;
}

/** The ADD that makes this flow, or replaces the one of the same match and priority and keeps its counters. */
export const flowMod = ({ table, priority, match, instructions }: Flow, cookie: bigint): FlowMod =>
  buildFlowMod({ command: 'add', cookie, tableId: table, priority, match, instructions });

export const groupMod = (command: GroupMod['command'], { id, groupType, buckets }: Group): GroupMod => ({
  type: 'group_mod',
  xid: 0,
  command,
  groupType,
  groupId: id,
  buckets,
});

export const meterMod = (command: MeterMod['command'], { id, flags, bands }: Meter): MeterMod => ({
  type: 'meter_mod',
  xid: 0,
  command,
  flags,
  meterId: id,
  bands,
});
