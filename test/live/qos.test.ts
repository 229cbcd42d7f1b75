// alone: it counts packets or bits, and a lab beside it would take some
/** Service levels on a real switch: what passes, what is marked, and what others feel of it. */
import t from 'tap';
import { capture } from '../../lab/capture.js';
import { compiled } from '../../lab/compiled.js';
import type { Output } from '../../lab/exec.js';
import { iperf } from '../../lab/iperf.js';
import type { Vm } from '../../lab/vm.js';
import { waitFor } from '../../lab/wait.js';
import type { Proof } from '../../src/cli/qos-proof.js';
import type { QosUsage } from '../../src/cli/qos-usage.js';
import { reachEachOther, Site } from './support/overlay-site.js';
import { oursOf } from './support/tables.js';

const policies = (rate: string): string => `
qos:
  policies:
    gold: { from-vm: { rate: ${rate} }, dscp: ef }
    slow: { to-vm: { rate: 5mbit, burst: 500kbit } }
    packets:
      from-vm: { rate: 1000pps, burst: 100packets }
    mixed:
      dscp: trust
      classes:
        - { name: voice, match: { protocol: udp, destination-ports: 6000-6015 }, dscp: ef }
        - { name: marked, match: { dscp: cs1 }, from-vm: { rate: 1mbit, burst: 100kbit } }
        - { name: rest, from-vm: { rate: 4mbit, burst: 400kbit }, dscp: le }
`;

/** With the service levels that the networks' ports name. */
const withQos = (yaml: string, rate = '10mbit'): string =>
  yaml
    .replace('{ iface-id: "gold*" }', '{ iface-id: "gold*", qos: gold }')
    .replace('{ iface-id: "slow*" }', '{ iface-id: "slow*", qos: slow }')
    .replace('{ iface-id: "packets*" }', '{ iface-id: "packets*", qos: packets }')
    .replace('{ iface-id: "mixed*" }', '{ iface-id: "mixed*", qos: mixed }') + policies(rate);

const mbit = 1_000_000;
/** The lab's NIC on the underlay. */
const uplink = 'phy0';

