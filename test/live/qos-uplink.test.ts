// alone: it counts bits, and a lab beside it would take some
/** What leaves a host by its NIC is shaped, and so is what a VM gets; and all of it goes with the file's word for it. */
import { rename, writeFile } from 'node:fs/promises';
import t from 'tap';
import { classic, ClassicSite } from '../../lab/classic.js';
import { startHeddle, untilInSync } from '../../lab/heddle.js';
import { iperf } from '../../lab/iperf.js';
import { waitFor as wait } from '../../lab/wait.js';
import type { Status } from '../../src/controller/status.js';

const mbit = 1_000_000;

/** Patient: a machine with two cores may be slow to ask. */
const waitFor = <T>(what: string, look: () => Promise<T | undefined | false>): Promise<T> =>
  wait(what, look, { timeoutMs: 30_000, intervalMs: 200 });

/** kvm1 with an egress of this rate, and the service level of the network. */
const withQos = (yaml: string, maxRate: string, policy: string): string =>
  `${yaml
    .replace(
      `uplink: ${classic.uplink}`,
      `$&\n    egress: { max-rate: ${maxRate}, queues: { voice: { min: 1mbit, priority: 0 } } }`,
    )
    .replace('{ vni:', '{ qos: level, vni:')}qos: { policies: { level: ${policy} } }\n`;

t.test('shaped by queues', async t => {
  const site = await ClassicSite.open();
  t.teardown(() => site.lab.down());
  const [one, two] = site.hosts;
  const heddle = await startHeddle(site.lab, withQos(site.yaml, '20mbit', '{ from-vm: { rate: 1gbit } }'));
  await untilInSync(heddle, { timeoutMs: 60_000 });
  const write = async (yaml: string): Promise<void> => {
    await writeFile(`${heddle.file}.new`, yaml);
    await rename(`${heddle.file}.new`, heddle.file);
  };
  const qosOf = async ({ hypervisor }: typeof one, port: string): Promise<string> =>
    (await hypervisor.vsctl('get', 'Port', port, 'qos')).trim();
  const arriving = async (bitsPerSecond: number): Promise<number> => {
    const sent = await iperf(one.vm, two.vm, { udpBitsPerSecond: bitsPerSecond, seconds: 4 });
    return sent.bitsPerSecond / mbit;
  };
  await waitFor('the VMs to reach each other', async () => (await one.vm.ping(two.vm.ip)).received > 0);

  const before = await qosOf(one, classic.uplink);
  await t.test('the uplink sends no more than max-rate', async t => {
    t.match(before, /^[0-9a-f-]{36}$/);
    t.equal(await qosOf(two, classic.uplink), '[]', 'and the host with no egress as it did');
    const rate = await arriving(40 * mbit);
    t.comment(`UDP of 40 mbit through 20 mbit: ${rate.toFixed(1)} mbit`);
    // Of 20 mbit, 93 % are the VM's own: the rest is the tunnel's.
    t.ok(rate > 10 && rate < 20, `${rate} mbit`);
  });

  await t.test('another rate changes the rows in place', async t => {
    await write(withQos(site.yaml, '200mbit', '{ dscp: trust }'));
    await waitFor('the other rate', async () =>
      (await one.hypervisor.vsctl('get', 'QoS', before, 'other_config')).includes('200000000'),
    );
    t.equal(await qosOf(one, classic.uplink), before);
    const rate = await arriving(40 * mbit);
    t.ok(rate > 22, `${rate} mbit`);
    const { problems } = (await heddle.status()) as Status;
    t.match(
      problems.map(({ where, message }) => `${where}: ${message}`),
      site.hosts.map(() => /kvm. port vxlan10: policy level: this tunnel, which Heddle did not make, shows/),
    );
  });

  await t.test('what this datapath does not do is told', async t => {
    await write(withQos(site.yaml, '200mbit', '{ queue: voice }'));
    const { problems } = await waitFor('problems', async () => {
      const status = (await heddle.status()) as Status;
      return (
        status.problems.length === 2 && status.problems.every(one => one.message.includes('queue')) && status
      );
    });
    t.match(
      problems.map(({ where, message }) => `${where}: ${message}`),
      [/kvm1: policy level: queue voice is not used on kvm1/, /kvm2: policy level: kvm2 has no queue voice/],
    );
  });

  await t.test('what a VM gets waits, and all rows go when they are not wanted', async t => {
    await write(withQos(site.yaml, '200mbit', '{ to-vm: { rate: 5mbit, shape: linux-htb } }'));
    await waitFor("the VM's port", async () => (await qosOf(two, two.vm.port)) !== '[]');
    const rate = await arriving(15 * mbit);
    t.comment(`UDP of 15 mbit into 5 mbit: ${rate.toFixed(2)} mbit`);
    t.ok(rate > 3.5 && rate < 5.5, `${rate} mbit`);
    await write(site.yaml);
    for (const { hypervisor } of site.hosts)
      await waitFor('no row to be left', async () => {
        const rows = [await hypervisor.vsctl('list', 'QoS'), await hypervisor.vsctl('list', 'Queue')];
        return rows.every(text => text.trim() === '');
      });
    t.equal(await qosOf(one, classic.uplink), '[]');
  });
});
