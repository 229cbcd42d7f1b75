/** A way to a host's OVSDB that can be made to stand still, so that what a client knows of it is old when it writes. */
import { rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { waitFor } from '../../../lab/wait.js';
import { JsonStream } from '../../../src/ovsdb/json-stream.js';

/** What is used of a message [RFC 7047 4]. */
interface Message {
  readonly id?: unknown;
  readonly method?: unknown;
}

/** An answer may be what the next transaction was waiting for. Milliseconds. */
const calm = 100;

export class SlowOvsdb {
  readonly path: string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** Those of the databases' own ends, which are paused while the way stands still. */
  readonly #databases = new Set<Socket>();
  /** Transactions that the database has not answered yet, each by its connection and id. */
  readonly #underWay = new Set<string>();
  #connections = 0;
  #isHeld = false;

  private constructor(path: string, database: string) {
    this.path = path;
    this.#server = createServer(client => {
      const server = connect({ path: database });
      this.#databases.add(server);
      this.#follow(client, server);
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

  /**
   * From now on nothing that the database says gets through; what it is told does. A transaction that is under way gets its answer
   * first: a client that waits for one plans nothing.
   */
  async hold(): Promise<void> {
    await waitFor('transactions to be answered', async () => {
      if (this.#underWay.size > 0) return false;
      await sleep(calm);
      return this.#underWay.size === 0;
    });
    this.#isHeld = true;
    for (const socket of this.#databases) socket.pause();
  }

  /** What was held back gets through. */
  release(): void {
    this.#isHeld = false;
    for (const socket of this.#databases) socket.resume();
  }

  #follow(client: Socket, server: Socket): void {
    const connection = (this.#connections += 1);
    const nameOf = (id: unknown): string => `${connection} ${JSON.stringify(id)}`;
    const [asked, told] = [new JsonStream(), new JsonStream()];
    client.on('data', chunk => {
      for (const text of asked.push(chunk) as Message[])
        if (text.method === 'transact') this.#underWay.add(nameOf(text.id));
    });
    server.on('data', chunk => {
      for (const text of told.push(chunk) as Message[])
        if ('result' in text) this.#underWay.delete(nameOf(text.id));
    });
    server.on('close', () => {
      for (const name of this.#underWay) if (name.startsWith(`${connection} `)) this.#underWay.delete(name);
    });
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    rmSync(this.path, { force: true });
  }
}
