/** Actions that choose one of several links or ports by a hash of the packet. */
import type { Action, ActionOf } from '../../actions/actions.js';
import { NxBundleAlgorithm, NxHashFields, NxMultipathAlgorithm } from '../../nicira-constants.js';
import type { BitRange } from '../../actions/nicira-header.js';
import type { FieldRef } from '../../fields/oxm.js';
import type { Reader } from '../reader.js';
import { formatSubfield, readSubfield } from '../subfields.js';
import type { Subfield } from '../subfields.js';
import { formatPort16, readNumber, readPort16 } from '../values.js';
import { entry } from './entry.js';
import type { FormatContext } from './entry.js';
import { nameIn, readNamed, readSequence } from './names.js';

const hashes = {
  eth_src: NxHashFields.ETH_SRC,
  symmetric_l4: NxHashFields.SYMMETRIC_L4,
  symmetric_l3l4: NxHashFields.SYMMETRIC_L3L4,
  'symmetric_l3l4+udp': NxHashFields.SYMMETRIC_L3L4_UDP,
  nw_src: NxHashFields.NW_SRC,
  nw_dst: NxHashFields.NW_DST,
  symmetric_l3: NxHashFields.SYMMETRIC_L3,
} as const;
const linkAlgorithms = {
  modulo_n: NxMultipathAlgorithm.MODULO_N,
  hash_threshold: NxMultipathAlgorithm.HASH_THRESHOLD,
  hrw: NxMultipathAlgorithm.HRW,
  iter_hash: NxMultipathAlgorithm.ITER_HASH,
} as const;
const memberAlgorithms = {
  active_backup: NxBundleAlgorithm.ACTIVE_BACKUP,
  hrw: NxBundleAlgorithm.HRW,
} as const;

const readHash = (r: Reader): number => readNamed(r, hashes, r.value(), 0xffff);
const readU16 = (r: Reader): number => readNumber(r, r.value(), 0xffff);

const destination = ({
  field,
  offset,
  bits,
}: Subfield): { readonly range: BitRange; readonly dst: FieldRef } => ({
  range: { offset, bits },
  dst: field,
});

export const multipath = entry('multipath', {
  format: one =>
    `multipath(${[
      nameIn(hashes, one.fields),
      one.basis,
      nameIn(linkAlgorithms, one.algorithm),
      one.maxLink + 1,
      one.arg,
      formatSubfield(one.dst, one.range.offset, one.range.bits),
    ].join(',')})`,
  words: { multipath: ({ r }) => readMultipath(r) },
});

function readMultipath(r: Reader): Action {
  const found = { fields: 0, basis: 0, algorithm: 0, maxLink: 0, arg: 0 };
  let to: Subfield | undefined;
  readSequence(
    r,
    () => (found.fields = readHash(r)),
    () => (found.basis = readU16(r)),
    () => (found.algorithm = readNamed(r, linkAlgorithms, r.value(), 0xffff)),
    () => (found.maxLink = readLinks(r)),
    () => (found.arg = readNumber(r, r.value(), 0xffffffff)),
    () => (to = readSubfield(r)),
  );
  return { type: 'multipath', ...found, ...destination(to ?? readSubfield(r)) };
}

/** The number of links, of which the wire has the highest index. */
function readLinks(r: Reader): number {
  const token = r.value();
  const links = readNumber(r, token, 0x10000, 'a number of links');
  return links === 0 ? r.mismatch('1 link or more', token) : links - 1;
}

const formatMembers = (members: readonly number[], { portName }: FormatContext): string =>
  `members:${members.map(port => formatPort16(port, portName)).join(',')}`;

const formatChoice = ({ fields, basis, algorithm }: ActionOf<'bundle' | 'bundle_load'>): string =>
  [nameIn(hashes, fields), basis, nameIn(memberAlgorithms, algorithm), 'ofport'].join(',');

/** Members are ports: Open vSwitch has no other `memberType`. */
export const bundle = entry('bundle', {
  format: (one, context) => `bundle(${formatChoice(one)},${formatMembers(one.members, context)})`,
  words: { bundle: ({ r }) => ({ type: 'bundle', ...readBundle(r, () => undefined) }) },
});

export const bundleLoad = entry('bundle_load', {
  format: (one, context) =>
    `bundle_load(${formatChoice(one)},${formatSubfield(one.dst, one.range.offset, one.range.bits)},${formatMembers(one.members, context)})`,
  words: {
    bundle_load: ({ r }) => {
      let to: Subfield | undefined;
      const found = readBundle(r, () => {
        to = readSubfield(r);
        r.expect(',');
        r.skipSpace();
      });
      return { type: 'bundle_load', ...found, ...destination(to ?? readSubfield(r)) };
    },
  },
});

interface Members {
  readonly fields: number;
  readonly basis: number;
  readonly algorithm: number;
  readonly memberType: FieldRef;
  readonly members: readonly number[];
}

function readBundle(r: Reader, destinationIn: () => void): Members {
  const found = { fields: 0, basis: 0, algorithm: 0 };
  const members: number[] = [];
  readSequence(
    r,
    () => (found.fields = readHash(r)),
    () => (found.basis = readU16(r)),
    () => (found.algorithm = readNamed(r, memberAlgorithms, r.value(), 0xffff)),
    () => {
      if (!r.accepts('ofport')) r.expect('ofport');
    },
    () => {
      destinationIn();
      // Older versions have the other word.
      if (!r.accepts('slaves:')) r.expect('members:');
      while (r.hasNext() && !r.sees(')')) members.push(readPort16(r, r.value()));
    },
  );
  return { ...found, memberType: 'nxm_in_port', members };
}
