/**
 * A real ovs-vswitchd with its dummy datapath: it translates as any other, forwards nothing, and needs neither root nor a
 * namespace. Its bridge is spoken to in OpenFlow, and asked by `ofproto/trace` what it would do with a frame.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  decode,
  encode,
  FrameSplitter,
  formatMatch,
  match,
  type Message,
  multipart,
  OFPP,
  type Port,
} from '../../../src/openflow/index.js';
import { Fields, type FrameFields } from '../../support/switch-model/index.js';
import { type DatapathOutput, parseDatapathActions, tagsOf } from './datapath-actions.js';

export interface DummyOptions {
  /** Access ports of bridge br0, by number: p1, p2 … */
  readonly ports: readonly number[];
  /** The number of its flow-based tunnel port. */
  readonly tunnel: number;
  /** Tunnel addresses that are routed to, beside its own 10.97.0.1. */
  readonly peers: readonly string[];
}

/** OFPP.LOCAL as it was in OpenFlow 1.0: what Open vSwitch shows. */
const localPort16 = 65_534;

const schemaFile = '/usr/share/openvswitch/vswitch.ovsschema';

/** Why there can be none here, or false. */
export function whyNoSwitch(): string | false {
  for (const program of ['ovsdb-server', 'ovs-vswitchd', 'ovs-appctl'])
    try {
      execFileSync(program, ['--version'], { stdio: 'ignore' });
    } catch {
      return `${program} is not on PATH`;
    }
  return existsSync(schemaFile) ? false : `${schemaFile} is not installed`;
}

export class DummySwitch {
  readonly #directory = mkdtempSync(join(tmpdir(), 'heddle-dummy-'));
  readonly #processes: ChildProcess[] = [];
  readonly #options: DummyOptions;
  readonly #numbers = new Map<number, number>();
  #connection: Connection | undefined;

  private constructor(options: DummyOptions) {
    this.#options = options;
  }

  static async start(options: DummyOptions): Promise<DummySwitch> {
    const dummy = new DummySwitch(options);
    try {
      await dummy.#start();
      return dummy;
    } catch (thrown) {
      await dummy.stop();
      throw thrown;
    }
  }

