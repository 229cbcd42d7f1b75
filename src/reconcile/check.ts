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
import { sameItems } from '../lib/same.js';
import { type Bucket, encodeInto, type Message, maxFrame, Writer } from '../openflow/index.js';
import { canBeSent, envelope, splitGroup } from './group-parts.js';
import { flowMod, groupMod, meterMod } from './mods.js';

/** What one app wants in a switch. */
export interface Part {
  readonly app: string;
  /** The app's number in cookies. */
  readonly number: number;
  readonly program: Program;
}

/** What an app wants beside flows, as it was when it was asked: the same object while that says the same. */
export interface PartRest {
  readonly groups: readonly Group[];
  readonly meters: readonly Meter[];
  readonly learned: ReadonlySet<bigint>;
  readonly keep: Keep | undefined;
}

/** A part whose flows and groups have been encoded once: all of them can be sent. */
export interface CheckedPart extends Part {
  readonly rest: PartRest;
  /** The program's `flows`, and behind them each of its `blocks`. What is the same object as in the part before has not changed. */
  readonly lists: readonly EncodedList[];
}

export interface EncodedList {
  readonly list: readonly Flow[];
  readonly flows: readonly EncodedFlow[];
}

export interface EncodedFlow {
  readonly flow: Flow;
  /** Table, priority and match: what a switch tells flows apart by [OF1.3.5 5.2]. */
  readonly key: string;
  /** Says the whole flow. */
  readonly cookie: bigint;
}

/**
 * Encodes what an app wants. The app may be a user's own, so this is done where a failure costs that app alone.
 *
 * @param before the same app's part before this one: what is the same object in both is not looked at again
 * @throws WireError where a value does not fit its field, HeddleError APP_INVALID where the program is none
 */
export function checkPart(part: Part, before?: CheckedPart): CheckedPart {
  const { number, program } = part;
  const { flows, groups, meters, blocks } = checkShape(program);
  const old = before?.number === number && before.app === part.app ? before : undefined;
  for (const group of newIn(groups, old?.rest.groups ?? [])) checkGroup(group);
  for (const meter of newIn(meters, old?.rest.meters ?? [])) {
    if (!meterIds.isOurs(meter.id)) throw invalid(`meter ${meter.id} is not one of meterIds`);
    bytesOf(meterMod('add', meter));
  }
  const oldLists = old?.lists ?? [];
  let byList: ReadonlyMap<readonly Flow[], EncodedList> | undefined;
  const lists = blocks.map((list, index) => {
    const inPlace = oldLists[index + 1];
    if (inPlace?.list === list) return inPlace;
    byList ??= new Map(oldLists.map(one => [one.list, one]));
    return byList.get(list) ?? encodeList(list, number, inPlace);
  });
  // Also where it is the same list: only the flows in it are said to be values.
  lists.unshift(encodeList(flows, number, oldLists[0]));
  const rest = restOf(program, old?.rest);
  return old !== undefined && rest === old.rest && sameItems(lists, oldLists)
    ? old
    : { ...part, lists, rest };
}

/** What a program has beside flows, by its contents: an app may go on to edit its lists and sets. */
function restOf({ groups, meters = [], learned, keep }: Program, old: PartRest | undefined): PartRest {
  const isSame =
    old !== undefined &&
    sameItems(groups, old.groups) &&
    sameItems(meters, old.meters) &&
    sameSet(learned, old.learned) &&
    (keep === old.keep || (keep instanceof Set && old.keep instanceof Set && sameSet(keep, old.keep)));
  if (isSame) return old;
  return {
    groups: [...groups],
    meters: [...meters],
    learned: new Set(learned),
    keep: keep === undefined || keep === 'all' ? keep : new Set(keep),
  };
}

function sameSet<T>(a: ReadonlySet<T>, b: ReadonlySet<T>): boolean {
  if (a.size !== b.size) return false;
  for (const one of a) if (!b.has(one)) return false;
  return true;
}

/** What was not in the list before, wherever it stood there. */
function newIn<T>(list: readonly T[], before: readonly T[]): readonly T[] {
  const others = list.filter((one, index) => one !== before[index]);
  if (others.length === 0) return others;
  const known = new Set(before);
  return others.filter(one => !known.has(one));
}

