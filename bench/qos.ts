/**
 * What service levels let pass, on a real Open vSwitch between two hypervisors of a lab: UDP at 1.5 times the rate, counted in
 * frames where it arrives, over ten seconds after the first one; TCP as iperf3 tells it, with bursts of several sizes; and what
 * 500 policies cost. Needs root and Open vSwitch.
 */
import { rename, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { heddleYaml } from '../lab/heddle-file.js';
import { type HeddleProcess, startHeddle, untilInSync } from '../lab/heddle.js';
import type { Hypervisor } from '../lab/hypervisor.js';
import { iperf } from '../lab/iperf.js';
import { Lab } from '../lab/lab.js';
import { controllerAddress, openflowPort, ovsdbPort } from '../lab/plan.js';
import { missingForLab } from '../lab/requirements.js';
import type { Vm } from '../lab/vm.js';
import { waitFor } from '../lab/wait.js';
import type { BenchRatio, BenchResult, BenchRow } from './result.js';

const mbit = 1_000_000;
const names = ['alpha', 'beta', 'gamma'] as const;

class Bench {
  readonly rows: BenchRow[] = [];
  readonly ratios: BenchRatio[] = [];
  readonly #lab: Lab;
  readonly #heddle: HeddleProcess;
  readonly #yaml: string;
  readonly host: Hypervisor;
  readonly peer: Hypervisor;
  readonly vms: readonly Vm[];

  private constructor(
    lab: Lab,
    heddle: HeddleProcess,
    yaml: string,
    [host, peer]: readonly [Hypervisor, Hypervisor],
    vms: readonly Vm[],
  ) {
    this.#lab = lab;
    this.#heddle = heddle;
    this.#yaml = yaml;
    this.host = host;
    this.peer = peer;
    this.vms = vms;
  }

  /** alpha and beta on the first host, gamma on the other. */
  static async open(): Promise<Bench> {
    const lab = await Lab.create();
    try {
      const [one, two] = [await lab.addHypervisor('kvm1'), await lab.addHypervisor('kvm2')];
      const yaml = heddleYaml({
        listen: `tcp:${controllerAddress}:${openflowPort}`,
        ovsdbPort,
        hypervisors: [one, two],
        networks: [{ name: 'blue', vni: 5000, ports: names.map(ifaceId => ({ ifaceId })) }],
      });
      const heddle = await startHeddle(lab, yaml);
      await untilInSync(heddle);
      const vms = [];
      for (const [index, name] of names.entries()) {
        const mac = `02:00:00:00:00:0${index + 1}`;
        const on = name === 'gamma' ? two : one;
        vms.push(await on.addVm({ name, mac, ip: `10.0.0.${index + 1}`, ifaceId: name, attachedMac: mac }));
      }
      const bench = new Bench(lab, heddle, yaml, [one, two], vms);
      await bench.untilReached();
      return bench;
    } catch (thrown) {
      await lab.down();
      throw thrown;
    }
  }

  async untilReached(): Promise<void> {
    const [alpha, beta, gamma] = this.vms;
    for (const from of [alpha, beta])
      await waitFor('the VMs to reach each other', async () => {
        const { received } = (await from?.ping(gamma?.ip ?? '', { count: 1 })) ?? { received: 0 };
        return received > 0;
      });
  }

  /** Policies for the VMs by their names, as the file has them. Returns when the switch has so many meters. */
  async policies(policies: Readonly<Record<string, string>>, meters: number): Promise<void> {
    // Those before have gone then: the number of meters tells the new ones.
    await this.write(this.#yaml, 0);
    let yaml = this.#yaml;
    for (const name of Object.keys(policies))
      yaml = yaml.replace(`{ iface-id: "${name}" }`, `{ iface-id: "${name}", qos: ${name} }`);
    const written = Object.entries(policies).map(([name, policy]) => `    ${name}: ${policy}\n`);
    await this.write(`${yaml}qos:\n  policies:\n${written.join('')}`, meters, Object.values(policies));
  }

  async write(yaml: string, meters: number, said: readonly string[] = []): Promise<number> {
    const before = performance.now();
    await writeFile(`${this.#heddle.file}.new`, yaml);
    await rename(`${this.#heddle.file}.new`, this.#heddle.file);
    await waitFor(
      `${meters} meters for ${said.join(' ')}`,
      async () => (await this.meters()).length === meters,
      { timeoutMs: 60_000, intervalMs: 100 },
    );
    await untilInSync(this.#heddle);
    return performance.now() - before;
  }

  get yaml(): string {
    return this.#yaml;
  }

  async meters(): Promise<readonly string[]> {
    const text = await this.host.ofctl('dump-meters', 'br-int');
    return text.split('\n').filter(line => line.startsWith('meter='));
  }

  put(name: string, unit: string, value: number, limit?: number): void {
    this.rows.push({ name, unit, median: value, lowest: value, highest: value });
    if (limit !== undefined) this.ratios.push({ name: `${name} / limit`, value: value / limit });
    const share = limit === undefined ? '' : ` (${((100 * value) / limit).toFixed(1)} % of the limit)`;
    console.error(`  ${name}: ${value.toPrecision(4)} ${unit}${share}`);
  }

  async close(): Promise<void> {
    await this.#lab.down();
  }
}

interface Counted {
  readonly bits: number;
  readonly packets: number;
  readonly at: number;
}

async function counted(vm: Vm): Promise<Counted> {
  const folder = '/sys/class/net/eth0/statistics';
  const { stdout } = await vm.host.run(['cat', `${folder}/rx_bytes`, `${folder}/rx_packets`]);
  const [bytes = 0, packets = 0] = stdout.trim().split('\n').map(Number);
  return { bits: bytes * 8, packets, at: performance.now() };
}

/** What arrives each second, from some time after the first packets on: bits and packets of Ethernet frames. */
async function arriving(
  vm: Vm,
  settleMs: number,
  seconds: number,
): Promise<{ bits: number; packets: number }> {
  const before = await counted(vm);
  await waitFor('packets', async () => (await counted(vm)).packets > before.packets + 20, { intervalMs: 50 });
  await sleep(settleMs);
  const first = await counted(vm);
  await sleep(seconds * 1_000);
  const last = await counted(vm);
  const passed = (last.at - first.at) / 1_000;
  return { bits: (last.bits - first.bits) / passed, packets: (last.packets - first.packets) / passed };
}

/** UDP for as long as `arriving` looks, and some time beside it. */
function send(from: Vm, to: Vm, bitsPerSecond: number, port: number, ...args: string[]): Promise<unknown> {
  return iperf(from, to, { udpBitsPerSecond: bitsPerSecond, seconds: 14, port, args });
}

async function udp(bench: Bench, from: Vm, to: Vm): Promise<void> {
  for (const rate of [1, 10, 100]) {
    await bench.policies({ alpha: `{ from-vm: { rate: ${rate}mbit } }` }, 1);
    const sending = send(from, to, 1.5 * rate * mbit, 5201);
    bench.put(`UDP, ${rate} mbit`, 'mbit/s', (await arriving(to, 1_500, 10)).bits / mbit, rate);
    await sending;
  }
  await bench.policies({ alpha: '{ from-vm: { rate: 1000pps } }' }, 1);
  const sending = send(from, to, 1_500 * 200 * 8, 5201, '-l', '200');
  bench.put('UDP, 1000 pps', 'packets/s', (await arriving(to, 1_500, 10)).packets, 1_000);
  await sending;
}

async function tcp(bench: Bench, from: Vm, to: Vm): Promise<void> {
  for (const rate of [10, 100])
    for (const burst of ['', 'burst: 13kbit', 'burst: 100ms', 'burst: 250ms']) {
      const policy = `{ from-vm: { rate: ${rate}mbit${burst === '' ? '' : `, ${burst}`} } }`;
      await bench.policies({ alpha: policy }, 1);
      // The bucket is full again by then.
      await sleep(1_000);
      const { bitsPerSecond } = await iperf(from, to, { seconds: 10 });
      bench.put(
        `TCP, ${rate} mbit, ${burst || 'burst: 500ms (default)'}`,
        'mbit/s',
        bitsPerSecond / mbit,
        rate,
      );
    }
}

/** Two VMs of one host, each within its own limit at the same time. */
async function two(bench: Bench, [one, other, to]: readonly [Vm, Vm, Vm]): Promise<void> {
  await bench.policies({ alpha: '{ from-vm: { rate: 5mbit } }', beta: '{ from-vm: { rate: 20mbit } }' }, 2);
  const run = (from: Vm, port: number, rate: number) =>
    iperf(from, to, { udpBitsPerSecond: 1.5 * rate * mbit, seconds: 10, port });
  const [slow, fast] = await Promise.all([run(one, 5201, 5), run(other, 5202, 20)]);
  // Of frames, not of what is in them; and the burst of half a second comes once.
  const frames = (bits: number, rate: number): number => (bits * 1_342) / 1_300 / mbit - rate * 0.05;
  bench.put('two VMs at once, 5 mbit', 'mbit/s', frames(slow.bitsPerSecond, 5), 5);
  bench.put('two VMs at once, 20 mbit', 'mbit/s', frames(fast.bitsPerSecond, 20), 20);
}

/** What a VM gets, shaped by its port in place of metered. */
async function shaped(bench: Bench, from: Vm, to: Vm): Promise<void> {
  for (const rate of [10, 50]) {
    await bench.policies({ gamma: `{ to-vm: { rate: ${rate}mbit, shape: linux-htb } }` }, 0);
    await waitFor('its QoS', async () =>
      (await bench.peer.vsctl('list', 'QoS')).includes(`max-rate="${rate * mbit}"`),
    );
    await sleep(500);
    const sending = send(from, to, 1.5 * rate * mbit, 5201);
    bench.put(`linux-htb, UDP, ${rate} mbit`, 'mbit/s', (await arriving(to, 1_500, 10)).bits / mbit, rate);
    await sending;
    const { bitsPerSecond } = await iperf(from, to, { seconds: 10 });
    bench.put(`linux-htb, TCP, ${rate} mbit`, 'mbit/s', bitsPerSecond / mbit, rate);
  }
}

const manyPolicies = 500;

/** 500 ports with a policy each, all on one host. Patch ports that lead nowhere are as good as VMs here. */
async function many(bench: Bench): Promise<void> {
  const number = (index: number): string => String(index).padStart(3, '0');
  const all = Array.from({ length: manyPolicies }, (_, index) => number(index));
  const commands = all.flatMap(one => [
    ...['--', 'add-port', 'br-int', `many${one}`],
    ...['--', 'set', 'Interface', `many${one}`, 'type=patch', `options:peer=none${one}`],
  ]);
  await bench.host.vsctl(...commands.slice(1));
  const ports = all.map(one => `      - { port: many${one}, on: kvm1, qos: p${one} }\n`).join('');
  const policies = all.map((one, index) => `    p${one}: { rate: ${index + 1}mbit }\n`).join('');
  const yaml = `${bench.yaml}${ports}qos:\n  policies:\n${policies}`;
  const meters = 2 * manyPolicies;
  bench.put('500 policies, to 1,000 meters and in sync', 's', (await bench.write(yaml, meters)) / 1_000);
  bench.put('and taken away, until no meter is left', 's', (await bench.write(bench.yaml, 0)) / 1_000);
}

export async function run(): Promise<BenchResult> {
  const missing = missingForLab();
  if (missing.length > 0) throw new Error(`this benchmark needs a lab: ${missing.join('; ')}`);
  const bench = await Bench.open();
  try {
    const [alpha, beta, gamma] = bench.vms;
    if (alpha === undefined || beta === undefined || gamma === undefined) throw new Error('no VMs');
    const parts = {
      udp: () => udp(bench, alpha, gamma),
      tcp: () => tcp(bench, alpha, gamma),
      two: () => two(bench, [alpha, beta, gamma]),
      shaped: () => shaped(bench, alpha, gamma),
      many: () => many(bench),
    };
    // QOS_PART=shaped runs that part alone.
    const only = process.env['QOS_PART'];
    for (const [name, part] of Object.entries(parts)) if (only === undefined || only === name) await part();
    return {
      name: 'qos',
      what: 'service levels in the userspace datapath: what passes, and what many of them cost',
      rows: bench.rows,
      ratios: bench.ratios,
    };
  } finally {
    await bench.close();
  }
}
