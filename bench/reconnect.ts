/**
 * How long the flows of a switch that has lost them all take to be there again, once its ovs-vswitchd has started anew and
 * connects: from the accepted connection to the answer to the commit, as a capture tells it. What passes before a message of the
 * switch is the switch's; what passes before one of the controller is the controller's. Beside it, by turns and with the same
 * flows and groups in one bundle too, `ovs-ofctl bundle`, which is in C and knows beforehand what to send. Needs root.
 */
import { rm, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { eavesdrop, type Listening, type Share, shareOf } from '../lab/dialogue.js';
import { heddleYaml } from '../lab/heddle-file.js';
import { startHeddle, untilInSync } from '../lab/heddle.js';
import type { Hypervisor } from '../lab/hypervisor.js';
import { Lab } from '../lab/lab.js';
import { controllerAddress, openflowPort, ovsdbPort } from '../lab/plan.js';
import { missingForLab } from '../lab/requirements.js';
import { waitFor } from '../lab/wait.js';
import { type BenchResult, format, median, rangeOf } from './result.js';

const rounds = 10;
const networks = 10;
const portsOfEach = 3;
const device = 'mgmt0';
const peerBridge = 'br-peer';
const peerPort = 6655;

async function listenedTo(lab: Lab, at: Listening, event: () => Promise<unknown>): Promise<Share> {
  const file = `${lab.directory}/dialogue.pcap`;
  await rm(file, { force: true });
  const ear = await eavesdrop(lab.controller, device, at, file);
  await event();
  await sleep(300);
  const dialogues = await ear.stop();
  const share = dialogues.map(shareOf).find(one => one !== undefined);
  if (share === undefined) throw new Error('nobody committed a bundle');
  return share;
}

/** What Heddle has put there, for `ovs-ofctl bundle`. */
async function bundleOf(kvm1: Hypervisor): Promise<{ readonly text: string; readonly size: number }> {
  const linesOf = async (what: string): Promise<string[]> =>
    (await kvm1.ofctl(...(what === 'dump-flows' ? ['--no-stats', '--no-names'] : []), what, 'br-int'))
      .split('\n')
      .map(line => line.trim())
      .filter(line => line.includes('actions='));
  const groups = (await linesOf('dump-groups')).map(line => `group add ${line}`);
  const flows = (await linesOf('dump-flows')).map(line => `flow add ${line}`);
  return { text: `${[...groups, ...flows].join('\n')}\n`, size: groups.length + flows.length };
}

async function addPorts(kvm1: Hypervisor): Promise<void> {
  const names = Array.from({ length: networks * portsOfEach }, (_, index) => ({
    name: `p${index}`,
    network: index % networks,
    mac: `02:00:00:00:01:${index.toString(16).padStart(2, '0')}`,
  }));
  await kvm1.vsctl(
    ...names.flatMap(({ name, network, mac }) => [
      ...['--', 'add-port', 'br-int', name, '--', 'set', 'Interface', name, 'type=internal'],
      ...[`external-ids:iface-id=n${network}-${name}`, `external-ids:attached-mac="${mac}"`],
    ]),
  );
}

/** Takes about a minute. */
export async function run(): Promise<BenchResult> {
  const missing = missingForLab();
  if (missing.length > 0) throw new Error(`this benchmark needs a lab: ${missing.join('; ')}`);
  const lab = await Lab.create();
  try {
    const kvm1 = await lab.addHypervisor('kvm1');
    const named = Array.from({ length: networks }, (_, index) => ({
      name: `n${index}`,
      vni: 5000 + index,
      ports: [{ ifaceId: `n${index}-*` }],
      remotes: ['10.97.0.9'],
    }));
    const listen = `tcp:${controllerAddress}:${openflowPort}`;
    const yaml = heddleYaml({ listen, ovsdbPort, hypervisors: [kvm1], networks: named });
    const heddle = await startHeddle(lab, yaml);
    await untilInSync(heddle);
    await addPorts(kvm1);
    await waitFor('Heddle to have sent all', async () =>
      (await kvm1.ofctl('dump-flows', 'br-int')).includes('metadata=0x1391'),
    );
    await untilInSync(heddle);
    const bundle = await bundleOf(kvm1);
    const file = `${lab.directory}/bundle.txt`;
    await writeFile(file, bundle.text);
    await kvm1.vsctl(
      ...['add-br', peerBridge, '--', 'set', 'Bridge', peerBridge, 'datapath_type=netdev'],
      ...['fail_mode=secure', 'protocols=OpenFlow13'],
      ...['--', 'set-controller', peerBridge, `ptcp:${peerPort}:${kvm1.management}`],
    );
    const all: { ours: Share; peer: Share }[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const ours = await listenedTo(lab, { port: openflowPort, by: 'controller' }, async () => {
        await kvm1.restartVswitchd();
        // Asking Heddle how it is would take the time from it that is measured.
        await sleep(1_000);
        await untilInSync(heddle);
      });
      const peer = await listenedTo(lab, { port: peerPort, by: 'switch' }, () =>
        lab.controller.run([
          'ovs-ofctl',
          '-O',
          'OpenFlow13',
          'bundle',
          `tcp:${kvm1.management}:${peerPort}`,
          file,
        ]),
      );
      all.push({ ours, peer });
    }
    return {
      name: 'reconnect',
      what: `${bundle.size} flows and groups, ${rounds} restarts of ovs-vswitchd`,
      rows: [
        ...rowsOf(
          'heddle',
          all.map(({ ours }) => ours),
        ),
        ...rowsOf(
          'ovs-ofctl bundle',
          all.map(({ peer }) => peer),
        ),
      ],
      ratios: [
        {
          name: 'its own, heddle / ovs-ofctl',
          value: median(all.map(({ ours, peer }) => ours.controller / peer.controller)),
        },
      ],
    };
  } finally {
    await lab.down();
  }
}

const rowsOf = (name: string, shares: readonly Share[]): BenchResult['rows'] => [
  { name: `${name}, until all is there`, unit: 'ms', ...rangeOf(shares.map(({ all }) => all)) },
  { name: '  of these its own', unit: 'ms', ...rangeOf(shares.map(({ controller }) => controller)) },
  { name: "  the switch's", unit: 'ms', ...rangeOf(shares.map(({ theSwitch }) => theSwitch)) },
  { name: '  answers waited for', unit: '', ...rangeOf(shares.map(({ answers }) => answers)) },
];

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const result = await run();
  console.log(process.argv.includes('--json') ? JSON.stringify(result) : format(result));
}
