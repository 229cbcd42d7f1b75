import { connect, type Socket } from 'node:net';
import { encode, match, OFP_NO_BUFFER, OFPR, type Message } from '../../src/openflow/index.js';

/**
 * One end of a load generator: speaks just enough OpenFlow 1.3 to be taken for a switch with no flows, then keeps a
 * number of PACKET_INs outstanding and counts the answers. Each packet carries a number of its own, so that an answer
 * is matched to its question: nothing is counted twice, and what never comes is known as lost.
 */
export interface FakeSwitchOptions {
  readonly port: number;
  readonly dpid: bigint;
  /** PACKET_INs without an answer at any time. */
  readonly outstanding: number;
  /** Hosts behind the switch; each packet goes from one of them to another. */
  readonly macs: number;
}

export interface Counts {
  answered: number;
  flowMods: number;
  /** Answers to a number that is not outstanding. */
  stray: number;
}

const version = 4;
const type = {
  echoRequest: 2,
  packetOut: 13,
  flowMod: 14,
  features: 5,
  multipart: 18,
  barrier: 20,
  experimenter: 4,
} as const;
/** In a packet: two addresses and an EtherType, then the number. */
const numberAt = 14;
const frameSize = 64;
/** For the first answers. Milliseconds. */
const patience = 20_000;

export class FakeSwitch {
  readonly counts: Counts = { answered: 0, flowMods: 0, stray: 0 };
  readonly #options: FakeSwitchOptions;
  readonly #socket: Socket;
  readonly #templates: readonly Uint8Array[];
  readonly #dataAt: number;
  readonly #outstanding = new Set<number>();
  #rest = new Uint8Array(0);
  #next = 0;
  #running = false;
  #programmed = 0;
  #onReady: (() => void) | undefined;

  private constructor(options: FakeSwitchOptions, socket: Socket) {
    this.#options = options;
    this.#socket = socket;
    this.#templates = packetIns(options);
    this.#dataAt = (this.#templates[0]?.length ?? 0) - frameSize;
  }

  /** Connects, and waits until the controller has programmed the switch, or has been quiet for a while. */
  static async connect(options: FakeSwitchOptions): Promise<FakeSwitch> {
    const socket = connect({ host: '127.0.0.1', port: options.port, noDelay: true });
    const made = new FakeSwitch(options, socket);
    socket.on('data', chunk => made.#received(chunk));
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      made.#onReady = resolve;
      socket.once('connect', () => made.#send({ type: 'hello', version, xid: 1, versions: [version] }));
    });
    return made;
  }

  /** Teaches the controller where every host is: one packet from each. */
  async warmUp(): Promise<void> {
    this.#running = true;
    this.#fill(this.#options.outstanding);
    const enough = 4 * this.#options.macs;
    const giveUpAt = performance.now() + patience;
    while (this.counts.answered < enough) {
      if (this.#socket.destroyed || performance.now() > giveUpAt)
        throw new Error(`the controller gave ${this.counts.answered} answers and no more`);
      await new Promise(done => setTimeout(done, 5));
    }
  }

  /** Sends no more; answers still come in. @returns packets without an answer yet */
  stop(): number {
    this.#running = false;
    return this.#outstanding.size;
  }

  get outstanding(): number {
    return this.#outstanding.size;
  }

  close(): void {
    this.#socket.destroy();
  }

  #received(chunk: Uint8Array): void {
    let bytes = chunk;
    if (this.#rest.length > 0) {
      bytes = new Uint8Array(this.#rest.length + chunk.length);
      bytes.set(this.#rest);
      bytes.set(chunk, this.#rest.length);
    }
    let pos = 0;
    let answers = 0;
    while (bytes.length - pos >= 8) {
      const length = u16(bytes, pos + 2);
      if (bytes.length - pos < length) break;
      if (bytes[pos + 1] === type.packetOut) answers += this.#onPacketOut(bytes, pos);
      else if (bytes[pos + 1] === type.flowMod) this.counts.flowMods += 1;
      else this.#onOther(bytes.subarray(pos, pos + length));
      pos += length;
    }
    this.#rest = bytes.slice(pos);
    if (this.#running && answers > 0) this.#fill(answers);
  }

  #onPacketOut(bytes: Uint8Array, pos: number): number {
    const data = pos + 24 + u16(bytes, pos + 16);
    if (!this.#outstanding.delete(u32(bytes, data + numberAt))) {
      this.counts.stray += 1;
      return 0;
    }
    this.counts.answered += 1;
    return 1;
  }

  /** The handshake, and the questions of a controller that compares before it writes. */
  #onOther(frame: Uint8Array): void {
    const xid = u32(frame, 4);
    switch (frame[1]) {
      case type.features:
        this.#send({
          type: 'features_reply',
          xid,
          datapathId: this.#options.dpid,
          nBuffers: 0,
          nTables: 254,
          auxiliaryId: 0,
          capabilities: 0,
          reserved: 0,
        });
        break;
      case type.echoRequest:
        this.#send({ type: 'echo_reply', xid, data: frame.slice(8) });
        break;
      case type.barrier:
        this.#send({ type: 'barrier_reply', xid });
        break;
      case type.multipart: {
        this.#socket.write(multipartReply(xid, frame[9] ?? 0, this.#programmed));
        break;
      }
      case type.experimenter:
        // A bundle: its control messages are answered by the reply type, which is one more.
        if (u32(frame, 12) === 2301) {
          // A bundled message is 24 bytes behind the frame's beginning.
          if (frame[25] === type.flowMod) this.#programmed += 1;
        } else if (u32(frame, 12) === 2300) {
          const reply = frame.slice();
          reply[21] = (reply[21] ?? 0) + 1;
          this.#socket.write(reply);
        }
        break;
      default:
        break;
    }
    this.#readySoon();
  }

