import { HeddleError, messageOf, WireError } from '../lib/errors.js';
import {
  decode,
  encodeInto,
  type ErrorMessage,
  FrameSplitter,
  type Message,
  OFP_VERSION,
  type PortStatus,
  Writer,
} from '../openflow/index.js';
import type { ExchangeOutcome } from '../openflow/session/exchange.js';
import {
  initialSession,
  type SessionInput,
  type SessionOutput,
  type SessionState,
  stepSession,
  type SwitchInfo,
} from '../openflow/session/session.js';
import type { Effects, Stream, StreamHandlers } from './effects.js';
import { ModCounter, type SentMods } from './sent-mods.js';

/** What a connection tells its owner. */
export interface SwitchEvents {
  ready(info: SwitchInfo): void;
  asynchronous(message: Message): void;
  /** A PACKET_IN as it came. @returns true: it is dealt with, and the answers are in `out`; otherwise it is told as a message */
  packetBytes?(bytes: Uint8Array, start: number, end: number, out: Writer): boolean;
  portStatus(message: PortStatus, info: SwitchInfo): void;
  /** Told once. */
  closed(reason: string): void;
}

/**
 * What may wait for a peer that does not read, in bytes: above this its PACKET_INs are dropped before anybody sees them, and so
 * are the packets that apps send.
 */
export const fullAt = 2 ** 20;
/** Above this the connection is given up: a whole program of flows fits, and is sent in one piece. */
export const hopelessAt = 256 * 2 ** 20;
/** The same for a peer that is not known yet. */
export const hopelessGreetingAt = 2 ** 20;
/** Frames that cannot be decoded, in one connection, before it is given up. */
export const maxBadFrames = 100;
/** How often a connection that is busy is noted to be alive. Milliseconds. */
const heardEvery = 1_000;
const packetInType = 10;
/** A buffer that has grown past this is not kept for the next messages. */
const largestKept = 2 ** 18;

