import { connect, type Socket } from 'node:net';
import { type } from '../codes.js';
import { Frames } from '../frames.js';
import { Greeting } from './greeting.js';
import { isFlood, numberIn, Packets, type PacketShape } from './packets.js';
import { Slots } from './slots.js';

export interface SwitchOptions extends PacketShape {
  readonly port: number;
  readonly dpid: bigint;
  /** PACKET_INs without an answer at any time. */
  readonly outstanding: number;
}

/** What has come from the controller. */
export interface SwitchCounts {
  /** PACKET_OUTs that answer a PACKET_IN that is open. */
  answered: number;
  flowMods: number;
  /** Answers that send the packet to all ports. */
  floods: number;
}

/** A question that has no answer for so long is given up, and asked anew. Milliseconds. */
const patience = 1_000;

/** A switch with no buffers that keeps a number of PACKET_INs open, and writes once for all that one read has answered. */
export class LoadSwitch {
  readonly counts: SwitchCounts = { answered: 0, flowMods: 0, floods: 0 };
  readonly slots: Slots;
  readonly #packets: Packets;
  readonly #greeting: Greeting;
  readonly #socket: Socket;
  readonly #free: number[] = [];
  readonly #replies: Uint8Array[] = [];
  /** When it was programmed; `performance.now()`. */
  programmedAt: number | undefined;
  #failure: string | undefined;
  #running = false;
  #fresh = false;
  #now = 0;

  constructor(options: SwitchOptions) {
    this.slots = new Slots(options.outstanding);
    this.#packets = new Packets(options);
    this.#greeting = new Greeting(options.dpid);
    const frames = new Frames((bytes, at, length) => this.#frame(bytes, at, length));
    this.#socket = connect({
      host: '127.0.0.1',
      port: options.port,
      noDelay: true,
      onread: {
        buffer: new Uint8Array(2 ** 16),
        callback: (size, buffer) => {
          frames.push(buffer.subarray(0, size));
          this.#flush();
          return true;
        },
      },
    });
    this.#socket.on('connect', () => this.#socket.write(Greeting.hello));
    this.#socket.on('error', error => (this.#failure = error.message));
    this.#socket.on('close', () => (this.#failure ??= 'the controller closed the connection'));
  }

  /** Why its connection has ended. */
  get failure(): string | undefined {
    return this.#failure;
  }

  /** From now on all slots ask. */
  start(): void {
    this.#running = true;
    this.#now = performance.now();
    for (let slot = 0; slot < this.slots.count; slot += 1) this.#free.push(slot);
    this.#flush();
  }

  /** The controller knows all hosts: sources may be new from now on. */
  warm(): void {
    this.#fresh = true;
  }

  /** Asks no more; answers still come in. */
  stop(): void {
    this.#running = false;
  }

  /** Gives up what waits for too long. */
  tick(): void {
    this.#now = performance.now();
    this.#free.push(...this.slots.giveUp(this.#now - patience));
    this.#flush();
  }

  close(): void {
    this.#socket.destroy();
  }

  #frame(bytes: Uint8Array, at: number, length: number): void {
    switch (bytes[at + 1]) {
      case type.packetOut: {
        const slot = this.slots.answer(numberIn(bytes, at));
        if (slot === undefined) return;
        this.counts.answered += 1;
        if (isFlood(bytes, at)) this.counts.floods += 1;
        this.#free.push(slot);
        break;
      }
      case type.flowMod:
        this.counts.flowMods += 1;
        this.#greeting.flowMod();
        break;
      default: {
        const reply = this.#greeting.answer(bytes, at, length);
        if (reply !== undefined) this.#replies.push(reply);
      }
    }
    if (this.programmedAt === undefined && this.#greeting.isProgrammed) this.programmedAt = performance.now();
  }

  #flush(): void {
    if (this.#replies.length > 0) this.#socket.write(Buffer.concat(this.#replies.splice(0)));
    if (!this.#running || this.#free.length === 0) return;
    const { size } = this.#packets;
    const block = Buffer.allocUnsafe(this.#free.length * size);
    let at = 0;
    for (const slot of this.#free) {
      this.#packets.put(block, at, this.slots.ask(slot, this.#now), !this.#fresh);
      at += size;
    }
    this.#free.length = 0;
    this.#socket.write(block);
  }
}