  #timer: NodeJS.Timeout | undefined;

  #readySoon(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#onReady?.(), 200);
  }

  /** Writes `count` packets in one go. */
  #fill(count: number): void {
    const size = this.#dataAt + frameSize;
    const block = new Uint8Array(count * size);
    for (let i = 0, at = 0; i < count; i += 1, at += size) {
      const template = this.#templates[this.#next % this.#templates.length];
      if (template === undefined) return;
      block.set(template, at);
      const number = this.#next >>> 0;
      putU32(block, at + this.#dataAt + numberAt, number);
      this.#outstanding.add(number);
      this.#next += 1;
    }
    this.#socket.write(block);
  }

  #send(message: Message): void {
    this.#socket.write(encode(message));
  }
}

/** PACKET_INs between all neighbours in a ring of hosts, encoded once. */
function packetIns({ macs }: FakeSwitchOptions): Uint8Array[] {
  return Array.from({ length: macs }, (_, index) => {
    const data = new Uint8Array(frameSize);
    putMac(data, 0, ((index + 1) % macs) + 1);
    putMac(data, 6, index + 1);
    data.set([0x88, 0xb5], 12);
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
}

function putMac(bytes: Uint8Array, at: number, host: number): void {
  bytes.set([2, 0, 0, 0, (host >> 8) & 0xff, host & 0xff], at);
}

/** No ports, no flows to be told, no groups; and for a controller that audits, how many flows it has programmed. */
function multipartReply(xid: number, kind: number, programmed: number): Uint8Array {
  const length = 16 + (bodySizes.get(kind) ?? 0);
  const bytes = new Uint8Array(length);
  bytes.set([version, 19, (length >> 8) & 0xff, length & 0xff]);
  putU32(bytes, 4, xid);
  bytes[9] = kind;
  if (kind === aggregate) putU32(bytes, 16 + 16, programmed);
  return bytes;
}

const aggregate = 2;
/** Of replies that are no lists: OFPMP_DESC, OFPMP_AGGREGATE and OFPMP_METER_FEATURES [OF1.3.5 7.3.5.1, 7.3.5.3, 7.3.5.14]. */
const bodySizes: ReadonlyMap<number, number> = new Map([
  [0, 1056],
  [aggregate, 24],
  [11, 16],
]);

const u16 = (b: Uint8Array, at: number): number => ((b[at] ?? 0) << 8) | (b[at + 1] ?? 0);
const u32 = (b: Uint8Array, at: number): number => ((u16(b, at) << 16) | u16(b, at + 2)) >>> 0;

function putU32(b: Uint8Array, at: number, value: number): void {
  b[at] = value >>> 24;
  b[at + 1] = value >>> 16;
  b[at + 2] = value >>> 8;
  b[at + 3] = value;
}
