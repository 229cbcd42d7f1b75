/** Groups as `ovs-ofctl dump-groups` prints them and `ovs-ofctl add-group` reads them. */
import type { Action } from '../actions/actions.js';
import { OFPG, OFPP } from '../constants.js';
import type { Bucket } from '../messages/groups.js';
import type { GroupMod } from '../messages/index.js';
import { optionValue } from './actions/entry.js';
import { formatActions, readAction } from './actions/index.js';
import { linesOf } from './flow.js';
import type { FormatOptions } from './notations.js';
import { Reader } from './reader.js';
import type { ReaderOptions } from './reader.js';
import { formatPort, readNumber, readPort } from './values.js';

type GroupType = GroupMod['groupType'];

/** What of a group is shown. */
export interface GroupText {
  /** 0 to OFPG.MAX. */
  readonly id: number;
  /** Which buckets a packet goes through. */
  readonly groupType: GroupType;
  /** Its lists of actions. */
  readonly buckets: readonly Bucket[];
}

const types: Readonly<Record<string, GroupType>> = {
  all: 'all',
  select: 'select',
  indirect: 'indirect',
  ff: 'ff',
  fast_failover: 'ff',
};

/** What a bucket has where its text says nothing: only those of select groups are weighed. */
const usualWeight = (type: GroupType): number => (type === 'select' ? 1 : 0);

/** A group as ovs-ofctl prints and reads it: `group_id=1,type=all,bucket=actions=output:1,bucket=actions=output:2`. */
export const formatGroup = ({ id, groupType, buckets }: GroupText, options: FormatOptions = {}): string =>
  [
    `group_id=${id}`,
    `type=${groupType}`,
    ...buckets.map(one => `bucket=${formatBucket(one, groupType, options)}`),
  ].join(',');

/** A bucket, without the word that leads it: `weight:5,actions=output:1`. */
export function formatBucket(
  { weight, watchPort, watchGroup, actions }: Bucket,
  groupType: GroupType,
  options: FormatOptions = {},
): string {
  const items = [
    ...(weight === usualWeight(groupType) ? [] : [`weight:${weight}`]),
    ...(watchPort === OFPP.ANY ? [] : [`watch_port:${formatPort(watchPort, options.portName)}`]),
    ...(watchGroup === OFPG.ANY ? [] : [`watch_group:${watchGroup}`]),
  ];
  return [...items, `actions=${formatActions(actions, options)}`].join(',');
}

/**
 * Reads a group as users type it for `ovs-ofctl add-group` and as dump-groups prints it.
 * @throws TextError OF_BAD_TEXT, with the place and what was expected there
 */
export function parseGroup(text: string, options: ReaderOptions = {}): GroupText {
  const r = new Reader(text, options);
  let id: number | undefined;
  let groupType: GroupType | undefined;
  const buckets: BucketReading[] = [];
  while (r.hasNext()) {
    const name = r.word();
    if (name.text === 'group_id') id = readNumber(r, optionValue(r), OFPG.MAX, 'a group');
    else if (name.text === 'type') groupType = readType(r);
    else if (name.text === 'bucket' || name.text === 'buckets') {
      r.expect('=');
      buckets.push(readBucket(r));
    } else r.unknown('key', name, ['group_id', 'type', 'bucket']);
    if (!r.isAtBreak) r.fail(`expected , after ${name.text}`);
  }
  if (id === undefined) return r.fail('expected group_id=, where the text ends');
  const type = groupType ?? r.fail('expected type=, where the text ends');
  return {
    id,
    groupType: type,
    buckets: buckets.map(one => ({ ...one, weight: one.weight ?? usualWeight(type) })),
  };
}

function readType(r: Reader): GroupType {
  const token = optionValue(r);
  const type = Object.hasOwn(types, token.text) ? types[token.text] : undefined;
  return type ?? r.unknown('type', token, Object.keys(types));
}

type BucketReading = Omit<Bucket, 'weight'> & { readonly weight: number | undefined };

const nextBucket = /[,\s]*buckets?=/y;

/** Reads a bucket up to the next one; the word `actions=` before its actions may be left out. */
function readBucket(r: Reader): BucketReading {
  const actions: Action[] = [];
  const bucket = {
    weight: undefined as number | undefined,
    watchPort: OFPP.ANY as number,
    watchGroup: OFPG.ANY as number,
  };
  const keys: Readonly<Record<string, () => void>> = {
    weight: () => (bucket.weight = readNumber(r, optionValue(r), 0xffff, 'a weight')),
    watch_port: () => (bucket.watchPort = readPort(r, optionValue(r))),
    watch_group: () => (bucket.watchGroup = readNumber(r, optionValue(r), 0xffffffff, 'a group')),
    // OpenFlow 1.5's name of a bucket, which 1.3 has not: as with ovs-ofctl, nothing comes of it.
    bucket_id: () => readNumber(r, optionValue(r), 0xffffffff, 'a bucket'),
    actions: () => {
      r.expect('=');
      if (!r.isAtBreak) actions.push(...readAction(r));
    },
  };
  while (!r.looksAt(nextBucket) && r.hasNext()) {
    const name = r.word();
    const read = Object.hasOwn(keys, name.text) ? keys[name.text] : undefined;
    if (read) read();
    else {
      r.back(name);
      actions.push(...readAction(r, Object.keys(keys)));
    }
    if (!r.isAtBreak) r.fail(`expected , after ${name.text}`);
  }
  return { ...bucket, actions };
}

const header = /^\s*OFPST_GROUP_DESC\s+reply/;

/**
 * Reads all groups of a dump, or of a file for `ovs-ofctl add-groups`: one a line; blank lines, comments (`#`) and the
 * reply's own line are passed over.
 * @throws TextError OF_BAD_TEXT, with line, column and what was expected there
 */
export const parseGroups = (text: string, options: ReaderOptions = {}): readonly GroupText[] =>
  linesOf(text, options).flatMap(({ line, content }) =>
    header.test(content) ? [] : [parseGroup(content, { ...options, line })],
  );
