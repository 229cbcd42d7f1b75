import type { PacketBytes } from '../../intent/index.js';
import { getU16, getU32, putU32 } from '../../lib/struct/index.js';
import {
  encode,
  OFP_NO_BUFFER,
  OFP_VERSION,
  OFPP,
  OFPVID_PRESENT,
  output,
  type Writer,
} from '../../openflow/index.js';
import { EtherType } from '../../packet/numbers.js';
import { keyHigh, type MacTable, none } from './mac-table.js';
import { forward, type Owner } from './messages.js';

/** In a PACKET_IN [OF1.3.5 7.4.1]. */
const packetIn = { bufferId: 8, totalLen: 12, tableId: 15, match: 24, data: 42 } as const;
/** In a FLOW_MOD of ours: the values in its match, and the port of its one action [OF1.3.5 7.3.4.1, 7.2.3.2, 7.2.5]. */
const flowMod = { inPort: 56, dst: 64, src: 74, vlan: 84, outPort: 100 } as const;
/** In a PACKET_OUT of ours [OF1.3.5 7.3.7]. */
const packetOutAt = { length: 2, inPort: 12, outPort: 28, data: 40 } as const;

/** OFPMT_OXM, and as a match of 12 bytes the port alone: how Open vSwitch tells of packets that no tunnel brought. */
const portMatch = 0x0001_000c;
const inPortField = 0x8000_0004;

/** Two addresses and an EtherType, with the tag that may stand between them. Bytes. */
const shortestFrame = 18;
/** Up to here a loop copies faster than a call that needs a view. Bytes. */
const shortCopy = 128;

/**
 * The packet path by bytes, for what is asked nearly always: packets that come whole, from a station that is new or where it was.
 * The answers are those of `on`, made once by the codec, with the bytes set that are others in each.
 */
export class Answers {
  readonly #table: number;
  readonly #flowMod: Uint8Array;
  readonly #packetOut: Uint8Array;

  constructor(owner: Owner, idleTimeout: number) {
    this.#table = owner.table;
    const conversation = { inPort: 0, dst: 0, src: 0, vlanVid: 0 };
    this.#flowMod = encode(forward(owner, conversation, 0, idleTimeout));
    const packet = { type: 'packet_out', xid: 0, bufferId: OFP_NO_BUFFER, inPort: 0 } as const;
    this.#packetOut = encode({ ...packet, actions: [output(0)], data: new Uint8Array(0) });
  }

  /** @returns false: it is to be looked at more closely, and nothing was changed or written */
  answer({ bytes, start, end }: PacketBytes, macs: MacTable, out: Writer): boolean {
    const at = start + packetIn.data;
    const size = end - at;
    if (
      size < shortestFrame ||
      bytes[start] !== OFP_VERSION ||
      bytes[start + packetIn.tableId] !== this.#table ||
      getU32(bytes, start + packetIn.bufferId) !== OFP_NO_BUFFER ||
      getU16(bytes, start + packetIn.totalLen) > size ||
      getU32(bytes, start + packetIn.match) !== portMatch ||
      getU32(bytes, start + packetIn.match + 4) !== inPortField
    )
      return false;
    const inPort = getU32(bytes, start + packetIn.match + 8);
    let etherType = getU16(bytes, at + 12);
    let vlan: number | undefined;
    if (etherType === EtherType.VLAN || etherType === EtherType.SERVICE_VLAN) {
      vlan = getU16(bytes, at + 14) & 0xfff;
      etherType = getU16(bytes, at + 16);
    }
    const dstHigh = getU16(bytes, at);
    const srcHigh = getU16(bytes, at + 6);
    const isGroup = (dstHigh & groupBit) !== 0;
    // None of these is forwarded, or not always.
    if (dstHigh === linkLocalHigh || (srcHigh & groupBit) !== 0 || etherType === EtherType.LLDP) return false;

    const high = keyHigh(vlan, srcHigh);
    const low = getU32(bytes, at + 8) | 0;
    const source = macs.find(high, low);
    if (source === none ? !macs.add(high, low, inPort) : macs.portAt(source) !== inPort) return false;
    const destination = isGroup ? none : macs.find(keyHigh(vlan, dstHigh), getU32(bytes, at + 2) | 0);
    if (destination === none) {
      this.#send(bytes, at, size, inPort, OFPP.FLOOD, out);
      return true;
    }
    macs.sendTo(destination);
    const outPort = macs.portAt(destination);
    this.#forward(bytes, at, inPort, vlan, outPort, out);
    if (outPort !== inPort) this.#send(bytes, at, size, inPort, outPort, out);
    return true;
  }

  #forward(
    bytes: Uint8Array,
    at: number,
    inPort: number,
    vlan: number | undefined,
    outPort: number,
    out: Writer,
  ): void {
    out.ensure(this.#flowMod.length);
    const { bytes: to, pos } = out;
    to.set(this.#flowMod, pos);
    putU32(to, pos + flowMod.inPort, inPort);
    for (let i = 0; i < 6; i += 1) {
      to[pos + flowMod.dst + i] = bytes[at + i] ?? 0;
      to[pos + flowMod.src + i] = bytes[at + 6 + i] ?? 0;
    }
    if (vlan !== undefined) {
      const vid = OFPVID_PRESENT | vlan;
      to[pos + flowMod.vlan] = vid >> 8;
      to[pos + flowMod.vlan + 1] = vid;
    }
    putU32(to, pos + flowMod.outPort, outPort);
    out.pos = pos + this.#flowMod.length;
  }

  #send(bytes: Uint8Array, at: number, size: number, inPort: number, outPort: number, out: Writer): void {
    const length = packetOutAt.data + size;
    out.ensure(length);
    const { bytes: to, pos } = out;
    to.set(this.#packetOut, pos);
    to[pos + packetOutAt.length] = length >> 8;
    to[pos + packetOutAt.length + 1] = length;
    putU32(to, pos + packetOutAt.inPort, inPort);
    putU32(to, pos + packetOutAt.outPort, outPort);
    const data = pos + packetOutAt.data;
    if (size > shortCopy) to.set(bytes.subarray(at, at + size), data);
    else for (let i = 0; i < size; i += 1) to[data + i] = bytes[at + i] ?? 0;
    out.pos = pos + length;
  }
}

/** In the first two bytes of a MAC [IEEE 802 8.2]; and those of MACs that bridges may not forward [IEEE 802.1Q 8.6.3]. */
const groupBit = 0x0100;
const linkLocalHigh = 0x0180;
