/** Stands between a switch and whoever speaks to it: passes all bytes on, and notes the frames of both directions. */
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { FrameSplitter } from '../../src/openflow/index.js';
import { waitFor } from '../wait.js';
import type { Receiver, RecordedFrame } from './recording.js';

/** A Unix socket by its path, or a TCP port of 127.0.0.1. */
export type Place = { readonly path: string } | { readonly port: number };

export interface WiretapOptions {
  /** Where it waits for connections; port 0 is any that is free. */
  readonly listen: Place;
  /** Where it connects on to, once for each connection. */
  readonly onward: Place;
  /** Which end connects to it. */
  readonly accepts: 'switch' | 'controller';
}

export class Wiretap {
  /** Where it listens, for those who connect. */
  readonly place: Place;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #frames: RecordedFrame[] = [];

  private constructor({ listen, onward, accepts }: WiretapOptions) {
    this.place = listen;
    const [near, far]: readonly Receiver[] =
      accepts === 'switch' ? ['controller', 'switch'] : ['switch', 'controller'];
    this.#server = createServer(inner => {
      const outer = connect({ host: '127.0.0.1', ...onward });
      // What the accepted end sends is for the other one.
      this.#pass(inner, outer, near ?? 'switch');
      this.#pass(outer, inner, far ?? 'controller');
    });
  }

  /** Resolves when it waits for connections. */
  static async open(options: WiretapOptions): Promise<Wiretap> {
    const tap = new Wiretap(options);
    tap.#server.listen({ host: '127.0.0.1', ...options.listen });
    await once(tap.#server, 'listening');
    return tap;
  }

  /** The TCP port that it listens on. */
  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  get connections(): number {
    return this.#sockets.size;
  }

  /** The frames since the last call, each direction in its own order: first those to the switch, then those from it. */
  take(): RecordedFrame[] {
    const taken = this.#frames;
    this.#frames = [];
    return [...taken.filter(({ to }) => to === 'switch'), ...taken.filter(({ to }) => to === 'controller')];
  }

  /** How many frames are noted and not taken. */
  get count(): number {
    return this.#frames.length;
  }

  /** Waits until no frame comes any more: what one end sends by itself has no end that could be waited for. */
  async quiet(): Promise<void> {
    let before = -1;
    const isQuiet = (): boolean => {
      const last = before;
      before = this.#frames.length;
      return last === before;
    };
    await waitFor('silence', isQuiet, { intervalMs: 40 });
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #pass(from: Socket, into: Socket, to: Receiver): void {
    const splitter = new FrameSplitter();
    this.#sockets.add(from);
    from.on('data', (chunk: Buffer) => {
      for (const bytes of splitter.push(chunk)) this.#frames.push({ to, bytes: Uint8Array.from(bytes) });
      into.write(chunk);
    });
    from.on('end', () => into.end());
    from.on('error', () => into.destroy());
    from.on('close', () => {
      this.#sockets.delete(from);
      into.destroySoon();
    });
  }
}
