import { connect, type Socket } from 'node:net';
import { encode, type Message } from '../../../src/openflow/index.js';
import { bodySize, bundle, bundledAt, bundleReply, multiparts, onf, type, version } from '../codes.js';
import { Frames, u16, u32 } from '../frames.js';
import { refusal } from '../switches/greeting.js';

/** What a switch has been sent. */
export interface SwitchCounts {
  flowMods: number;
  groupMods: number;
  bytes: number;
  /** When the last of them came; `performance.now()`. */
  lastAt: number;
}

const command = { add: 0, delete: 3 } as const;
/** A part of a reply holds less than this. Bytes. */
const partSize = 60_000;

/**
 * The OpenFlow end of an emulated hypervisor: it answers what Heddle asks, knows its flows by a hash of what tells them apart and by
 * their cookies, keeps its groups as bytes, and forwards nothing.
 */
export class CountingSwitch {
  readonly counts: SwitchCounts = { flowMods: 0, groupMods: 0, bytes: 0, lastAt: 0 };
  readonly #dpid: bigint;
  readonly #socket: Socket;
  readonly #ports: () => readonly { readonly name: string; readonly ofport: number }[];
  /** By a hash of table, priority and match: the last 53 bits of the cookie. */
  readonly #flows = new Map<number, number>();
  readonly #groups = new Map<number, Uint8Array>();

