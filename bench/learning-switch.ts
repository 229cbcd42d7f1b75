/**
 * The learning switch's answers per second through real sockets: 16 switches with 64 PACKET_INs outstanding each, 100
 * MACs; every answer is a FLOW_MOD and a PACKET_OUT. Beside it, in the same run and by turns: a bare Node responder, and
 * ovs-testcontroller where it is installed.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { FakeSwitch } from './load/fake-switch.js';
import { median, type BenchResult } from './result.js';

const switches = 16;
const outstanding = 64;
const macs = 100;
const rounds = 5;
const seconds = 2;
const firstPort = 16_653;

interface Peer {
  readonly name: string;
  readonly start: (port: number) => ChildProcess;
}

const script = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const quiet = { stdio: 'ignore' } as const;

const heddle: Peer = {
  name: 'heddle',
  start: port => spawn(process.execPath, [script('./load/serve.js'), String(port)], quiet),
};
const bare: Peer = {
  name: 'bare Node responder',
  start: port => spawn(process.execPath, [script('./peers/bare-responder.js'), String(port)], quiet),
};
const testcontroller: Peer = {
  name: 'ovs-testcontroller',
  start: port =>
    spawn('ovs-testcontroller', ['-O', 'OpenFlow13', '--unixctl=none', `ptcp:${port}:127.0.0.1`], quiet),
};

interface Round {
  readonly perSecond: number;
  readonly lost: number;
  readonly stray: number;
}

export async function run(): Promise<BenchResult> {
  const hasTestcontroller = spawnSync('ovs-testcontroller', ['--version'], quiet).status === 0;
  const peers = [heddle, bare, ...(hasTestcontroller ? [testcontroller] : [])];
  const seen = new Map<string, Round[]>(peers.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, peer] of peers.entries()) {
      const port = firstPort + round * peers.length + index;
      seen.get(peer.name)?.push(await measure(peer, port));
    }
  }
  const rows = [...seen].map(([name, all]) => ({
    name,
    unit: 'answers/s',
    median: median(all.map(({ perSecond }) => perSecond)),
    lowest: Math.min(...all.map(({ perSecond }) => perSecond)),
    highest: Math.max(...all.map(({ perSecond }) => perSecond)),
    lost: all.reduce((sum, { lost }) => sum + lost, 0),
    stray: all.reduce((sum, { stray }) => sum + stray, 0),
  }));
  return {
    name: 'learning-switch',
    what: `${switches} switches, ${outstanding} outstanding each, ${macs} MACs, ${rounds} rounds of ${seconds} s`,
    rows,
    ratios: peers.slice(1).map(({ name }) => ({
      name: `heddle / ${name}`,
      // Pair by pair, so that the machine's speed may drift between rounds.
      value: median(
        (seen.get('heddle') ?? []).map((mine, i) => mine.perSecond / (seen.get(name)?.[i]?.perSecond ?? NaN)),
      ),
    })),
  };
}

async function measure(peer: Peer, port: number): Promise<Round> {
  const child = peer.start(port);
  const all: FakeSwitch[] = [];
  try {
    await listening(port);
    for (let i = 0; i < switches; i += 1) {
      all.push(await FakeSwitch.connect({ port, dpid: BigInt(i + 1), outstanding, macs }));
    }
    await Promise.all(all.map(one => one.warmUp()));
    const count = (): number => all.reduce((sum, one) => sum + one.counts.answered, 0);
    const before = count();
    const start = performance.now();
    await sleep(seconds * 1000);
    const perSecond = (count() - before) / ((performance.now() - start) / 1000);
    for (const one of all) one.stop();
    await sleep(300);
    return {
      perSecond,
      lost: all.reduce((sum, one) => sum + one.outstanding, 0),
      stray: all.reduce((sum, one) => sum + one.counts.stray, 0),
    };
  } finally {
    for (const one of all) one.close();
    child.kill('SIGKILL');
  }
}

/** Tries for 10 s to reach the port. */
async function listening(port: number): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const open = await new Promise<boolean>(resolve => {
      const socket = connect({ port, host: '127.0.0.1' });
      socket.once('connect', () => {
        socket.destroy();
        resolve(true);
      });
      socket.once('error', () => resolve(false));
    });
    if (open) return;
    await sleep(50);
  }
  throw new Error(`nothing listens on port ${port}`);
}

const sleep = (ms: number): Promise<void> => new Promise(done => setTimeout(done, ms));
