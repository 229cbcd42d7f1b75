import { type Dpid, formatDpid } from '../../lib/addresses.js';
import { messageOf } from '../../lib/errors.js';
import {
  decode,
  encode,
  FrameSplitter,
  type Hello,
  type Message,
  OFP_VERSION,
} from '../../openflow/index.js';
import { answered, type Exchange, openExchange } from '../../openflow/session/exchange.js';
import type { Stream, StreamHandlers } from '../effects.js';
import { readingOf, readingRequests, type SwitchReading } from '../switch-reading.js';

export interface SwitchReaderOptions {
  /** Whether this switch is to be read; any other one is let go at once. */
  readonly isExpected: (dpid: Dpid) => boolean;
  readonly onReading: (reading: SwitchReading) => void;
  /** An expected switch could not be read, for this reason. */
  readonly onFailure: (dpid: Dpid, why: string) => void;
}

type Phase =
  | { readonly name: 'hello' | 'features' | 'done' }
  | { readonly name: 'reading'; readonly dpid: Dpid; readonly exchange: Exchange };

const featuresXid = 2;

/**
 * Reads one switch that has dialled in, and lets it go. Not a session: that would set how fragments are handled
 * (SET_CONFIG). All that is sent here asks. And until it is known which switch this is, nothing is sent that would make
 * Open vSwitch take us for a controller that serves it, and leave its own way of forwarding (fail_mode=standalone).
 */
export class SwitchReader implements StreamHandlers {
  readonly #stream: Stream;
  readonly #options: SwitchReaderOptions;
  readonly #frames = new FrameSplitter();
  #phase: Phase = { name: 'hello' };

  constructor(stream: Stream, options: SwitchReaderOptions) {
    this.#stream = stream;
    this.#options = options;
    this.#send({ type: 'hello', xid: 1, version: OFP_VERSION, versions: [OFP_VERSION] } satisfies Hello);
  }

  received(chunk: Uint8Array): void {
    if (this.#phase.name === 'done') return;
    try {
      // To its end, also when no more is wanted of it.
      for (const frame of this.#frames.push(chunk)) this.#onMessage(decode(frame));
    } catch (thrown) {
      this.#end(`it sent what cannot be read: ${messageOf(thrown)}`);
    }
  }

  closed(reason: string): void {
    this.#end(reason);
  }

  #onMessage(message: Message): void {
    if (message.type === 'echo_request') {
      this.#send({ type: 'echo_reply', xid: message.xid, data: message.data });
      return;
    }
    switch (this.#phase.name) {
      case 'hello':
        if (message.type !== 'hello') this.#end();
        else {
          this.#phase = { name: 'features' };
          this.#send({ type: 'features_request', xid: featuresXid });
        }
        break;
      case 'features':
        if (message.type === 'features_reply') this.#onFeatures(message.datapathId);
        else if (message.type === 'error') this.#end();
        break;
      case 'reading':
        this.#onAnswer(this.#phase, message);
        break;
      case 'done':
        break;
    }
  }

  #onFeatures(dpid: Dpid): void {
    if (!this.#options.isExpected(dpid)) {
      this.#end();
      return;
    }
    const { exchange, messages } = openExchange(0, readingRequests, featuresXid + 1, 0);
    this.#phase = { name: 'reading', dpid, exchange };
    this.#send(...messages);
  }

  #onAnswer({ dpid, exchange }: Phase & { name: 'reading' }, message: Message): void {
    const progress = answered(exchange, message, 0);
    switch (progress?.type) {
      case undefined:
        break;
      case 'more':
        this.#phase = { name: 'reading', dpid, exchange: progress.exchange };
        break;
      case 'broken':
        this.#end(`it ${progress.why}`);
        break;
      case 'done': {
        const reading = readingOf(dpid, progress);
        this.#phase = { name: 'done' };
        this.#stream.destroy();
        if (reading !== undefined) this.#options.onReading(reading);
        break;
      }
    }
  }

  #send(...messages: readonly Message[]): void {
    if (this.#phase.name === 'done') return;
    for (const message of messages) this.#stream.write(encode(message));
  }

  #end(why?: string): void {
    const phase = this.#phase;
    this.#phase = { name: 'done' };
    this.#stream.destroy();
    if (phase.name === 'reading')
      this.#options.onFailure(phase.dpid, why ?? `switch ${formatDpid(phase.dpid)} was let go`);
  }
}
