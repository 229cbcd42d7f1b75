import { encode, match, OFP_NO_BUFFER, OFPP, OFPR } from '../../../src/openflow/index.js';
import { putU32, u16, u32 } from '../frames.js';

/**
 * PACKET_INs that are encoded once, and then differ in some bytes alone: the number that tells them apart, and where each
 * is to come from a host of its own, the source.
 */
export interface PacketShape {
  /** Hosts behind the switch; each packet goes to one of them. */
  readonly macs: number;
  /** Each packet comes from a MAC that was never seen before. */
  readonly fresh: boolean;
}

/** In an untagged packet: two addresses and an EtherType, then the number. */
const numberAt = 14;
const sourceAt = 6;
const frameSize = 64;

export class Packets {
  readonly size: number;
  readonly #templates: readonly Uint8Array[];
  readonly #dataAt: number;
  readonly #fresh: boolean;
  #next = 0;
  #sources = 0;

  constructor({ macs, fresh }: PacketShape) {
    this.#templates = templates(macs);
    this.size = this.#templates[0]?.length ?? 0;
    this.#dataAt = this.size - frameSize;
    this.#fresh = fresh;
  }

  /** Writes one; of hosts that the controller knows, or is to get to know, where `known` says so. */
  put(bytes: Uint8Array, at: number, number: number, known: boolean): void {
    const template = this.#templates[this.#next];
    if (template === undefined) throw new Error('no hosts');
    bytes.set(template, at);
    this.#next = this.#next + 1 === this.#templates.length ? 0 : this.#next + 1;
    const data = at + this.#dataAt;
    putU32(bytes, data + numberAt, number);
    if (known || !this.#fresh) return;
    bytes[data + sourceAt] = 6;
    putU32(bytes, data + sourceAt + 2, this.#sources);
    this.#sources += 1;
  }
}

/** The number in the packet that this PACKET_OUT sends on. */
export const numberIn = (bytes: Uint8Array, at: number): number =>
  u32(bytes, at + 24 + u16(bytes, at + 16) + numberAt);

/** Whether its first action sends it to all ports. */
export const isFlood = (bytes: Uint8Array, at: number): boolean =>
  u16(bytes, at + 24) === 0 && u32(bytes, at + 28) >= OFPP.FLOOD;

/** Between all neighbours in a ring of hosts, each behind a port of its own. */
const templates = (macs: number): Uint8Array[] =>
  Array.from({ length: macs }, (_, index) => {
    const data = new Uint8Array(frameSize);
    putHost(data, 0, (index + 1) % macs);
    putHost(data, sourceAt, index);
    data.set([0x88, 0xb5], 12); // an EtherType for experiments [IEEE 802 9.2.4]
    return encode({
      type: 'packet_in',
      xid: 0,
      bufferId: OFP_NO_BUFFER,
      totalLen: frameSize,
      reason: OFPR.NO_MATCH,
      tableId: 0,
      cookie: 0n,
      match: match({ in_port: index + 1 }),
      data,
    });
  });

function putHost(bytes: Uint8Array, at: number, host: number): void {
  bytes.set([2, 0], at);
  putU32(bytes, at + 2, host + 1);
}
