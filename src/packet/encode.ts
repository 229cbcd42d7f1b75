/** From headers to a frame: lengths and checksums are computed, and the numbers that say what follows. */
import { messageOf, WireError } from '../lib/errors.js';
import { badLength, badValue, putUint, shown, Writer } from '../lib/struct/index.js';
import { checksumOf, pseudoHeaderSum, sumOf } from './checksum.js';
import type { IpHeader } from './checksum.js';
import { compiledHeaders, isHeaderName } from './headers.js';
import type { Header, HeaderCodecs, HeaderName, HeaderOf } from './headers.js';
import { linkNumber, linkOf } from './next.js';
import { IpProtocol } from './numbers.js';

const nothing = new Uint8Array(0);

/** What stands in a field that is left out. Lengths and checksums among them are put in their places afterwards. */
const defaults = {
  ethernet: {},
  vlan: { pcp: 0, dei: 0 },
  arp: {},
  lldp: {},
  ipv4: {
    ihl: 5,
    dscp: 0,
    ecn: 0,
    totalLength: 0,
    identification: 0,
    dontFragment: 0,
    moreFragments: 0,
    fragmentOffset: 0,
    ttl: 64,
    checksum: 0,
    options: nothing,
  },
  ipv6: { dscp: 0, ecn: 0, flowLabel: 0, payloadLength: 0, hopLimit: 64 },
  hop_by_hop: { hdrExtLen: 0 },
  routing: { hdrExtLen: 0 },
  fragment: {},
  destination_options: { hdrExtLen: 0 },
  authentication: { payloadLen: 0 },
  icmp: { code: 0, checksum: 0 },
  icmpv6: { code: 0, checksum: 0 },
  udp: { length: 0, checksum: 0 },
  tcp: { acknowledgment: 0, dataOffset: 5, window: 0xffff, checksum: 0, urgentPointer: 0, options: nothing },
  vxlan: { flags: 8 },
} as const satisfies { readonly [N in HeaderName]: Partial<HeaderOf<N>> };

type Link = 'etherType' | 'protocol' | 'nextHeader';
type Left<H, K extends PropertyKey> = Omit<H, K> & Partial<Pick<H, Extract<keyof H, K>>>;

/** A header to be written: what has a default may be left out, and so may the number that says what follows. */
export type HeaderInput = {
  [N in HeaderName]: Left<HeaderOf<N>, keyof (typeof defaults)[N] | Link>;
}[HeaderName];

/** A packet to be written. A decoded one is such a packet too. */
export interface PacketInput {
  /** From the outermost on. */
  readonly headers: readonly HeaderInput[];
  /** What follows the last header. */
  readonly payload?: Uint8Array;
}

/**
 * Writes a frame. Whatever the headers say, their lengths and checksums are computed; only UDP over IPv4 may say
 * `checksum: 0` for none, and a fragment keeps the checksum given, since it does not hold all that it is made over.
 * EtherType, protocol and next header are taken from the header that follows, unless they are given.
 *
 * @throws WireError where a value does not fit its field, or a packet its length; the offset is where it would stand
 */
export const encodePacket = (packet: PacketInput): Uint8Array => encodePacketWith(compiledHeaders, packet);

/** `encodePacket` with any back end: for tests. */
export function encodePacketWith(codecs: HeaderCodecs, packet: PacketInput): Uint8Array {
  const w = new Writer(128);
  try {
    const written = writeHeaders(codecs, w, packet.headers);
    writePayload(w, packet.payload ?? nothing);
    complete(w, written);
  } catch (thrown) {
    // Plain JavaScript may hand in anything: what the checks of single fields did not foresee is a bad value too.
    throw thrown instanceof WireError ? thrown : badValue('packet', messageOf(thrown), w.pos);
  }
  return w.toBytes();
}

interface Written {
  readonly header: Header;
  readonly at: number;
  /** No checksum was asked for. */
  readonly unsummed: boolean;
}

function writeHeaders(codecs: HeaderCodecs, w: Writer, headers: readonly HeaderInput[]): Written[] {
  return headers.map((given, index): Written => {
    const { type } = given;
    if (!isHeaderName(type)) throw badValue('packet', `no header ${shown(type)}`, w.pos);
    const header = filled(given, headers[index + 1]?.type);
    const at = w.pos;
    codecs(type).encode(w, header);
    return { header, at, unsummed: given.type === 'udp' && given.checksum === 0 };
  });
}

