/** A load generator in a process of its own. Usage: main.js ORDER, a LoadOrder in JSON; tells a LoadReport. */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LoadOrder, LoadReport } from './order.js';
import { LoadSwitch } from './switch.js';

const order = JSON.parse(process.argv[2] ?? '') as LoadOrder;
const { pid, seconds, switches, outstanding, macs } = order;

/** Milliseconds. */
const programmedWithin = 30_000;
const tickEvery = 100;
/** Answers for each switch, and milliseconds, that make a controller's compilers and tables warm. */
const warmUpAnswers = 2 * macs;
const warmUpFor = 1_000;
const warmUpWithin = 30_000;

const begin = performance.now();
const cpuBefore = cpuOf(pid);
const all = Array.from(
  { length: switches },
  (_, index) => new LoadSwitch({ ...order, outstanding: Math.max(1, outstanding), dpid: BigInt(index + 1) }),
);
const ticking = setInterval(() => {
  for (const one of all) one.tick();
}, tickEvery);

await until(() => all.every(one => one.programmedAt !== undefined), programmedWithin);
const programmed = all.flatMap(one => one.programmedAt ?? []);
const connected = {
  programmedAfter: Math.max(0, ...programmed) - begin,
  unprogrammed: switches - programmed.length,
  programmingCpu: (cpuOf(pid) - cpuBefore) * 1_000,
};
const nothing = { answers: 0, perSecond: 0, flowsPerAnswer: 0, floods: 0, cpu: 0, busy: 0 };
const rate = outstanding > 0 ? await measure() : nothing;
const sum = (of: (one: LoadSwitch) => number): number => all.reduce((total, one) => total + of(one), 0);
const report: LoadReport = {
  ...connected,
  ...rate,
  lost: sum(({ slots }) => slots.lost),
  late: sum(({ slots }) => slots.late),
  stray: sum(({ slots }) => slots.stray),
  memory: memoryOf(pid),
};
console.log(JSON.stringify(report));
clearInterval(ticking);
for (const one of all) one.close();

async function measure(): Promise<typeof nothing> {
  if (connected.unprogrammed > 0) throw new Error(`${connected.unprogrammed} switches were not programmed`);
  const total = (of: 'answered' | 'flowMods' | 'floods'): number =>
    all.reduce((sum, { counts }) => sum + counts[of], 0);
  for (const one of all) one.start();
  const isWarm = await until(() => all.every(({ counts }) => counts.answered >= warmUpAnswers), warmUpWithin);
  const failed = all.find(({ failure }) => failure !== undefined);
  if (failed !== undefined) throw new Error(`a switch lost its connection: ${failed.failure}`);
  await sleep(warmUpFor);
  if (!isWarm) throw new Error(`only ${total('answered')} answers within ${warmUpWithin / 1_000} s`);
  for (const one of all) one.warm();
  const now = () => ({
    ...{
      at: performance.now(),
      answers: total('answered'),
      flows: total('flowMods'),
      floods: total('floods'),
    },
    ...{ cpu: cpuOf(pid), own: process.cpuUsage() },
  });
  const before = now();
  await sleep(seconds * 1_000);
  const after = now();
  for (const one of all) one.stop();
  await until(() => all.every(({ slots }) => slots.open === 0), 2_000);
  if (all.some(({ failure }) => failure !== undefined)) throw new Error('a switch lost its connection');
  const answers = after.answers - before.answers;
  const ms = after.at - before.at;
  const own = after.own.user + after.own.system - before.own.user - before.own.system;
  return {
    answers,
    perSecond: answers / (ms / 1_000),
    flowsPerAnswer: (after.flows - before.flows) / answers,
    floods: after.floods - before.floods,
    cpu: ((after.cpu - before.cpu) * 1e6) / answers,
    busy: own / 1_000 / ms,
  };
}

async function until(holds: () => boolean, within: number): Promise<boolean> {
  const end = performance.now() + within;
  while (!holds()) {
    if (performance.now() > end || all.some(({ failure }) => failure !== undefined)) return false;
    await sleep(switches > 100 ? 20 : 5);
  }
  return true;
}

/** CPU time in seconds [proc(5): the 14th and 15th fields, in hundredths; the name before them may hold anything]. */
function cpuOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** Resident memory in MiB. */
function memoryOf(pid: number): number {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kib) / 1_024;
}
