/** Where the lab waits for its agents. Each is known by its address, which the engine gave to its container alone. */
import { createServer, type Server, type Socket } from 'node:net';
import { HeddleError } from '../../src/lib/errors.js';
import { RemoteHost } from './remote-host.js';
import { waitFor } from '../wait.js';

export interface RendezvousOptions {
  /** Where to listen. */
  readonly address: string;
  readonly port: number;
  /** Who may come: a name for each address. */
  readonly names: ReadonlyMap<string, string>;
  readonly signal: AbortSignal;
}

export class Rendezvous {
  readonly #hosts = new Map<string, RemoteHost>();
  readonly #server: Server;
  readonly #signal: AbortSignal;

  private constructor(server: Server, { names, signal }: RendezvousOptions) {
    this.#server = server;
    this.#signal = signal;
    server.on('connection', (socket: Socket) => {
      const name = names.get(socket.remoteAddress ?? '');
      if (name === undefined || this.#hosts.has(name)) socket.destroy();
      else this.#hosts.set(name, new RemoteHost(name, socket));
    });
  }

  /** Returns when it listens. @throws HeddleError LISTEN_FAILED */
  static async open(options: RendezvousOptions): Promise<Rendezvous> {
    const server = createServer();
    const rendezvous = new Rendezvous(server, options);
    await new Promise<void>((resolve, reject) => {
      server.once('error', error =>
        reject(new HeddleError('LISTEN_FAILED', error.message, { cause: error })),
      );
      server.listen(options.port, options.address, resolve);
    });
    return rendezvous;
  }

  get hosts(): readonly RemoteHost[] {
    return [...this.#hosts.values()];
  }

  /** The port that it listens on, which the kernel chose where the options say 0. */
  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  /** Waits for an agent. @throws HeddleError LAB_FAILED when it does not come */
  host(name: string, timeoutMs = 60_000): Promise<RemoteHost> {
    const look = (): RemoteHost | undefined => this.#hosts.get(name);
    return waitFor(`the container of ${name}`, look, { timeoutMs, signal: this.#signal });
  }

  /** Dismisses every agent and listens no more. */
  async close(): Promise<void> {
    this.#server.close();
    await Promise.all(this.hosts.map(host => host.dismiss()));
  }
}