function checkShape(program: Program): Required<Pick<Program, 'flows' | 'groups' | 'meters' | 'blocks'>> {
  if (!isObject(program)) throw invalid('`desired` must return a program');
  const { flows, groups, meters = [], blocks = [], learned, keep } = program;
  if (!isList(flows) || !isList(groups) || !isList(meters))
    throw invalid('`flows`, `groups` and `meters` must be lists');
  if (!isList(blocks) || !blocks.every(isList)) throw invalid('`blocks` must be a list of lists of flows');
  if (!isSet(learned)) throw invalid('`learned` must be a Set of cookies');
  if (keep !== undefined && keep !== 'all' && !isSet(keep))
    throw invalid("`keep` must be 'all' or a Set of tunnel addresses");
  return { flows, groups, meters, blocks };
}

/** Only the flows that are not in the same place of the old list, counted from either end, are looked for in it. */
function encodeList(list: readonly Flow[], number: number, old?: EncodedList): EncodedList {
  const oldFlows = old?.flows ?? [];
  const shorter = Math.min(list.length, oldFlows.length);
  let head = 0;
  while (head < shorter && list[head] === oldFlows[head]?.flow) head += 1;
  if (old !== undefined && head === list.length && head === oldFlows.length)
    return old.list === list ? old : { list, flows: oldFlows };
  let tail = 0;
  while (tail < shorter - head && list.at(-1 - tail) === oldFlows.at(-1 - tail)?.flow) tail += 1;
  const known = new Map(oldFlows.slice(head, oldFlows.length - tail).map(one => [one.flow, one]));
  const flows = list.map((flow, index) => {
    const same =
      index < head
        ? oldFlows[index]
        : index >= list.length - tail
          ? oldFlows[index - list.length + oldFlows.length]
          : known.get(flow);
    return same ?? encodeFlow(flow, number);
  });
  return { list, flows };
}

/** One flow of an app's may be wanted in a thousand switches. */
const encodedFlows = new WeakMap<Flow, EncodedFlow & { readonly number: number }>();

function encodeFlow(flow: Flow, number: number): EncodedFlow {
  const known = encodedFlows.get(flow);
  if (known?.number === number) return known;
  const bytes = bundled(flowMod(flow, 0n));
  const cookie = makeCookie(number, 'static', hash40(bytes));
  const encoded = { flow, number, key: keyOf(flow, bytes), cookie };
  encodedFlows.set(flow, encoded);
  return encoded;
}

/** Those that can be encoded. */
const soundBuckets = new WeakSet<Bucket>();

function checkGroup(group: Group): void {
  if (!groupIds.isOurs(group.id) || groupIds.isPart(group.id))
    throw invalid(`group ${group.id} is not one of groupIds`);
  if (!canBeSent(group))
    throw invalid(
      `group ${group.id} of type ${group.groupType} with ${group.buckets.length} buckets, which no messages have room for`,
    );
  const buckets = group.buckets.filter(one => !soundBuckets.has(one));
  for (const one of splitGroup({ ...group, buckets })) bytesOf(groupMod('add_or_mod', one));
  for (const one of buckets) soundBuckets.add(one);
}

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null;
const isList = (value: unknown): boolean => Array.isArray(value);
const isSet = (value: unknown): boolean => value instanceof Set;

const invalid = (what: string): HeddleError => new HeddleError('APP_INVALID', what);

function bundled(message: Message): Uint8Array {
  const bytes = bytesOf(message);
  if (bytes.length + envelope > maxFrame)
    throw invalid(`a ${message.type} of ${bytes.length} bytes, which no message has room for`);
  return bytes;
}

const writer = new Writer(1024);

/** In memory that the next call writes over. */
function bytesOf(message: Message): Uint8Array {
  writer.reset();
  encodeInto(writer, message);
  return writer.bytes.subarray(0, writer.pos);
}

/** Where the match begins in a FLOW_MOD, and its length field within it [OF1.3.5 A.3.4.1, A.2.3]. Bytes. */
const matchAt = 48;

/** The match in its bytes, as `match()` orders it. */
function keyOf(flow: Flow, bytes: Uint8Array): string {
  const length = ((bytes[matchAt + 2] ?? 0) << 8) | (bytes[matchAt + 3] ?? 0);
  const match = Buffer.from(bytes.buffer, bytes.byteOffset + matchAt, length).toString('latin1');
  return `${flow.table},${flow.priority},${match}`;
}
