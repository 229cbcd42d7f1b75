/** What a switch and its controller say to each other, message by message, with the moment at which each was on the wire. */
import { readFile } from 'node:fs/promises';
import { HeddleError } from '../src/lib/errors.js';
import { capture } from './capture.js';
import type { Host } from './host.js';

export type Side = 'switch' | 'controller';

export interface Said {
  /** When its last byte was seen on the controller's interface: milliseconds since 1970, to the microsecond. */
  readonly at: number;
  readonly from: Side;
  /** One OpenFlow message. */
  readonly bytes: Uint8Array;
}

/** A TCP connection. */
export interface Dialogue {
  /** The address and port of whoever opened it. */
  readonly peer: string;
  /** When it was accepted: the SYN with which the listener's side answers. */
  readonly acceptedAt: number;
  readonly said: readonly Said[];
}

/** A switch may say some megabytes at once. */
const bufferKib = 32_768;

/** Whose port it is. */
export interface Listening {
  readonly port: number;
  readonly by: Side;
}

export interface Eavesdropping {
  /** The connections that were accepted since the beginning, in their order. */
  stop(): Promise<readonly Dialogue[]>;
}

/**
 * Listens to the OpenFlow connections to one port.
 *
 * @param host where the controller runs
 * @param file where tcpdump may write
 * @throws CommandError, HeddleError LAB_FAILED
 */
export async function eavesdrop(
  host: Host,
  device: string,
  at: Listening,
  file: string,
): Promise<Eavesdropping> {
  const filter = `tcp port ${at.port}`;
  const running = await capture(host, device, { filter, file, args: [`--buffer-size=${bufferKib}`] });
  return {
    stop: async () => {
      await running.stop();
      return dialoguesIn(await readFile(file), at);
    },
  };
}

/** Whose time passed, from the accepted connection until the flows were there. Milliseconds. */
export interface Share {
  readonly all: number;
  /** What passed before a message of the controller's. */
  readonly controller: number;
  /** What passed before one of the switch's. */
  readonly theSwitch: number;
  /** How often the controller's side got an answer that it had to wait for. */
  readonly answers: number;
}

/** Undefined where no bundle was committed. */
export function shareOf({ acceptedAt, said }: Dialogue): Share | undefined {
  const end = said.findIndex(({ bytes }) => isCommitReply(bytes));
  if (end < 0) return undefined;
  const share = { controller: 0, switch: 0 };
  let answers = 0;
  let last: { readonly at: number; readonly from?: Side } = { at: acceptedAt };
  for (const one of said.slice(0, end + 1)) {
    share[one.from] += one.at - last.at;
    if (one.from === 'switch' && last.from === 'controller') answers += 1;
    last = one;
  }
  return { all: last.at - acceptedAt, controller: share.controller, theSwitch: share.switch, answers };
}

/** OFPT_EXPERIMENTER, ONF, 2300 [ONF EXT-230]: OFPBCT_COMMIT_REPLY. */
function isCommitReply(bytes: Uint8Array): boolean {
  if (bytes.length < 22 || bytes[1] !== 4) return false;
  const view = viewOf(bytes);
  return view.getUint32(8) === 0x4f4e_4600 && view.getUint32(12) === 2300 && view.getUint16(20) === 5;
}

interface Segment {
  readonly at: number;
  readonly from: Side;
  readonly peer: string;
  readonly isAccept: boolean;
  readonly seq: number;
  readonly payload: Uint8Array;
}

/** Of a capture in the classic pcap format, with Ethernet frames. */
export function dialoguesIn(pcap: Uint8Array, listening: Listening): readonly Dialogue[] {
  const open = new Map<string, { dialogue: Dialogue; said: Said[]; streams: Record<Side, Stream> }>();
  const all: Dialogue[] = [];
  for (const { at, from, peer, isAccept, seq, payload } of segmentsIn(pcap, listening)) {
    if (isAccept) {
      const said: Said[] = [];
      const dialogue = { peer, acceptedAt: at, said };
      open.set(peer, { dialogue, said, streams: { switch: new Stream(), controller: new Stream() } });
      all.push(dialogue);
      continue;
    }
    const connection = open.get(peer);
    if (connection === undefined) continue;
    for (const bytes of connection.streams[from].push(seq, payload))
      connection.said.push({ at, from, bytes });
  }
  return all;
}

/** One direction of a connection: segments in, OpenFlow messages out. What is sent twice counts once. */
class Stream {
  #next: number | undefined;
  #rest = new Uint8Array(0);

  push(seq: number, payload: Uint8Array): readonly Uint8Array[] {
    if (payload.length === 0) return [];
    const known = this.#next === undefined ? 0 : (this.#next - seq) >>> 0;
    if (known > 0x8000_0000) throw new HeddleError('LAB_FAILED', 'the capture lacks a segment');
    if (known >= payload.length) return [];
    this.#next = (seq + payload.length) >>> 0;
    this.#rest = Buffer.concat([this.#rest, payload.subarray(known)]);
    const messages: Uint8Array[] = [];
    for (;;) {
      const length = this.#rest.length < 4 ? Infinity : viewOf(this.#rest).getUint16(2);
      if (length < 8) throw new HeddleError('LAB_FAILED', 'the capture holds what is not OpenFlow');
      if (this.#rest.length < length) return messages;
      messages.push(this.#rest.subarray(0, length));
      this.#rest = this.#rest.subarray(length);
    }
  }
}

const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

function* segmentsIn(pcap: Uint8Array, listening: Listening): Generator<Segment> {
  const view = viewOf(pcap);
  if (pcap.length < 24 || view.getUint32(0, true) !== 0xa1b2_c3d4 || view.getUint32(20, true) !== 1)
    throw new HeddleError('LAB_FAILED', 'this is no capture of Ethernet frames, in microseconds');
  for (let pos = 24; pos + 16 <= pcap.length;) {
    const at = view.getUint32(pos, true) * 1_000 + view.getUint32(pos + 4, true) / 1_000;
    const length = view.getUint32(pos + 8, true);
    const segment = segmentOf(pcap.subarray(pos + 16, pos + 16 + length), at, listening);
    if (segment !== undefined) yield segment;
    pos += 16 + length;
  }
}

/** TCP in IPv4 in untagged Ethernet: what the filter lets through. */
function segmentOf(frame: Uint8Array, at: number, { port, by }: Listening): Segment | undefined {
  const view = viewOf(frame);
  if (frame.length < 54 || view.getUint16(12) !== 0x0800) return undefined;
  const tcp = 14 + (view.getUint8(14) & 15) * 4;
  const end = Math.min(frame.length, 14 + view.getUint16(16));
  const [source, target] = [view.getUint16(tcp), view.getUint16(tcp + 2)];
  const isAnswer = source === port;
  const address = isAnswer ? frame.subarray(30, 34) : frame.subarray(26, 30);
  const opener = by === 'switch' ? 'controller' : 'switch';
  const flags = view.getUint8(tcp + 13);
  return {
    at,
    from: isAnswer ? by : opener,
    peer: `${address.join('.')}:${isAnswer ? target : source}`,
    isAccept: (flags & 0x12) === 0x12 && isAnswer,
    seq: view.getUint32(tcp + 4),
    payload: frame.subarray(tcp + (view.getUint8(tcp + 12) >> 4) * 4, end),
  };
}