/** The header with its defaults, its own length, and the number of what follows. */
function filled(given: HeaderInput, next: unknown): Header {
  const values: Record<string, unknown> = { ...defaults[given.type], ...given };
  const link = linkOf(given.type);
  if (link !== undefined && values[link] === undefined && isHeaderName(next))
    values[link] = linkNumber(given.type, next);
  const size = (name: string): number => (values[name] as Uint8Array | undefined)?.length ?? 0;
  switch (given.type) {
    case 'ipv4':
      values['ihl'] = 5 + size('options') / 4;
      break;
    case 'tcp':
      values['dataOffset'] = 5 + size('options') / 4;
      break;
    case 'hop_by_hop':
    case 'routing':
    case 'destination_options':
      values['hdrExtLen'] = (size('data') - 6) / 8;
      break;
    case 'authentication':
      values['payloadLen'] = (size('data') - 6) / 4;
      break;
    default:
  }
  // All that was missing has been filled in; what is of a wrong type, the codec finds.
  return values as unknown as Header;
}

function writePayload(w: Writer, payload: Uint8Array): void {
  if (!(payload instanceof Uint8Array))
    throw badValue('packet.payload', `${shown(payload)} is no Uint8Array`, w.pos);
  w.ensure(payload.length);
  w.bytes.set(payload, w.pos);
  w.pos += payload.length;
}

/** Lengths and checksums, from the inside out: those outside cover those inside. */
function complete(w: Writer, written: readonly Written[]): void {
  for (const [index, { header, at, unsummed }] of [...written.entries()].reverse()) {
    const length = w.pos - at;
    const sum = (place: number, protocol?: number): void => {
      const ip = ipBefore(written, index);
      if (ip === 'fragment') return;
      if (protocol !== undefined && ip === undefined)
        throw badValue('packet', `${header.type} with no IP header before it`, at);
      const pseudo = protocol === undefined || !ip ? 0 : pseudoHeaderSum(ip, protocol, length);
      put16(w, at + place, 0);
      put16(w, at + place, checksumOf(pseudo + sumOf(w.bytes, at, w.pos)));
    };
    switch (header.type) {
      case 'ipv4':
        putLength(w, at + 2, length);
        put16(w, at + 10, 0);
        put16(w, at + 10, checksumOf(sumOf(w.bytes, at, at + 4 * header.ihl)));
        break;
      case 'ipv6':
        putLength(w, at + 4, length - 40);
        break;
      case 'udp':
        putLength(w, at + 4, length);
        if (unsummed && written.slice(0, index).findLast(isIp)?.header.type === 'ipv4') break;
        sum(6, IpProtocol.UDP);
        // A sum that comes out as 0 is written as all ones, since 0 says that there is none [RFC 768].
        if (w.bytes[at + 6] === 0 && w.bytes[at + 7] === 0) put16(w, at + 6, 0xffff);
        break;
      case 'tcp':
        sum(16, IpProtocol.TCP);
        break;
      case 'icmp':
        sum(2);
        break;
      case 'icmpv6':
        sum(2, IpProtocol.ICMPV6);
        break;
      default:
    }
  }
}

const isIp = ({ header }: Written): boolean => header.type === 'ipv4' || header.type === 'ipv6';

/** The IP header around a header; `fragment` where that holds a part of the packet only. */
function ipBefore(written: readonly Written[], index: number): IpHeader | 'fragment' | undefined {
  for (const { header } of written.slice(0, index).reverse()) {
    if (header.type === 'fragment' && (header.moreFragments === 1 || header.fragmentOffset > 0))
      return 'fragment';
    if (header.type === 'ipv4' && (header.moreFragments === 1 || header.fragmentOffset > 0))
      return 'fragment';
    if (header.type === 'ipv4' || header.type === 'ipv6') return header;
    if (header.type === 'ethernet') return undefined;
  }
  return undefined;
}

const put16 = (w: Writer, at: number, value: number): void => {
  putUint(w.bytes, at, 2, value);
};

function putLength(w: Writer, at: number, length: number): void {
  if (length > 0xffff) throw badLength('packet', `${length} bytes`, at);
  put16(w, at, length);
}
