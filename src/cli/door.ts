import type { TcpEndpoint } from '../config/endpoint.js';
import type { Listener } from '../io/streams.js';
import { same } from '../lib/same.js';

/** A move that has not been decided yet: both addresses are open, or the new one alone where there is no room for both. */
export interface Move {
  /** Closes the old address; connections that stand go on. */
  done(): void;
  undo(): Promise<void>;
}

const noMove: Move = { done: () => undefined, undo: () => Promise.resolve() };

/** An address where Heddle listens, which a new file may change while it runs. */
export class Door {
  readonly #open: (endpoint: TcpEndpoint) => Promise<Listener>;
  #endpoint: TcpEndpoint;
  #listener: Listener;

  private constructor(
    open: (endpoint: TcpEndpoint) => Promise<Listener>,
    endpoint: TcpEndpoint,
    listener: Listener,
  ) {
    this.#open = open;
    this.#endpoint = endpoint;
    this.#listener = listener;
  }

  /** @throws HeddleError LISTEN_FAILED */
  static async open(
    endpoint: TcpEndpoint,
    open: (endpoint: TcpEndpoint) => Promise<Listener>,
  ): Promise<Door> {
    return new Door(open, endpoint, await open(endpoint));
  }

  get address(): string {
    return `${this.#listener.address}:${this.#listener.port}`;
  }

  get port(): number {
    return this.#listener.port;
  }

  /** @throws HeddleError LISTEN_FAILED: the old address is open then, as before */
  async move(to: TcpEndpoint): Promise<Move> {
    const from = this.#endpoint;
    if (same(from, to)) return noMove;
    const old = this.#listener;
    // 0.0.0.0 and 127.0.0.1 cannot both be listened on at one port.
    const makesRoom = from.port === to.port;
    if (makesRoom) old.retire();
    const back = async (): Promise<void> => {
      if (makesRoom) this.#listener = await this.#open(from);
      else this.#listener = old;
      this.#endpoint = from;
    };
    try {
      this.#listener = await this.#open(to);
    } catch (thrown) {
      await back();
      throw thrown;
    }
    this.#endpoint = to;
    const now = this.#listener;
    return {
      done: () => {
        if (!makesRoom) old.retire();
      },
      undo: async () => {
        now.retire();
        await back();
      },
    };
  }

  close(): Promise<void> {
    return this.#listener.close();
  }
}
