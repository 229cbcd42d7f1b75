/**
 * What the container `lab` runs: has the VMs made, asks who reaches whom, ends the other containers, prints the table.
 * The exit code is 0 when everyone reaches whom they should, and nobody else.
 */
import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../../src/lib/errors.js';
import { untilInSync, whileRunning } from '../heddle.js';
import { Progress } from '../progress.js';
import type { Cell } from '../reachability.js';
import { runScenario, type Controller } from '../scenario.js';
import { showVerdict } from '../verdict.js';
import { ContainerLab } from './container-lab.js';

const keep = !['', '0', undefined].includes(process.env['LAB_KEEP']);
const settleMs = 1_000;
const progress = new Progress({ output: process.stdout, colour: false });

const howToLookAround = `
The lab stays up. To look around:
  docker-compose exec kvm1 ip netns exec blue-1 ping 10.0.0.2
  docker-compose exec kvm2 ip netns exec red-2 tcpdump -ni eth0
  docker-compose exec kvm1 ovs-vsctl show
  docker-compose exec kvm1 ovs-ofctl -O OpenFlow13 dump-flows br-int
  docker-compose exec heddle heddle status
To take it down:
  docker-compose down`;

const stop = new AbortController();
setMaxListeners(0, stop.signal);
const stopped = new Promise<void>(resolve => stop.signal.addEventListener('abort', () => resolve()));
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort());

process.exitCode = await demonstrate();
// What was still waited for when something failed would hold this process until its time is over.
stop.abort();

async function demonstrate(): Promise<number> {
  const lab = await ContainerLab.open(stop.signal);
  let cells: Cell[] | undefined;
  let good = false;
  try {
    cells = await runScenario(lab, await controllerOf(lab), progress);
    if (keep) {
      good = showVerdict(cells, false, progress);
      progress.line(howToLookAround);
      await stopped;
    }
  } catch (thrown) {
    if (!stop.signal.aborted) progress.line(`${await logs(lab)}\n${messageOf(thrown)}`);
  }
  try {
    await lab.close();
  } catch (thrown) {
    progress.line(messageOf(thrown));
    return 1;
  }
  if (cells !== undefined && !keep) {
    // Last: what the others said while they ended stands above it, once the engine has passed it on.
    await sleep(settleMs);
    good = showVerdict(cells, false, progress);
  }
  return good ? 0 : 1;
}

async function controllerOf(lab: ContainerLab): Promise<Controller<ContainerLab>> {
  const heddle = await lab.heddle();
  return {
    // It has been running since its container came up, with lab/docker/heddle.yaml.
    start: () => Promise.resolve(),
    ready: () => untilInSync(heddle),
    guard: work => whileRunning(heddle, work),
  };
}

async function logs(lab: ContainerLab): Promise<string> {
  const tails = await Promise.allSettled([...lab.hypervisors.values()].map(kvm => kvm.logTail(10)));
  return tails.map(tail => (tail.status === 'fulfilled' ? tail.value : messageOf(tail.reason))).join('\n');
}
