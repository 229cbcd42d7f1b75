/** From a frame to its headers. */
import { WireError } from '../lib/errors.js';
import { badLength, cursorOver, viewOf } from '../lib/struct/index.js';
import type { Cursor } from '../lib/struct/index.js';
import { compiledHeaders } from './headers.js';
import type { Header, HeaderCodecs, HeaderName, HeaderOf } from './headers.js';
import { nextOf } from './next.js';

/** Why no more headers were read. */
export type End =
  /** The last header holds all there is. */
  | 'end'
  /** What follows is an application's data. */
  | 'data'
  /** What follows is of a kind that is not known here. */
  | 'unknown'
  /** What follows is a later part of a packet that was cut into fragments. */
  | 'later_fragment'
  /** The frame was cut: its end is in the middle of a header. */
  | 'truncated'
  /** A header can not be what it says: `error` has what is wrong. */
  | 'malformed'
  /** There are more than 16 headers. */
  | 'too_deep';

/** A frame, taken apart. */
export interface Packet {
  /** From the outermost to the deepest that is known and whole. */
  readonly headers: readonly Header[];
  /** Where each of them begins, in bytes from the frame's first. */
  readonly offsets: readonly number[];
  /** What follows the last header, as a view into the frame; `end` says what that is. */
  readonly payload: Uint8Array;
  /** Bytes behind what the lengths in the headers say: padding of the frame [IEEE 802.3 3.2.8]. A view. */
  readonly trailer: Uint8Array;
  /** How many bytes the lengths promise that are not there: a PACKET_IN may hold the frame's beginning alone. */
  readonly missing: number;
  /** Why no more headers were read. */
  readonly end: End;
  /** What is wrong, where `end` is `truncated` or `malformed`; the offset counts from the frame's first byte. */
  readonly error?: WireError;
}

const maxHeaders = 16;

/**
 * Reads all headers of an Ethernet frame that are known, and keeps the rest as bytes. It never throws: a frame that is
 * cut or broken gives the headers before the place, and says why it ends there.
 */
export const decodePacket = (frame: Uint8Array): Packet => decodePacketWith(compiledHeaders, frame);

/** `decodePacket` with any back end: for tests. */
export function decodePacketWith(codecs: HeaderCodecs, frame: Uint8Array): Packet {
  const walk = new Walk(frame);
  let next: ReturnType<typeof nextOf> = 'ethernet';
  while (isName(next)) {
    if (walk.headers.length === maxHeaders) return walk.result('too_deep');
    try {
      next = walk.read(codecs, next);
    } catch (thrown) {
      if (!(thrown instanceof WireError)) throw thrown;
      return walk.failed(thrown);
    }
  }
  return walk.result(next);
}

const isName = (next: ReturnType<typeof nextOf>): next is HeaderName =>
  next !== 'end' && next !== 'data' && next !== 'later_fragment' && next !== 'unknown';

/** The first header of one name, from the outside. */
export function headerOf<const N extends HeaderName>(packet: Packet, name: N): HeaderOf<N> | undefined {
  return packet.headers.find(header => header.type === name) as HeaderOf<N> | undefined;
}

class Walk {
  readonly headers: Header[] = [];
  readonly #offsets: number[] = [];
  readonly #cursor: Cursor;
  /** Where the headers say that the packet ends, which may be past the frame; undefined: nothing said so yet. */
  #promised: number | undefined;
  /** Where the next header begins. */
  #start = 0;
  /** In a first fragment: the lengths in what it carries count the whole packet. */
  #partial = false;

  readonly #frame: Uint8Array;

  constructor(frame: Uint8Array) {
    this.#frame = frame;
    this.#cursor = cursorOver(frame);
  }

  read(codecs: HeaderCodecs, name: HeaderName): ReturnType<typeof nextOf> {
    const c = this.#cursor;
    // Each codec gives the value of its own declaration, which TypeScript can not follow through the name.
    const header = { type: name, ...codecs(name).decode(c) } as Header;
    this.#lengths(header);
    this.headers.push(header);
    this.#offsets.push(this.#start);
    this.#start = c.pos;
    return nextOf(header);
  }

  #lengths(header: Header): void {
    switch (header.type) {
      case 'ipv4':
        this.#promise(this.#start + header.totalLength, this.#start + 2);
        this.#partial ||= header.moreFragments === 1;
        return;
      case 'ipv6':
        this.#promise(this.#cursor.pos + header.payloadLength, this.#start + 4);
        return;
      case 'fragment':
        this.#partial ||= header.moreFragments === 1;
        return;
      case 'udp':
        this.#promise(this.#start + header.length, this.#start + 4);
        return;
      default:
    }
  }

  /** Goes on in the window that a length field (at byte `at`) opens. */
  #promise(end: number, at: number): void {
    const c = this.#cursor;
    const outer = this.#promised ?? end;
    if (this.#partial && end > outer) return;
    if (end < c.pos || end > outer) throw badLength('packet', `a length that ends at byte ${end}`, at);
    this.#promised = end;
    c.end = Math.min(c.end, end);
  }

  failed(error: WireError): Packet {
    const cut = (this.#promised ?? Infinity) > this.#frame.length;
    return this.result(error.code === 'WIRE_TRUNCATED' && cut ? 'truncated' : 'malformed', error);
  }

  result(end: End, error?: WireError): Packet {
    const from = this.#start;
    const to = Math.max(from, Math.min(this.#edge(end), this.#frame.length));
    return {
      headers: this.headers,
      offsets: this.#offsets,
      payload: viewOf(this.#frame, from, to - from),
      trailer: viewOf(this.#frame, to, this.#frame.length - to),
      missing: Math.max(0, (this.#promised ?? 0) - this.#frame.length),
      end,
      ...(error && { error }),
    };
  }

  /** Where the payload ends: an error may have left an inner window open. */
  #edge(end: End): number {
    return end === 'end' ? this.#start : (this.#promised ?? this.#frame.length);
  }
}
