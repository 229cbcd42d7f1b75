/** Are the checksums of a frame right? */
import { checksumOf, pseudoHeaderSum, sumOf } from './checksum.js';
import type { IpHeader } from './checksum.js';
import { decodePacket } from './decode.js';
import type { Packet } from './decode.js';
import type { HeaderName } from './headers.js';
import { IpProtocol } from './numbers.js';

/** One checksum that could be looked at. */
export interface Checksum {
  /** The header's place in the packet's list. */
  readonly index: number;
  /** The header's name. */
  readonly type: HeaderName;
  /** Whether it is what it should be. */
  readonly ok: boolean;
}

/**
 * The checksums of IPv4, ICMP, ICMPv6, UDP and TCP. Those that can not be known are left out: of fragments, of packets
 * that were cut, of UDP that has none, and behind a routing header, whose last address is not looked for.
 */
export function verifyChecksums(
  frame: Uint8Array,
  packet: Packet = decodePacket(frame),
): readonly Checksum[] {
  const found: Checksum[] = [];
  let ip: IpHeader | undefined;
  let ipEnd = 0;
  let partial = false;
  packet.headers.forEach((header, index) => {
    const at = packet.offsets[index] ?? 0;
    const add = (from: number, to: number, pseudo = 0): void => {
      if (to > frame.length) return;
      found.push({ index, type: header.type, ok: checksumOf(pseudo + sumOf(frame, from, to)) === 0 });
    };
    switch (header.type) {
      case 'ipv4':
        add(at, at + 4 * header.ihl);
        partial ||= header.moreFragments === 1;
        ip = header;
        ipEnd = at + header.totalLength;
        return;
      case 'ipv6':
        ip = header;
        ipEnd = at + 40 + header.payloadLength;
        return;
      case 'fragment':
        partial ||= header.moreFragments === 1;
        return;
      case 'routing':
        ip = undefined;
        return;
      case 'icmp':
        if (ip && !partial) add(at, ipEnd);
        return;
      case 'icmpv6':
        if (ip && !partial) add(at, ipEnd, pseudoHeaderSum(ip, IpProtocol.ICMPV6, ipEnd - at));
        return;
      case 'tcp':
        if (ip && !partial) add(at, ipEnd, pseudoHeaderSum(ip, IpProtocol.TCP, ipEnd - at));
        return;
      case 'udp':
        if (ip && !partial && header.checksum !== 0)
          add(at, at + header.length, pseudoHeaderSum(ip, IpProtocol.UDP, header.length));
        return;
      default:
    }
  });
  return found;
}