  async #start(): Promise<void> {
    const { ports, tunnel, peers } = this.#options;
    const database = this.#path('conf.db');
    execFileSync('ovsdb-tool', ['create', database, schemaFile]);
    await this.#spawn('ovsdb-server', [database, `--remote=punix:${this.#path('db.sock')}`], 'db.sock');
    this.#vsctl('--no-wait', 'init');
    await this.#spawn('ovs-vswitchd', [
      `unix:${this.#path('db.sock')}`,
      '--enable-dummy',
      '--disable-system',
      '--disable-system-route',
    ]);
    const bridge = (name: string): string[] => [
      ...['--', 'add-br', name, '--', 'set', 'Bridge', name, 'datapath_type=dummy', 'fail_mode=secure'],
    ];
    const port = (on: string, name: string, ...settings: string[]): string[] => [
      ...['--', 'add-port', on, name, '--', 'set', 'Interface', name, ...settings],
    ];
    this.#vsctl(
      ...bridge('br-phy'),
      ...port('br-phy', 'phy', 'type=dummy'),
      ...bridge('br0'),
      ...['--', 'set', 'Bridge', 'br0', 'protocols=OpenFlow13'],
      ...ports.flatMap(number => port('br0', `p${number}`, 'type=dummy', `ofport_request=${number}`)),
      ...port(
        ...(['br0', 'vx', 'type=vxlan', 'options:remote_ip=flow', 'options:key=flow'] as const),
        `ofport_request=${tunnel}`,
      ),
    );
    execFileSync('ovs-ofctl', ['add-flow', 'br-phy', 'actions=output:1'], { env: this.#env });
    // No system's routes are read: these are all there are.
    this.appctl('netdev-dummy/ip4addr', 'br-phy', '10.97.0.1/24');
    this.appctl('ovs/route/add', '10.97.0.0/24', 'br-phy');
    peers.forEach((peer, index) =>
      this.appctl('tnl/neigh/set', 'br-phy', peer, `aa:55:aa:55:00:${(index + 16).toString(16)}`),
    );
    const [, own = ''] = this.appctl('dpif/show').split(/^ {2}br0:$/m);
    for (const [, ofport, number] of own.matchAll(/^ {4}\S+ (\d+)\/(\d+): /gm))
      this.#numbers.set(Number(number), Number(ofport) === localPort16 ? OFPP.LOCAL : Number(ofport));
    this.#connection = await Connection.open(this.#path('br0.mgmt'));
  }

  /** Sends messages and a barrier. @returns all that it answers, without the barrier's */
  exchange(messages: readonly Message[]): Promise<readonly Message[]> {
    if (this.#connection === undefined) throw new Error('it is not started');
    return this.#connection.exchange(messages);
  }

  /** The transaction id of the first message of the last exchange: the others follow it. */
  get lastFirst(): number {
    return this.#connection?.first ?? 0;
  }

  async portDescriptions(): Promise<readonly Port[]> {
    const replies = await this.exchange([multipart({ type: 'port_desc' })]);
    return replies.flatMap(reply =>
      reply.type === 'multipart_reply' && reply.body.type === 'port_desc' ? reply.body.entries : [],
    );
  }

  /**
   * Asks where a frame would go; `learn` lets it be learned from too.
   * @returns undefined where the translation ended in an error, and the frame is dropped
   */
  trace(frame: FrameFields, learn = false): readonly DatapathOutput[] | undefined {
    const flow = formatMatch(match(frame));
    const text = this.appctl('ofproto/trace', 'br0', flow, ...(learn ? ['-generate'] : []));
    const actions = /^Datapath actions: (.*)$/m.exec(text)?.[1];
    if (actions === undefined) throw new Error(`no datapath actions in ${text}`);
    if (/over max translation depth|over 4096 resubmit|Translation failed/.test(text)) return undefined;
    const { eth_src: ethSrc = 0, eth_dst: ethDst = 0 } = frame;
    const header = { ethSrc, ethDst, tags: tagsOf(Fields.of(frame)) };
    return parseDatapathActions(actions, header, number => this.#numbers.get(number));
  }

  appctl(...args: readonly string[]): string {
    return execFileSync('ovs-appctl', ['-t', this.#path('ovs-vswitchd.ctl'), ...args], {
      env: this.#env,
      encoding: 'utf8',
      maxBuffer: 2 ** 26,
    });
  }

  async stop(): Promise<void> {
    this.#connection?.end();
    for (const child of this.#processes.reverse()) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill('SIGTERM');
      await once(child, 'exit');
    }
    rmSync(this.#directory, { recursive: true, force: true });
  }

  get #env(): NodeJS.ProcessEnv {
    const directory = this.#directory;
    return { ...process.env, OVS_RUNDIR: directory, OVS_LOGDIR: directory, OVS_DBDIR: directory };
  }

  #path(name: string): string {
    return join(this.#directory, name);
  }

  #vsctl(...args: readonly string[]): void {
    const where = [`--db=unix:${this.#path('db.sock')}`, '--timeout=10'];
    execFileSync('ovs-vsctl', [...where, ...args], { env: this.#env });
  }

  async #spawn(program: string, args: readonly string[], socket = `${program}.ctl`): Promise<void> {
    const own = [`--unixctl=${this.#path(`${program}.ctl`)}`, '--no-chdir', '-vconsole:off'];
    const child = spawn(program, [...args, ...own], { stdio: 'ignore', env: this.#env });
    this.#processes.push(child);
    const end = Date.now() + 10_000;
    while (!existsSync(this.#path(socket))) {
      if (Date.now() > end || child.exitCode !== null) throw new Error(`${program} does not start`);
      await sleep(5);
    }
  }
}

/** The bridge's own service connection (ovs-vswitchd(8), BRIDGE.mgmt): nothing is sent there that was not asked for. */
class Connection {
  readonly #socket: Socket;
  readonly #frames = new FrameSplitter();
  #replies: Message[] = [];
  #xid = 1;
  first = 0;
  #done: { readonly barrier: number; readonly resolve: (replies: readonly Message[]) => void } | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', bytes => this.#onData(bytes));
    socket.on('error', () => undefined);
  }

  static async open(path: string): Promise<Connection> {
    const socket = connect(path);
    await once(socket, 'connect');
    const connection = new Connection(socket);
    socket.write(encode({ type: 'hello', xid: 0, version: 4, versions: [4] }));
    await connection.exchange([]);
    return connection;
  }

  exchange(messages: readonly Message[]): Promise<readonly Message[]> {
    this.first = this.#xid;
    const numbered = messages.map(message => ({ ...message, xid: this.#xid++ }));
    const barrier = this.#xid++;
    this.#replies = [];
    return new Promise(resolve => {
      this.#done = { barrier, resolve };
      for (const message of numbered) this.#socket.write(encode(withinBundle(message)));
      this.#socket.write(encode({ type: 'barrier_request', xid: barrier }));
    });
  }

  end(): void {
    this.#socket.destroy();
  }

  #onData(bytes: Uint8Array): void {
    for (const frame of this.#frames.push(bytes)) {
      const message = decode(Uint8Array.from(frame));
      if (message.type === 'barrier_reply' && message.xid === this.#done?.barrier)
        this.#done.resolve(this.#replies);
      else if (message.type === 'echo_request')
        this.#socket.write(encode({ type: 'echo_reply', xid: message.xid, data: message.data }));
      else this.#replies.push(message);
    }
  }
}

const withinBundle = (message: Message): Message =>
  message.type === 'bundle_add' ? { ...message, message: { ...message.message, xid: message.xid } } : message;
