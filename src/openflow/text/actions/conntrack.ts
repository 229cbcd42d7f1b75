/** Connection tracking, and the address translation in it. */
import type { Action, ActionOf } from '../../actions/actions.js';
import { formatIpv4, parseIpv4 } from '../../../lib/addresses.js';
import { CtAlg, CtFlag, NatFlag, NX_CT_RECIRC_NONE } from '../../nicira-constants.js';
import type { CtZone } from '../../actions/nicira-ct.js';
import type { NatRange } from '../../actions/nicira-nat.js';
import { formatIpv6, parseIpv6 } from '../../../lib/ipv6.js';
import type { Reader, Token } from '../reader.js';
import { formatSubfield, readSubfield } from '../subfields.js';
import { parseUint, readNumber } from '../values.js';
import { bare, entry, optionValue, readOptions } from './entry.js';
import type { FormatContext, ParseContext } from './entry.js';
import { nameIn, readNamed } from './names.js';

const algs = { ftp: CtAlg.FTP, tftp: CtAlg.TFTP } as const;

/** The `nat` comes back before the actions in `exec`, wherever it stood. */
export const ct = entry('ct', {
  format: formatCt,
  words: { ct: context => (context.r.sees('(') ? readCt(context) : tracked) },
});

const tracked = {
  type: 'ct',
  flags: 0,
  zone: 0,
  recircTable: NX_CT_RECIRC_NONE,
  alg: CtAlg.NONE,
  actions: [],
} as const;

function formatCt(action: ActionOf<'ct'>, context: FormatContext): string {
  const { flags, zone, recircTable, alg, actions } = action;
  const nats = actions.filter(one => one.type === 'nat').map(formatNat);
  const others = actions.filter(one => one.type !== 'nat');
  return `ct(${[
    ...((flags & CtFlag.COMMIT) !== 0 ? ['commit'] : []),
    ...((flags & CtFlag.FORCE) !== 0 ? ['force'] : []),
    ...(recircTable === NX_CT_RECIRC_NONE ? [] : [`table=${recircTable}`]),
    ...(zone === 0 ? [] : [`zone=${formatZone(zone)}`]),
    ...nats,
    ...(others.length === 0 ? [] : [`exec(${context.actions(others)})`]),
    ...(alg === CtAlg.NONE ? [] : [`alg=${nameIn(algs, alg)}`]),
  ].join(',')})`;
}

const formatZone = (zone: CtZone): string =>
  typeof zone === 'number' ? String(zone) : formatSubfield(zone.field, zone.offset, zone.bits);

function readCt({ r, actions }: ParseContext): Action {
  let flags = 0;
  let zone: CtZone = 0;
  let recircTable: number = NX_CT_RECIRC_NONE;
  let alg: number = CtAlg.NONE;
  const nats: Action[] = [];
  const others: Action[] = [];
  readOptions(r, {
    commit: () => (flags |= CtFlag.COMMIT),
    force: () => (flags |= CtFlag.FORCE),
    table: () => (recircTable = readNumber(r, optionValue(r), 254, 'a table')),
    zone: () => (zone = readZone(r)),
    nat: () => nats.push(readNat(r)),
    exec: () => others.push(...actions()),
    alg: () => (alg = readNamed(r, algs, optionValue(r), 0xffff)),
  });
  return { type: 'ct', flags, zone, recircTable, alg, actions: [...nats, ...others] };
}

function readZone(r: Reader): CtZone {
  const token = optionValue(r);
  if (parseUint(token.text) !== undefined) return readNumber(r, token, 0xffff, 'a zone');
  r.back(token);
  return readSubfield(r);
}

/** Stands in a `ct` alone. */
export const nat = entry('nat', { format: formatNat, words: { nat: ({ r }) => readNat(r) } });

/** `nat`, `nat(src)`, `nat(src=10.0.0.1-10.0.0.9:100-200,random)`. */
function formatNat({ flags, range }: ActionOf<'nat'>): string {
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

function readNat(r: Reader): ActionOf<'nat'> {
  let flags = 0;
  let range: NatRange = {};
  const to = (flag: number) => () => {
    flags |= flag;
    if (r.sees('=') || r.sees(':')) range = readRange(r, optionValue(r));
  };
  if (r.sees('('))
    readOptions(r, {
      src: to(NatFlag.SRC),
      dst: to(NatFlag.DST),
      persistent: () => (flags |= NatFlag.PERSISTENT),
      hash: () => (flags |= NatFlag.PROTO_HASH),
      random: () => (flags |= NatFlag.PROTO_RANDOM),
    });
  return { type: 'nat', flags, range };
}

const expectedRange = 'addresses and ports (10.0.0.1-10.0.0.9:1000-2000, [fd00::1]:80)';
const withPorts = /^(\[[^\]]*\](?:-\[[^\]]*\])?|[0-9.]+(?:-[0-9.]+)?):([0-9]+)(?:-([0-9]+))?$/;

function readRange(r: Reader, token: Token): NatRange {
  const [, addresses = token.text, first, last] = withPorts.exec(token.text) ?? [];
  const ends = addresses.split('-').map(end => end.replace(/^\[(.*)\]$/, '$1'));
  const found = addressRange(ends) ?? r.mismatch(expectedRange, token);
  const [protoMin, protoMax] = [first, last].map(port =>
    port === undefined ? undefined : readNumber(r, { text: port, at: token.at }, 0xffff, 'a port'),
  );
  return {
    ...found,
    ...(protoMin === undefined ? {} : { protoMin }),
    ...(protoMax === undefined ? {} : { protoMax }),
  };
}

function addressRange([first = '', last, more]: readonly string[]): NatRange | undefined {
  const ends = last === undefined ? [first] : [first, last];
  const [ipv4Min, ipv4Max] = ends.map(parseIpv4);
  const [ipv6Min, ipv6Max] = ends.map(parseIpv6);
  const isWhole =
    more === undefined && (last === undefined || ipv4Max !== undefined || ipv6Max !== undefined);
  if (!isWhole) return undefined;
  // As with ovs-ofctl 0.0.0.0 says that the switch is to choose.
  if (ipv4Min === 0 && ipv4Max === undefined) return {};
  if (ipv4Min !== undefined) return { ipv4Min, ...(ipv4Max === undefined ? {} : { ipv4Max }) };
  return ipv6Min === undefined ? undefined : { ipv6Min, ...(ipv6Max === undefined ? {} : { ipv6Max }) };
}

export const ctClear = bare('ct_clear', { type: 'ct_clear' });
