import { HeddleError, messageOf, WireError } from '../lib/errors.js';
import {
  decode,
  encodeInto,
  FrameSplitter,
  initialSession,
  type ExchangeOutcome,
  type Message,
  type PortStatus,
  type SessionInput,
  type SessionOutput,
  type SessionState,
  stepSession,
  type SwitchInfo,
  Writer,
} from '../openflow/index.js';
import type { Effects, Stream, StreamHandlers } from './effects.js';

/** What a connection tells its owner. */
export interface SwitchEvents {
  ready(info: SwitchInfo): void;
  asynchronous(message: Message): void;
  portStatus(message: PortStatus, info: SwitchInfo): void;
  /** Told once. */
  closed(reason: string): void;
}

/** A switch that takes no more bytes: what apps send by themselves is dropped above the first, the connection above the second. */
const fullAt = 4 * 2 ** 20;
const hopelessAt = 256 * 2 ** 20;
/** Frames that cannot be decoded, in one connection, before it is given up. */
const maxBadFrames = 100;

/** One OpenFlow connection: bytes in, session, bytes out; one write for all that one read brought about. */
export class SwitchConnection implements StreamHandlers {
  readonly #stream: Stream;
  readonly #effects: Effects;
  readonly #events: SwitchEvents;
  readonly #frames = new FrameSplitter();
  readonly #writer = new Writer();
  readonly #waiting = new Map<number, (outcome: ExchangeOutcome) => void>();
  #session: SessionState = initialSession;
  #nextToken = 1;
  #reason: string | undefined;
  #closed = false;
  #corked = false;
  #badFrames = 0;
  #dropped = 0;

  constructor(stream: Stream, effects: Effects, events: SwitchEvents) {
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

  /** Messages of apps that were not sent, since the switch did not take what was sent before. */
  get dropped(): number {
    return this.#dropped;
  }

  open(): void {
    this.#together(() => this.#step({ type: 'opened', now: this.#effects.now() }));
  }

  received(chunk: Uint8Array): void {
    if (this.#closed) return;
    this.#together(() => {
      try {
        for (const frame of this.#frames.push(chunk)) {
          this.#onFrame(frame);
          if (this.#closed) return;
        }
      } catch (thrown) {
        if (!(thrown instanceof WireError)) throw thrown;
        this.close(`this is not OpenFlow: ${thrown.message}`);
      }
    });
  }

  tick(): void {
    this.#together(() => this.#step({ type: 'tick', now: this.#effects.now() }));
  }

  /** Sends messages and a barrier, and waits for all that the switch has to say to them. Never rejects. */
  exchange(messages: readonly Message[], errorsSince?: number): Promise<ExchangeOutcome> {
    const token = this.#nextToken++;
    return new Promise(resolve => {
      this.#waiting.set(token, resolve);
      const now = this.#effects.now();
      const since = errorsSince === undefined ? {} : { errorsSince };
      this.#together(() => this.#step({ type: 'exchange', token, messages, now, ...since }));
    });
  }

  /** Sends what an app wants sent, if the switch keeps up. */
  send(messages: readonly Message[]): void {
    if (this.#stream.pending > fullAt) {
      this.#dropped += messages.length;
      return;
    }
    this.#together(() => {
      for (const message of messages) this.#encode(message);
    });
  }

  close(reason: string): void {
    if (this.#closed) return;
    this.#reason = reason;
    this.#flush();
    this.#stream.destroy();
    this.#end(reason);
  }

  closed(reason: string): void {
    if (!this.#closed) this.#end(this.#reason ?? reason);
  }

  #onFrame(frame: Uint8Array): void {
    const now = this.#effects.now();
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
  }

  #carryOut(output: SessionOutput): void {
    switch (output.type) {
      case 'send':
        this.#encode(output.message);
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

  #encode(message: Message): void {
    const start = this.#writer.pos;
    try {
      encodeInto(this.#writer, message);
    } catch (thrown) {
      this.#writer.pos = start;
      throw new HeddleError('OF_BAD_FRAME', `a ${message.type} cannot be sent: ${messageOf(thrown)}`, {
        cause: thrown,
      });
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
    if (this.#writer.pos === 0 || this.#closed) return;
    // A copy: the socket may still hold these bytes when the writer is filled again.
    this.#stream.write(this.#writer.bytes.slice(0, this.#writer.pos));
    this.#writer.pos = 0;
    if (this.#stream.pending > hopelessAt) this.close('it does not read what it is sent');
  }

  #end(reason: string): void {
    this.#closed = true;
    this.#step({ type: 'closed', reason });
    this.#events.closed(reason);
  }
}
