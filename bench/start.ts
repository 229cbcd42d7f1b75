/**
 * How long `heddle run FILE` takes from the start of its process until a switch can connect, and what memory it then has: as it
 * is published, beside a bare `node -e` that listens, by turns in one run. The file names two hosts that are not there.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { compiled } from '../lab/compiled.js';
import { type BenchResult, format, median, rangeOf } from './result.js';

const starts = 10;
const port = 16_700;
/** What comes after the listening, the first attempts at the hosts included, is in the memory that is measured. Milliseconds. */
const settled = 500;
/** Milliseconds. */
const patience = 10_000;

const yaml = `openflow: { listen: "tcp:127.0.0.1:${port}" }
api: { listen: "127.0.0.1:${port + 1}" }
hypervisors:
  kvm1: { ovsdb: "tcp:127.0.0.1:${port + 2}", vtep: 10.97.0.1 }
  kvm2: { ovsdb: "tcp:127.0.0.1:${port + 3}", vtep: 10.97.0.2 }
networks:
  blue: { vni: 5000, ports: [{ iface-id: "blue*" }] }
  red: { vni: 6000, ports: [{ iface-id: "red*" }] }
`;

interface Start {
  /** Milliseconds. */
  readonly listening: number;
  /** MiB. */
  readonly rss: number;
}

const accepts = (): Promise<boolean> =>
  new Promise(resolve => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });

async function start(argv: readonly string[]): Promise<Start> {
  const begin = performance.now();
  const child = spawn(process.execPath, argv, { stdio: 'ignore' });
  const gone = once(child, 'exit');
  try {
    while (!(await accepts())) {
      if (child.exitCode !== null || performance.now() - begin > patience)
        throw new Error(`${argv.join(' ')} does not listen on port ${port}`);
      await sleep(1);
    }
    const listening = performance.now() - begin;
    await sleep(settled);
    const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1];
    return { listening, rss: Number(kib) / 1024 };
  } finally {
    child.kill('SIGTERM');
    await gone;
  }
}

/** Takes about 15 seconds. */
export async function run(): Promise<BenchResult> {
  const directory = mkdtempSync(join(tmpdir(), 'start-'));
  try {
    const file = join(directory, 'heddle.yaml');
    writeFileSync(file, yaml);
    const listens = `require('node:net').createServer().listen(${port}, '127.0.0.1')`;
    const rounds: { ours: Start; bare: Start }[] = [];
    for (let round = 0; round < starts; round += 1)
      rounds.push({
        ours: await start([compiled('package/main.js'), 'run', file]),
        bare: await start(['-e', listens]),
      });
    const row = (name: string, unit: string, of: (round: (typeof rounds)[number]) => number) => ({
      name,
      unit,
      ...rangeOf(rounds.map(of)),
    });
    return {
      name: 'start',
      what: `from the process's start to an open port, ${starts} times by turns; memory half a second later`,
      rows: [
        row('heddle run', 'ms', ({ ours }) => ours.listening),
        row('node -e, which listens', 'ms', ({ bare }) => bare.listening),
        row('heddle run, memory', 'MiB', ({ ours }) => ours.rss),
        row('node -e, memory', 'MiB', ({ bare }) => bare.rss),
      ],
      ratios: [
        {
          name: 'time heddle / node -e',
          value: median(rounds.map(({ ours, bare }) => ours.listening / bare.listening)),
        },
        {
          name: 'memory heddle / node -e',
          value: median(rounds.map(({ ours, bare }) => ours.rss / bare.rss)),
        },
      ],
    };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const result = await run();
  console.log(process.argv.includes('--json') ? JSON.stringify(result) : format(result));
}