  constructor(
    dpid: bigint,
    address: { readonly host: string; readonly port: number },
    ports: () => readonly { readonly name: string; readonly ofport: number }[],
    onClose: () => void,
  ) {
    this.#dpid = dpid;
    this.#ports = ports;
    this.#socket = connect({ ...address, noDelay: true });
    const frames = new Frames((bytes, at, length) => this.#frame(bytes, at, length));
    this.#socket.on('data', chunk => {
      this.counts.bytes += chunk.length;
      this.#socket.cork();
      frames.push(chunk);
      this.#socket.uncork();
    });
    this.#socket.on('error', () => this.#socket.destroy());
    this.#socket.on('close', onClose);
    this.#socket.on('connect', () => this.#send({ type: 'hello', version, xid: 1, versions: [version] }));
  }

  get flows(): number {
    return this.#flows.size;
  }

  close(): void {
    this.#socket.destroy();
  }

  #frame(bytes: Uint8Array, at: number, length: number): void {
    const xid = u32(bytes, at + 4);
    switch (bytes[at + 1]) {
      case type.flowMod:
        this.#flowMod(bytes, at);
        break;
      case type.groupMod:
        this.#groupMod(bytes, at, length);
        break;
      case type.experimenter:
        this.#experimenter(bytes, at, length);
        break;
      case type.multipart:
        this.#multipart(xid, bytes, at, length);
        break;
      case type.features:
        this.#send({
          type: 'features_reply',
          xid,
          ...{
            datapathId: this.#dpid,
            nBuffers: 0,
            nTables: 254,
            auxiliaryId: 0,
            capabilities: 0x4f,
            reserved: 0,
          },
        });
        break;
      case type.echoRequest:
        this.#send({ type: 'echo_reply', xid, data: bytes.slice(at + 8, at + length) });
        break;
      case type.barrier:
        this.#send({ type: 'barrier_reply', xid });
        break;
      default:
        break;
    }
  }

  #experimenter(bytes: Uint8Array, at: number, length: number): void {
    if (u32(bytes, at + 8) !== onf) return;
    if (u32(bytes, at + 12) === bundle.add) {
      const message = at + bundledAt;
      if (bytes[message + 1] === type.flowMod) this.#flowMod(bytes, message);
      else if (bytes[message + 1] === type.groupMod) this.#groupMod(bytes, message, u16(bytes, message + 2));
    } else if (u32(bytes, at + 12) === bundle.control) {
      this.#socket.write(bundleReply(bytes.subarray(at, at + length)));
    }
  }

  #flowMod(bytes: Uint8Array, at: number): void {
    this.counts.flowMods += 1;
    this.counts.lastAt = performance.now();
    const cookie = cookieAt(bytes, at + 8);
    if (bytes[at + 25] === command.add) this.#flows.set(keyOf(bytes, at), cookie);
    else if (bytes[at + 25] === command.delete)
      for (const [key, its] of this.#flows) if (its === cookie) this.#flows.delete(key);
  }

  #groupMod(bytes: Uint8Array, at: number, length: number): void {
    this.counts.groupMods += 1;
    this.counts.lastAt = performance.now();
    const id = u32(bytes, at + 12);
    if (u16(bytes, at + 8) === 2) this.#groups.delete(id);
    else this.#groups.set(id, bytes.slice(at + 8, at + length));
  }

  #multipart(xid: number, bytes: Uint8Array, at: number, length: number): void {
    const kind = u16(bytes, at + 8);
    switch (kind) {
      case multiparts.desc:
        this.#reply(xid, kind, [new Uint8Array(bodySize.desc)]);
        break;
      case multiparts.aggregate: {
        const body = new Uint8Array(bodySize.aggregate);
        new DataView(body.buffer).setUint32(16, this.#flows.size);
        this.#reply(xid, kind, [body]);
        break;
      }
      case multiparts.groupDesc:
        this.#reply(xid, kind, [...this.#groups.values()].map(groupDesc));
        break;
      case multiparts.portDesc:
        this.#send({
          type: 'multipart_reply',
          xid,
          flags: 0,
          body: {
            type: 'port_desc',
            entries: this.#ports().map(({ name, ofport }) => ({
              ...{ portNo: ofport, hwAddr: 0x02_00_00_00_00_00 + ofport, name, config: 0, state: 4 },
              ...{ curr: 0, advertised: 0, supported: 0, peer: 0, currSpeed: 0, maxSpeed: 0 },
            })),
          },
        });
        break;
      case multiparts.meterFeatures:
        // It knows no meters.
        this.#reply(xid, kind, [new Uint8Array(bodySize.meterFeatures)]);
        break;
      case multiparts.experimenter:
        this.#socket.write(refusal(bytes.slice(at, at + Math.min(length, 64))));
        break;
      default:
        // Of all else there is none; a flow is not told, as there was none when Heddle began.
        this.#reply(xid, kind, []);
        break;
    }
  }

  /** In as many parts as it takes. */
  #reply(xid: number, kind: number, entries: readonly Uint8Array[]): void {
    let part: Uint8Array[] = [];
    let size = 0;
    const flush = (more: boolean): void => {
      const frame = new Uint8Array(16 + size);
      const view = new DataView(frame.buffer);
      frame.set([version, type.multipartReply]);
      view.setUint16(2, frame.length);
      view.setUint32(4, xid);
      view.setUint16(8, kind);
      view.setUint16(10, more ? 1 : 0);
      let to = 16;
      for (const entry of part) {
        frame.set(entry, to);
        to += entry.length;
      }
      this.#socket.write(frame);
      part = [];
      size = 0;
    };
    for (const entry of entries) {
      if (size + entry.length > partSize) flush(true);
      part.push(entry);
      size += entry.length;
    }
    flush(false);
  }

  #send(message: Message): void {
    this.#socket.write(encode(message));
  }
}

/** A GROUP_DESC entry has its length where the GROUP_MOD has its command, and then the same [OF1.3.5 A.3.4.2, A.3.5.11]. */
function groupDesc(mod: Uint8Array): Uint8Array {
  const entry = mod.slice();
  new DataView(entry.buffer).setUint16(0, entry.length);
  return entry;
}

const cookieAt = (bytes: Uint8Array, at: number): number =>
  (u32(bytes, at) & 0x1f_ffff) * 0x1_0000_0000 + u32(bytes, at + 4);

/** Of 53 bits: a switch has some thousand flows, of which hardly two will have the same. */
function keyOf(bytes: Uint8Array, at: number): number {
  const end = at + 48 + ((u16(bytes, at + 50) + 7) & ~7);
  let low = 0x811c9dc5 ^ (bytes[at + 24] ?? 0);
  let high = u16(bytes, at + 30);
  for (let i = at + 48; i < end; i += 1) {
    low = Math.imul(low ^ (bytes[i] ?? 0), 0x01000193);
    high = Math.imul(high ^ (bytes[i] ?? 0), 0x5bd1e995) + 1;
  }
  return (high & 0x1f_ffff) * 0x1_0000_0000 + (low >>> 0);
}