t.test('limits and marks', async t => {
  const site = await Site.open({
    hypervisors: ['kvm1', 'kvm2'],
    networks: [
      {
        name: 'blue',
        vni: 5000,
        ports: ['gold*', 'slow*', 'packets*', 'mixed*', 'free*'].map(ifaceId => ({ ifaceId })),
      },
    ],
  });
  t.teardown(() => site.close(t.passing() ? undefined : text => t.comment(text)));
  const guest = (on: string, name: string, address: number): Promise<Vm> =>
    site.addGuest(on, { name, address, known: true });
  const gold = await guest('kvm1', 'gold1', 1);
  const slow = await guest('kvm1', 'slow1', 2);
  const packets = await guest('kvm1', 'packets1', 3);
  const free = await guest('kvm1', 'free1', 4);
  const far = await guest('kvm2', 'free2', 5);
  const mixed = await guest('kvm1', 'mixed1', 6);
  const { ours, untilMeters } = lookAt(site);
  await t.test('service levels come, and no packet is lost by it', async t => {
    const [agent] = await Promise.all([free.agent(), far.agent()]);
    await reachEachOther(free, far);
    const probing = agent.startProbing(far.ip, { intervalMs: 1 });
    await site.replaceFile(withQos(site.yaml));
    await untilMeters(5);
    await waitFor('tunnels that copy marks', async () =>
      (await site.hypervisor('kvm2').vsctl('get', 'Interface', 'heddle-vxlan', 'options')).includes(
        'inherit',
      ),
    );
    await site.untilInSync();
    const { lost, sent } = await probing.stop();
    t.comment(`${lost} of ${sent} lost`);
    t.equal(lost, 0);
  });
  await reachEachOther(gold, far);

  await t.test('what a VM sends is held to its rate', async t => {
    const udp = await iperf(gold, far, { udpBitsPerSecond: 30 * mbit, seconds: 4 });
    t.comment(`UDP through 10 mbit: ${(udp.bitsPerSecond / mbit).toFixed(2)} mbit/s`);
    // Half a second of the rate is the burst, which passes beside it: 4.5 seconds' worth in 4.
    t.ok(udp.bitsPerSecond > 8 * mbit && udp.bitsPerSecond < 12.5 * mbit);
  });

  await t.test('and what it gets', async t => {
    const udp = await iperf(free, slow, { udpBitsPerSecond: 20 * mbit, seconds: 4 });
    t.comment(`UDP into 5 mbit: ${(udp.bitsPerSecond / mbit).toFixed(2)} mbit/s`);
    t.ok(udp.bitsPerSecond > 4 * mbit && udp.bitsPerSecond < 6 * mbit);
    const other = await iperf(free, far, { udpBitsPerSecond: 20 * mbit });
    t.ok(other.bitsPerSecond > 18 * mbit, 'others are free of it');
  });

  await t.test('marks are written on the way, and the underlay sees them', async t => {
    const inner = await capture(far.host, 'eth0', { filter: 'icmp[icmptype] == icmp-echo', args: ['-v'] });
    const outer = await capture(site.hypervisor('kvm1').host, uplink, {
      filter: `udp dst port 4789 and src host ${site.hypervisor('kvm1').vtep}`,
      args: ['-v'],
    });
    await gold.host.run(['ping', '-c', '3', '-i', '0.2', far.ip]);
    const [seen, carried] = [await inner.stop(), await outer.stop()];
    t.ok(
      seen.some(line => line.includes('tos 0xb8')),
      seen.join('\n'),
    );
    t.ok(
      carried.some(line => /tos 0xb8.*proto UDP/.test(line)),
      carried.join('\n'),
    );
  });

  await t.test('classes have limits and marks of their own, the first that matches', async t => {
    const udp = (port: number, ...args: string[]) =>
      iperf(mixed, far, { udpBitsPerSecond: 10 * mbit, seconds: 3, port, args });
    const voice = await udp(6001);
    t.ok(voice.bitsPerSecond > 9 * mbit, `voice has no limit: ${voice.bitsPerSecond}`);
    const marked = await udp(5201, '-S', '0x20');
    t.ok(marked.bitsPerSecond > 0.7 * mbit && marked.bitsPerSecond < 1.3 * mbit, `${marked.bitsPerSecond}`);
    const rest = await udp(5201);
    t.ok(rest.bitsPerSecond > 3 * mbit && rest.bitsPerSecond < 4.8 * mbit, `${rest.bitsPerSecond}`);
    const seen = await capture(far.host, 'eth0', { filter: `src host ${mixed.ip}`, args: ['-v'] });
    await mixed.host.run(['ping', '-c', '2', '-i', '0.2', far.ip]);
    await mixed.host.run(['ping', '-c', '2', '-i', '0.2', '-Q', '0x20', far.ip]);
    const tos = (await seen.stop()).flatMap(line => /\((tos \w+)/.exec(line)?.[1] ?? []);
    t.strictSame(new Set(tos), new Set(['tos 0x4', 'tos 0x20']), 'the mark that is trusted stays');
  });

  await t.test('another rate changes a meter in place', async t => {
    const before = await ours();
    await site.replaceFile(withQos(site.yaml, '20mbit'));
    await waitFor('the other rate', async () => (await ours()).some(line => line.includes('rate=20000')));
    const changed = (await ours()).filter(line => !before.includes(line));
    t.equal(changed.length, 1, 'nothing else is another');
    t.match(changed[0], /^meter=/);
    t.ok(
      before.includes(changed[0]?.replace('rate=20000 burst_size=10000', 'rate=10000 burst_size=5000') ?? ''),
    );
  });

  await t.test('heddle qos tells what passes and what is dropped', async t => {
    // Beside one that is not in its way.
    const sending = Promise.all([
      iperf(gold, far, { udpBitsPerSecond: 40 * mbit, seconds: 6 }),
      iperf(free, slow, { udpBitsPerSecond: 10 * mbit, seconds: 6, port: 5202 }),
    ]);
    const { limits, ports } = await waitFor('both to be over their limits', async () => {
      const usage = await usageOf(site);
      return usage.limits.filter(({ dropping = 0 }) => dropping > 0).length === 2 && usage;
    });
    await sending;
    const passing = (port: string): number =>
      limits.find(one => one.port === port && one.class === undefined)?.passing ?? 0;
    t.equal(limits.length, 5);
    t.ok(passing(gold.port) > 10_000 && passing(gold.port) < 34_000, `${passing(gold.port)}`);
    t.ok(passing(slow.port) > 2_500 && passing(slow.port) < 9_000, `${passing(slow.port)}`);
    t.ok(ports.some(({ port, fromVm }) => port === gold.port && fromVm > 10_000));
  });

  await t.test('heddle qos prove sends too much, and finds the limit held', async t => {
    const inVm = ({ namespace }: Vm): string => `ip netns exec ${namespace}`;
    const { stdout } = await heddle(
      site,
      ...['qos', 'prove', '--json', '--seconds', '3', '--from', gold.port, '--to', far.port],
      ...['--address', far.ip, '--exec-from', inVm(gold), '--exec-to', inVm(far)],
    );
    const proof = JSON.parse(stdout) as Proof;
    t.comment(`passed ${proof.passed.toFixed(0)} of ${proof.limit.perSecond} kbit/s`);
    t.equal(proof.limit.port, gold.port);
    t.ok(proof.share > 0.7 && proof.share < 1.08, stdout);
  });

  await t.test('500 policies on one host, and no meter is left behind', async t => {
    const all = Array.from({ length: 500 }, (_, index) => `many${index}`);
    // Patch ports that lead nowhere are as good as VMs here.
    const made = all.flatMap(one => [
      ...['--', 'add-port', 'br-int', one],
      ...['--', 'set', 'Interface', one, 'type=patch', `options:peer=no${one}`],
    ]);
    await site.hypervisor('kvm1').vsctl(...made.slice(1));
    const ports = all.map(one => `      - { port: ${one}, on: kvm1, qos: ${one} }\n`).join('');
    const named = all.map((one, index) => `    ${one}: { rate: ${index + 1}mbit }\n`).join('');
    await site.replaceFile(`${site.yaml}${ports}qos:\n  policies:\n${named}`);
    await untilMeters(1_000);
    await site.untilInSync();
    t.strictSame((await site.status()).problems, []);
    await site.replaceFile(site.yaml);
    await untilMeters(0);
    await reachEachOther(packets, far);
  });
});

const usageOf = async (site: Site): Promise<QosUsage> =>
  JSON.parse((await heddle(site, 'qos', '--json')).stdout) as QosUsage;

/** 2, which says that something needs attention, is an answer, too. */
function heddle(site: Site, ...args: string[]): Promise<Output> {
  const argv = [process.execPath, compiled('package/main.js'), ...args, '--api', '127.0.0.1:8653'];
  return site.lab.controller.run(argv, { accept: [0, 2], timeoutMs: 40_000 });
}

function lookAt(site: Site) {
  const ours = (): Promise<readonly string[]> => oursOf(site.hypervisor('kvm1'));
  const untilMeters = (count: number): Promise<unknown> =>
    waitFor(
      `${count} meters`,
      async () => (await ours()).filter(line => line.startsWith('meter=')).length === count,
      { timeoutMs: 20_000, intervalMs: 200 },
    );
  return { ours, untilMeters };
}
