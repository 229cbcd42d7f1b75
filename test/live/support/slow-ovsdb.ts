/** A way to a host's OVSDB that can be made to stand still, so that what a client knows of it is old when it writes. */
import { rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';

export class SlowOvsdb {
  readonly path: string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** Those of the databases' own ends, which are paused while the way stands still. */
  readonly #databases = new Set<Socket>();
  #isHeld = false;

  private constructor(path: string, database: string) {
    this.path = path;
    this.#server = createServer(client => {
      const server = connect({ path: database });
      this.#databases.add(server);
      for (const [one, other] of [
        [client, server],
        [server, client],
      ] as const) {
        this.#sockets.add(one);
        one.on('data', chunk => other.write(chunk));
        one.on('error', () => undefined);
        one.on('close', () => {
          this.#sockets.delete(one);
          this.#databases.delete(one);
          other.destroy();
        });
      }
      if (this.#isHeld) server.pause();
    });
  }

  /** A Unix socket at `path` that leads to the one at `database`; sockets are files, and so are seen in all namespaces. */
  static open(path: string, database: string): Promise<SlowOvsdb> {
    const slow = new SlowOvsdb(path, database);
    return new Promise((resolve, reject) => {
      slow.#server.once('error', reject);
      slow.#server.listen({ path }, () => resolve(slow));
    });
  }

  /** From now on nothing that the database says gets through; what it is told does. */
  hold(): void {
    this.#isHeld = true;
    for (const socket of this.#databases) socket.pause();
  }

  /** What was held back gets through. */
  release(): void {
    this.#isHeld = false;
    for (const socket of this.#databases) socket.resume();
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    rmSync(this.path, { force: true });
  }
}
