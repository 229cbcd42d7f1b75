/** A real ovsdb-server with Open vSwitch's schema, in a directory of its own, and a client of it. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Operation,
  OvsdbSession,
  type Replica,
  type SessionOutput,
  type TransactionOutcome,
  type WantedTables,
} from '../../src/ovsdb/index.js';

const schemaFile = '/usr/share/openvswitch/vswitch.ovsschema';

/** Why there can be none here, or false. */
export function whyNoServer(): string | false {
  try {
    execFileSync('ovsdb-server', ['--version'], { stdio: 'ignore' });
    return existsSync(schemaFile) ? false : `${schemaFile} is not installed`;
  } catch {
    return 'ovsdb-server is not on PATH';
  }
}

export async function until(what: string, condition: () => boolean): Promise<void> {
  for (const end = Date.now() + 10_000; Date.now() < end; await sleep(5)) if (condition()) return;
  throw new Error(`waited in vain until ${what}`);
}

export class OvsdbServer {
  readonly #directory = mkdtempSync(join(tmpdir(), 'heddle-ovsdb-'));
  readonly #clients: OvsdbClient[] = [];
  readonly #process: ChildProcess;

  private constructor() {
    const database = join(this.#directory, 'conf.db');
    execFileSync('ovsdb-tool', ['create', database, schemaFile]);
    const args = [
      `--remote=punix:${this.path}`,
      `--unixctl=${join(this.#directory, 'control')}`,
      '--no-chdir',
    ];
    this.#process = spawn('ovsdb-server', [...args, database], {
      stdio: 'ignore',
      env: { ...process.env, OVS_RUNDIR: this.#directory },
    });
    process.once('exit', () => this.#process.kill('SIGKILL'));
  }

  static async start(): Promise<OvsdbServer> {
    const server = new OvsdbServer();
    await until('the server listens', () => existsSync(server.path));
    server.vsctl('init');
    return server;
  }

  get path(): string {
    return join(this.#directory, 'db.sock');
  }

  vsctl(...args: readonly string[]): string {
    return execFileSync('ovs-vsctl', [`--db=unix:${this.path}`, '--no-wait', '--timeout=5', ...args])
      .toString()
      .trim();
  }

  async connect(tables: WantedTables): Promise<OvsdbClient> {
    const client = new OvsdbClient(this.path, tables);
    this.#clients.push(client);
    await until('the session is ready', () => client.isReady);
    return client;
  }

  async stop(): Promise<void> {
    for (const client of this.#clients) client.end();
    if (this.#process.exitCode === null && this.#process.signalCode === null) {
      this.#process.kill('SIGTERM');
      await once(this.#process, 'exit');
    }
    rmSync(this.#directory, { recursive: true, force: true, maxRetries: 5 });
  }
}

export class OvsdbClient {
  readonly #session: OvsdbSession;
  readonly #socket: Socket;
  readonly #results = new Map<string | number, (outcome: TransactionOutcome) => void>();
  #token = 0;

  constructor(path: string, tables: WantedTables) {
    this.#session = new OvsdbSession({ database: 'Open_vSwitch', tables, now: Date.now() });
    this.#socket = connect(path);
    this.#socket.on('connect', () => this.#take(this.#session.opened(Date.now())));
    this.#socket.on('data', bytes => this.#take(this.#session.received(bytes, Date.now())));
    this.#socket.on('error', () => undefined);
  }

  get isReady(): boolean {
    return this.#session.replica !== undefined;
  }

  get replica(): Replica {
    if (this.#session.replica === undefined) throw new Error('the session is not ready');
    return this.#session.replica;
  }

  transact(operations: readonly Operation[]): Promise<TransactionOutcome> {
    const token = ++this.#token;
    return new Promise(resolve => {
      this.#results.set(token, resolve);
      this.#take(this.#session.transact(token, operations, Date.now()));
    });
  }

  end(): void {
    this.#socket.destroy();
  }

  #take(outputs: readonly SessionOutput[]): void {
    for (const output of outputs) {
      if (output.type === 'send') this.#socket.write(output.text);
      else if (output.type === 'result') this.#results.get(output.token)?.(output.outcome);
    }
  }
}