/** One OpenFlow connection: bytes in, session, bytes out; one write for all that one read brought about. */
export class SwitchConnection implements StreamHandlers {
  readonly #stream: Stream;
  readonly #effects: Effects;
  readonly #events: SwitchEvents;
  readonly #early: readonly Message[];
  readonly #frames = new FrameSplitter();
  readonly #waiting = new Map<number, (outcome: ExchangeOutcome) => void>();
  /** Transaction ids of the session's messages that could not be encoded. */
  readonly #unsendable: number[] = [];
  #earlyOutcome: Promise<ExchangeOutcome> | undefined;
  #writer = new Writer();
  #session: SessionState = initialSession;
  #nextToken = 1;
  #closed = false;
  #corked = false;
  readonly #mods = new ModCounter();
  #badFrames = 0;
  #dropped = 0;
  /** Of the chunk at hand: when it came, and whether there is no room for answers to packets. */
  #now = 0;
  #isFull = false;
  #heardAt = -Infinity;
  readonly #visit = (bytes: Uint8Array, start: number, end: number): boolean => {
    this.#onBytes(bytes, start, end);
    return !this.#closed;
  };

  /**
   * @param early asked together with what the switch is asked by every handshake; it must change nothing there, since it is
   *   not known yet which switch that is
   */
  constructor(stream: Stream, effects: Effects, events: SwitchEvents, early: readonly Message[] = []) {
    this.#early = early;
    this.#stream = stream;
    this.#effects = effects;
    this.#events = events;
  }

  get peer(): string {
    return this.#stream.peer;
  }

  get badFrames(): number {
    return this.#badFrames;
  }

  /** Its PACKET_INs that nobody has seen, and packets of apps that were not sent, since it did not take what was sent before. */
  get dropped(): number {
    return this.#dropped;
  }

  /** What was sent that changes the switch. */
  get mods(): SentMods {
    return this.#mods.counted;
  }

  open(): void {
    const now = this.#effects.now();
    if (this.#early.length === 0) {
      this.#together(() => this.#step({ type: 'opened', now }));
      return;
    }
    const token = this.#nextToken++;
    this.#earlyOutcome = new Promise(resolve => this.#waiting.set(token, resolve));
    const early = [{ token, messages: this.#early }];
    this.#together(() => this.#step({ type: 'opened', now, early }));
  }

  /** What the switch said, or will say, to what it was asked early; told once, as it gets old. */
  takeEarly(): Promise<ExchangeOutcome> | undefined {
    const outcome = this.#earlyOutcome;
    this.#earlyOutcome = undefined;
    return outcome;
  }

  received(chunk: Uint8Array): void {
    if (this.#closed) return;
    this.#now = this.#effects.now();
    this.#isFull = this.#stream.pending > fullAt;
    this.#together(() => {
      try {
        this.#frames.forEach(chunk, this.#visit);
      } catch (thrown) {
        if (!(thrown instanceof WireError)) throw thrown;
        this.close(`this is not OpenFlow: ${thrown.message}`);
      }
    });
  }

  tick(): void {
    this.#together(() => this.#step({ type: 'tick', now: this.#effects.now() }));
  }

  /**
   * Sends messages and a barrier, and waits for all that the switch has to say to them. Never rejects; fails only when
   * the connection has ended. A message that cannot be encoded counts as refused by the switch.
   */
  exchange(messages: readonly Message[], errorsSince?: number): Promise<ExchangeOutcome> {
    const token = this.#nextToken++;
    return new Promise(resolve => {
      this.#waiting.set(token, resolve);
      const now = this.#effects.now();
      const since = errorsSince === undefined ? {} : { errorsSince };
      this.#together(() => this.#step({ type: 'exchange', token, messages, now, ...since }));
    });
  }

  /**
   * Sends what an app wants sent; packets, if the switch keeps up.
   *
   * @throws HeddleError OF_BAD_FRAME for the first message that cannot be encoded; all others are sent
   */
  send(messages: readonly Message[]): void {
    if (this.#closed) return;
    const isFull = this.#stream.pending > fullAt;
    const failures: HeddleError[] = [];
    this.#together(() => {
      for (const message of messages) {
        // A flow that is not deleted would lead astray for long; a packet is only lost.
        if (isFull && message.type === 'packet_out') {
          this.#dropped += 1;
          continue;
        }
        const failure = this.#encode(message);
        if (failure !== undefined) failures.push(failure);
      }
    });
    if (failures[0] !== undefined) throw failures[0];
  }

  close(reason: string): void {
    if (this.#closed) return;
    // The last words first: why a hello was refused.
    this.#write();
    this.#stream.destroy();
    this.#end(reason);
  }

  closed(reason: string): void {
    if (!this.#closed) this.#end(reason);
  }

  #onBytes(bytes: Uint8Array, start: number, end: number): void {
    if (bytes[start + 1] === packetInType && this.#session.phase === 'ready') {
      if (this.#isFull) this.#dropped += 1;
      if (this.#isFull || this.#isAnswered(bytes, start, end)) {
        this.#heard();
        return;
      }
    }
    this.#onFrame(new Uint8Array(bytes.buffer, bytes.byteOffset + start, end - start));
  }

  #isAnswered(bytes: Uint8Array, start: number, end: number): boolean {
    const before = this.#writer.pos;
    if (this.#events.packetBytes?.(bytes, start, end, this.#writer) !== true) return false;
    this.#mods.countIn(this.#writer.bytes, before, this.#writer.pos);
    return true;
  }

  #heard(): void {
    if (this.#now - this.#heardAt < heardEvery) return;
    this.#heardAt = this.#now;
    this.#step({ type: 'heard', now: this.#now });
  }

  #onFrame(frame: Uint8Array): void {
    const now = this.#now;
    let message: Message;
    try {
      message = decode(frame);
    } catch (thrown) {
      if (!(thrown instanceof HeddleError)) throw thrown;
      this.#badFrames += 1;
      if (this.#badFrames > maxBadFrames)
        this.close(`more than ${maxBadFrames} messages that cannot be read`);
      else this.#step({ type: 'bad-frame', frame, now });
      return;
    }
    this.#step({ type: 'message', message, now });
  }

  #step(input: SessionInput): void {
    const { state, outputs } = stepSession(this.#session, input);
    this.#session = state;
    for (const output of outputs) this.#carryOut(output);
    if (this.#unsendable.length === 0) return;
    const now = this.#effects.now();
    for (const xid of this.#unsendable.splice(0))
      this.#step({ type: 'message', message: refusalOf(xid), now });
  }

  #carryOut(output: SessionOutput): void {
    switch (output.type) {
      case 'send':
        if (this.#encode(output.message) !== undefined) this.#unsendable.push(output.message.xid);
        break;
      case 'ready':
        this.#events.ready(output.info);
        break;
      case 'asynchronous':
        this.#events.asynchronous(output.message);
        break;
      case 'port-status':
        this.#events.portStatus(output.message, output.info);
        break;
      case 'outcome': {
        const resolve = this.#waiting.get(output.token);
        this.#waiting.delete(output.token);
        resolve?.(output.outcome);
        break;
      }
      case 'close':
        this.close(output.error.message);
        break;
    }
  }

  /** @returns why it could not be encoded; nothing of it is sent then */
  #encode(message: Message): HeddleError | undefined {
    try {
      encodeInto(this.#writer, message);
      this.#mods.count(message);
      return undefined;
    } catch (thrown) {
      const why = `a ${message.type} cannot be sent: ${messageOf(thrown)}`;
      return new HeddleError('OF_BAD_FRAME', why, { cause: thrown });
    }
  }

  /** Runs something that may send, and writes at its end. */
  #together(run: () => void): void {
    if (this.#corked) {
      run();
      return;
    }
    this.#corked = true;
    try {
      run();
    } finally {
      this.#corked = false;
      this.#flush();
    }
  }

  #flush(): void {
    if (this.#closed) return;
    this.#write();
    const limit = this.#session.phase === 'ready' ? hopelessAt : hopelessGreetingAt;
    if (this.#stream.pending > limit) this.close('it does not read what it is sent');
  }

  #write(): void {
    const { bytes, pos } = this.#writer;
    if (pos === 0) return;
    this.#stream.write(bytes.subarray(0, pos));
    // The socket may still hold these bytes: the writer is filled again only where it does not.
    if (this.#stream.isDrained === true && bytes.length <= largestKept) this.#writer.reset();
    else this.#writer = new Writer();
  }

  #end(reason: string): void {
    this.#closed = true;
    this.#step({ type: 'closed', reason });
    this.#events.closed(reason);
  }
}

/** What a switch would have answered to a message that is too long, or wrong: OFPET_BAD_REQUEST, OFPBRC_BAD_LEN. */
const refusalOf = (xid: number): ErrorMessage => ({
  type: 'error',
  version: OFP_VERSION,
  xid,
  errorType: 1,
  code: 6,
  data: new Uint8Array(0),
});
