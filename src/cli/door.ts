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

/** An address where Heddle listens, which a new file may change, give or take away while it runs. */
export class Door {
  readonly #open: (endpoint: TcpEndpoint) => Promise<Listener>;
  /** Neither is there where the file names no such address. */
  #endpoint: TcpEndpoint | undefined;
  #listener: Listener | undefined;

  private constructor(
    open: (endpoint: TcpEndpoint) => Promise<Listener>,
    endpoint: TcpEndpoint | undefined,
    listener: Listener | undefined,
  ) {
    this.#open = open;
    this.#endpoint = endpoint;
    this.#listener = listener;
  }

  /** @throws HeddleError LISTEN_FAILED */
  static async open(
    endpoint: TcpEndpoint | undefined,
    open: (endpoint: TcpEndpoint) => Promise<Listener>,
  ): Promise<Door> {
    return new Door(open, endpoint, endpoint && (await open(endpoint)));
  }

  /** Undefined while it is not open. */
  get address(): string | undefined {
    return this.#listener && `${this.#listener.address}:${this.#listener.port}`;
  }

  get port(): number | undefined {
    return this.#listener?.port;
  }

  /** @throws HeddleError LISTEN_FAILED: the old address is open then, as before */
  async move(to: TcpEndpoint | undefined): Promise<Move> {
    const from = this.#endpoint;
    if (same(from, to)) return noMove;
    const old = this.#listener;
    // 0.0.0.0 and 127.0.0.1 cannot both be listened on at one port.
    const makesRoom = from !== undefined && from.port === to?.port;
    if (makesRoom) old?.retire();
    const back = async (): Promise<void> => {
      this.#listener = makesRoom ? await this.#open(from) : old;
      this.#endpoint = from;
    };
    try {
      this.#listener = to && (await this.#open(to));
    } catch (thrown) {
      await back();
      throw thrown;
    }
    this.#endpoint = to;
    const now = this.#listener;
    return {
      done: () => {
        if (!makesRoom) old?.retire();
      },
      undo: async () => {
        now?.retire();
        await back();
      },
    };
  }

  async close(): Promise<void> {
    await this.#listener?.close();
  }
}
