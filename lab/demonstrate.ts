/** The demonstration around the scenario: progress, the table, what failed, and the way down. */
import { messageOf } from '../src/lib/errors.js';
import { startHeddle, untilInSync, whileRunning, type HeddleProcess } from './heddle.js';
import { Lab } from './lab.js';
import { Progress } from './progress.js';
import { directoryOf } from './registry.js';
import { runScenario, type Controller } from './scenario.js';
import { showVerdict } from './verdict.js';

export interface Options {
  readonly keep: boolean;
  readonly id?: string;
}

/** @returns the exit code: 0 when everyone reaches whom they should, and nobody else */
export async function demonstrate(options: Options): Promise<number> {
  const colour = process.stdout.isTTY && process.env['NO_COLOR'] === undefined;
  const progress = new Progress({ output: process.stdout, colour });
  const lab = await Lab.create(options.id === undefined ? {} : { id: options.id });
  // The lab's own hooks do the work and end the process; these only say so.
  const sayIt = (): void => progress.line('Taking the lab down …');
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, sayIt);

  progress.line(`Lab ${lab.id}`);
  const controller = new HeddleController();
  let good = false;
  try {
    const cells = await runScenario(lab, controller, progress);
    good = showVerdict(cells, colour, progress);
  } catch (thrown) {
    // On its way down the lab refuses commands: what fails then is no news, and its hooks end this process.
    if (lab.goingDown.aborted) await lab.down();
    else progress.line(messageOf(thrown));
  }
  if (!good && !lab.goingDown.aborted) progress.line(await whatTheLogsSay(lab, controller.heddle));

  if (options.keep && !lab.goingDown.aborted) {
    await lab.keep();
    progress.line(howToLookAround(lab.id));
  } else {
    const failures = await progress.step('take the lab down', () => lab.down());
    for (const { step, message } of failures) progress.line(`could not ${step}: ${message}`);
    good &&= failures.length === 0;
  }
  return good ? 0 : 1;
}

class HeddleController implements Controller {
  heddle: HeddleProcess | undefined;

  async start(lab: Lab, yaml: string): Promise<void> {
    this.heddle = await startHeddle(lab, yaml);
  }

  async ready(): Promise<void> {
    if (this.heddle) await untilInSync(this.heddle);
  }

  guard<T>(work: Promise<T>): Promise<T> {
    return this.heddle ? whileRunning(this.heddle, work) : work;
  }
}

async function whatTheLogsSay(lab: Lab, heddle: HeddleProcess | undefined): Promise<string> {
  const logs = [
    ...(heddle ? [heddle.logTail(30).then(text => `==> ${heddle.log} <==\n${text}`)] : []),
    ...[...lab.hypervisors.values()].map(hypervisor => hypervisor.logTail(10)),
  ];
  const texts = await Promise.allSettled(logs);
  return texts.map(text => (text.status === 'fulfilled' ? text.value : messageOf(text.reason))).join('\n');
}

function howToLookAround(id: string): string {
  const inside = (host: string): string => `ip netns exec hdl-${id}-${host}`;
  const directory = directoryOf(id);
  const ovs = `${inside('kvm1')} env OVS_RUNDIR=${directory}/kvm1`;
  return [
    '',
    `Lab ${id} stays up. To look around:`,
    `  ${inside('blue-1')} ping 10.0.0.2`,
    `  ${inside('red-2')} tcpdump -ni eth0`,
    `  ${ovs} ovs-vsctl show`,
    `  ${ovs} ovs-ofctl -O OpenFlow13 dump-flows br-int`,
    `  ${inside('ctl')} node dist/package/main.js status`,
    `  less ${directory}/heddle.yaml ${directory}/heddle.log`,
    'To take it down:',
    `  npm run lab -- --down ${id}`,
  ].join('\n');
}
