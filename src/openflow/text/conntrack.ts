import type { Action, ActionOf } from '../actions.js';
import { formatIpv4 } from '../../lib/addresses.js';
import { CtAlg, CtFlag, NatFlag, NX_CT_RECIRC_NONE } from '../nicira-constants.js';
import type { NatRange } from '../nicira-nat.js';
import { formatSubfield } from './fields.js';
import { formatIpv6 } from './values.js';

/** A ct action as ovs-ofctl prints it; `formatAction` says what the actions in its `exec` are. */
export function formatCt(action: ActionOf<'ct'>, formatAction: (one: Action) => string): string {
  const { flags, zone, recircTable, alg, actions } = action;
  const nats = actions.filter(one => one.type === 'nat').map(formatNat);
  const others = actions.filter(one => one.type !== 'nat').map(formatAction);
  return `ct(${[
    ...((flags & CtFlag.COMMIT) !== 0 ? ['commit'] : []),
    ...((flags & CtFlag.FORCE) !== 0 ? ['force'] : []),
    ...(recircTable === NX_CT_RECIRC_NONE ? [] : [`table=${recircTable}`]),
    ...formatZone(zone),
    ...nats,
    ...(others.length === 0 ? [] : [`exec(${others.join(',')})`]),
    ...formatAlg(alg),
  ].join(',')})`;
}

function formatZone(zone: ActionOf<'ct'>['zone']): string[] {
  if (typeof zone !== 'number') return [`zone=${formatSubfield(zone.field, zone.offset, zone.bits)}`];
  return zone === 0 ? [] : [`zone=${zone}`];
}

function formatAlg(alg: number): string[] {
  if (alg === CtAlg.NONE) return [];
  return [`alg=${alg === CtAlg.FTP ? 'ftp' : alg === CtAlg.TFTP ? 'tftp' : alg}`];
}

/** `nat`, `nat(src)`, `nat(src=10.0.0.1-10.0.0.9:100-200,random)`. */
export function formatNat({ flags, range }: ActionOf<'nat'>): string {
  const kind = (flags & NatFlag.SRC) !== 0 ? 'src' : (flags & NatFlag.DST) !== 0 ? 'dst' : undefined;
  if (kind === undefined) return 'nat';
  const text = formatRange(range);
  return `nat(${[
    text === '' ? kind : `${kind}=${text}`,
    ...((flags & NatFlag.PERSISTENT) !== 0 ? ['persistent'] : []),
    ...((flags & NatFlag.PROTO_HASH) !== 0 ? ['hash'] : []),
    ...((flags & NatFlag.PROTO_RANDOM) !== 0 ? ['random'] : []),
  ].join(',')})`;
}

function formatRange({ ipv4Min, ipv4Max, ipv6Min, ipv6Max, protoMin, protoMax }: NatRange): string {
  const ports = between(protoMin, protoMax, String);
  // The colons of an address are told from that of the ports by brackets.
  const address = (of: bigint): string => (ports === '' ? formatIpv6(of) : `[${formatIpv6(of)}]`);
  const addresses = between(ipv4Min, ipv4Max, formatIpv4) || between(ipv6Min, ipv6Max, address);
  return ports === '' ? addresses : `${addresses}:${ports}`;
}

function between<T>(min: T | undefined, max: T | undefined, format: (value: T) => string): string {
  if (min === undefined) return '';
  return max === undefined || max === min ? format(min) : `${format(min)}-${format(max)}`;
}
