/**
 * `heddle run` with a whole site over real sockets: hypervisors whose OVSDBs and switches are emulated in a process beside it. From
 * Heddle's cold start, with no flow anywhere, until every switch is in sync; then VMs move; then nothing happens.
 *
 * By the environment, each with what it is unless said:
 *   HOSTS=100       hypervisors; 1,000 take minutes and gigabytes
 *   VMS=50          VMs on each of them, in networks in turn
 *   NETWORKS=50     a network has VMs on HOSTS * VMS / NETWORKS hosts, or on all: 500 for HOSTS=1000 make networks of the same size
 *   MOVES=20        VMs that move, one after another
 *   IDLE=30         seconds that nothing happens, at the end; 0: none
 *   LOG=/dev/null   the file for Heddle's log
 *   NODE_ARGS=      for Heddle's Node.js, as `--cpu-prof --cpu-prof-dir=/tmp/profiles`
 */
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { compiled } from '../lab/compiled.js';
import type { Status } from '../src/controller/status.js';
import type { Order, SiteCounts } from './load/hypervisors/main.js';
import type { Watched } from './load/watched.js';
import { type BenchResult, format, median, rangeOf } from './result.js';

const number = (name: string, otherwise: number): number => Number(process.env[name] ?? otherwise);
const hosts = number('HOSTS', 100);
const vmsEach = number('VMS', 50);
const networks = number('NETWORKS', 50);
const moves = number('MOVES', 20);
const firstPort = 20_000;
/** Seconds. */
const idleFor = number('IDLE', 30);
/** Seconds. */
const settles = 15;
const patience = 300;

export async function run(): Promise<BenchResult> {
  const directory = mkdtempSync(join(tmpdir(), 'scale-'));
  const file = join(directory, 'heddle.yaml');
  const argv = [hosts, vmsEach, networks, firstPort, file].map(String);
  const site = fork(fileURLToPath(new URL('./load/hypervisors/main.js', import.meta.url)), argv, {
    execArgv: ['--max-old-space-size=4096'],
  });
  let heddle: ChildProcess | undefined;
  try {
    await once(site, 'message');
    const log = openSync(process.env['LOG'] ?? '/dev/null', 'w');
    const begin = performance.now();
    const watch = fileURLToPath(new URL('./load/watched.js', import.meta.url));
    const program = ['--import', watch, ...nodeArguments(), compiled('package/main.js'), 'run', file];
    heddle = spawn(process.execPath, program, { stdio: ['ignore', log, log, 'ipc'] });
    const inSync = await untilInSync(site, heddle, begin);
    const cold = await countsOf(site);
    const memory = memoryOf(heddle);
    const start = await watchedOf(heddle);
    const took: number[] = [];
    const touched: number[] = [];
    const used: number[] = [];
    const stalls: number[] = [];
    for (let move = 0; move < moves; move += 1) {
      await countsOf(site);
      const { cpu: usedBefore } = await watchedOf(heddle);
      site.send({ type: 'move' } satisfies Order);
      await sleep(1_500);
      const after = await countsOf(site);
      const { cpu, stall } = await watchedOf(heddle);
      took.push(after.sinceMove);
      touched.push(after.touched);
      used.push(cpu - usedBefore);
      stalls.push(stall);
    }
    const idle = idleFor > 0 ? [one('idle', '% of a core', await idleOf(heddle))] : [];
    const moved = [
      { name: 'a VM moves: to the last message', unit: 'ms', ...rangeOf(took) },
      { name: 'a VM moves: time of a core, with all else of 1.5 s', unit: 'ms', ...rangeOf(used) },
      { name: 'a VM moves: longest stall of the event loop', unit: 'ms', ...rangeOf(stalls) },
      { name: 'a VM moves: switches that were sent anything', unit: 'switches', ...rangeOf(touched) },
    ];
    return {
      name: 'scale',
      what: `${hosts} hypervisors, ${hosts * vmsEach} VMs, ${networks} networks: ${cold.flows} flows`,
      rows: [
        one('cold start until all are in sync', 's', inSync / 1000),
        one('cold start: time of a core', 's', start.cpu / 1000),
        one('cold start: longest stall of the event loop', 'ms', start.stall),
        one('memory at most', 'MiB', memory),
        one('memory at the end', 'MiB', memoryOf(heddle, 'VmRSS')),
        ...(moves > 0 ? moved : []),
        ...idle,
      ],
      ratios:
        moves > 0
          ? [{ name: 'moves that reached somebody', value: median(touched.map(some => Number(some > 0))) }]
          : [],
    };
  } finally {
    // Kindly: a profile that Node was asked for is written at its end.
    heddle?.kill('SIGTERM');
    if (heddle?.exitCode === null) await Promise.race([once(heddle, 'exit'), sleep(10_000)]);
    heddle?.kill('SIGKILL');
    site.kill('SIGKILL');
    rmSync(directory, { recursive: true, force: true });
  }
}

async function watchedOf(heddle: ChildProcess): Promise<Watched> {
  const answer = once(heddle, 'message');
  heddle.send('watched');
  return ((await answer) as [Watched])[0];
}

/** Percent of a core. */
async function idleOf(heddle: ChildProcess): Promise<number> {
  // The first audits are close together.
  await sleep(settles * 1000);
  const before = cpuOf(heddle);
  await sleep(idleFor * 1000);
  return ((cpuOf(heddle) - before) / idleFor) * 100;
}

const one = (name: string, unit: string, value: number) => ({
  ...{ name, unit, median: value, lowest: value, highest: value },
});

const nodeArguments = (): readonly string[] => (process.env['NODE_ARGS'] ?? '').split(' ').filter(Boolean);

async function countsOf(site: ChildProcess): Promise<SiteCounts> {
  const answer = once(site, 'message');
  site.send({ type: 'counts' } satisfies Order);
  return ((await answer) as [SiteCounts])[0];
}

/** @returns milliseconds since `begin` */
async function untilInSync(site: ChildProcess, heddle: ChildProcess, begin: number): Promise<number> {
  let last = 0;
  while (performance.now() - begin < patience * 1000) {
    if (heddle.exitCode !== null) throw new Error('Heddle has ended');
    await sleep(250);
    // Its status is dear with so many hosts, and not asked for while flows are still coming.
    const { connected, flowMods } = await countsOf(site);
    const isQuiet = flowMods === last;
    last = flowMods;
    if (connected < hosts || !isQuiet) continue;
    const at = performance.now() - begin;
    const status = await statusOf().catch(() => undefined);
    if (status?.switches.filter(({ state }) => state === 'in sync').length === hosts) return at;
  }
  throw new Error(`not in sync after ${patience} s`);
}

async function statusOf(): Promise<Status> {
  const response = await fetch(`http://127.0.0.1:${firstPort - 2}/v1/status`);
  return (await response.json()) as Status;
}

/** MiB. */
function memoryOf({ pid }: ChildProcess, field = 'VmHWM'): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) / 1024;
}

/** Seconds of a core, used so far. */
function cpuOf({ pid }: ChildProcess): number {
  const [user, system] =
    readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ').slice(11, 13) ?? [];
  return (Number(user) + Number(system)) / 100;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const result = await run();
  console.log(process.argv.includes('--json') ? JSON.stringify(result) : format(result));
}
