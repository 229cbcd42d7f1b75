/** Hosts that people set up by hand with ovs-vsctl: what `heddle import` makes of them, and Heddle run with it. */
import { readFile } from 'node:fs/promises';
import t, { type Test } from 'tap';
import { classic, type ClassicHost, ClassicSite } from '../../lab/classic.js';
import type { Output } from '../../lab/exec.js';
import { startHeddle, untilInSync } from '../../lab/heddle.js';
import type { Hypervisor } from '../../lab/hypervisor.js';
import { Lab } from '../../lab/lab.js';
import { ovsdbPort } from '../../lab/plan.js';
import { missingForLab } from '../../lab/requirements.js';
import type { Vm } from '../../lab/vm.js';
import { waitFor } from '../../lab/wait.js';
import type { Finding } from '../../src/import/finding.js';
import type { Imported } from '../../src/import/import.js';
import { heddle } from './support/heddle-in.js';

const missing = missingForLab();
const skip = missing.length === 0 ? false : missing.join('; ');

t.test('what import makes of hosts', { skip }, async t => {
  const site = await ClassicSite.open();
  t.teardown(() => site.lab.down());
  const [one, two] = site.hosts;
  const file = `${site.lab.directory}/imported.yaml`;
  const run = (...args: readonly string[]): Promise<Output> =>
    heddle(site.lab.controller, 'import', ...site.hosts.map(ClassicSite.ovsdbOf), ...args);
  const found = async (): Promise<Imported & { code: number }> => {
    const { code, stdout } = await run('--json');
    return { ...(JSON.parse(stdout) as Imported), code };
  };
  const broken = ({ findings }: Imported): Finding[] => findings.filter(({ level }) => level === 'broken');
  const countOf = async ({ hypervisor }: ClassicHost): Promise<string> =>
    await hypervisor.vsctl('get', 'Open_vSwitch', '.', 'next_cfg');

  await t.test('the file', async t => {
    const before = await Promise.all(site.hosts.map(countOf));
    const { code, stderr } = await run('--output', file);
    t.equal(code, 0, stderr);
    t.same(await Promise.all(site.hosts.map(countOf)), before, 'nobody has written to the hosts');
    const text = await readFile(file, 'utf8');
    const { controllerAddress } = site.lab;
    t.match(
      text
        .replaceAll(/^ *#.*\n/gm, '')
        .replaceAll(/ *#.*/g, '')
        .trim(),
      new RegExp(`^openflow: \\{ listen: tcp:${controllerAddress}:6653 \\}$`, 'm'),
    );
    for (const { hypervisor } of site.hosts) {
      const section = new RegExp(
        `^  ${hypervisor.name}:\n    ovsdb: ${ClassicSite.ovsdbOf(hypervisor === one.hypervisor ? one : two)}\n` +
          `    bridge: ${classic.bridge}\n    datapath: netdev\n    vtep: ${hypervisor.vtep} +#.*\n    uplink: ${classic.uplink} `,
        'm',
      );
      t.match(text, section);
    }
    t.match(
      text,
      new RegExp(`^  vlan${classic.tag}:\n    vni: ${classic.key} .*\n    mesh: \\[${classic.mesh}\\] `, 'm'),
    );
    t.match(text, /^ {6}- iface-id: vm-1-eth0 # vm-1-p on kvm1: VM vm-1, 02:00:00:00:00:01$/m);
    const checked = await heddle(site.lab.controller, 'check', file);
    t.match(checked.stdout, /is good: 2 hypervisors, 1 network,/);
  });

  /** Does something to a host, and takes it back. */
  async function whileBroken(
    t: Test,
    make: readonly string[],
    undo: readonly string[],
    look: (found: Imported) => void,
  ) {
    // Open vSwitch may well say no, which is what is to be seen.
    await two.hypervisor.run(['ovs-vsctl', '--timeout=15', ...make], { accept: [0, 1] });
    const imported = await found();
    t.equal(imported.code, 2);
    look(imported);
    await two.hypervisor.vsctl(...undo);
  }

  await t.test('what is broken', async t => {
    const key = (key: number): string[] => ['set', 'Interface', classic.mesh, `options:key=${key}`];
    await whileBroken(t, key(11), key(classic.key), imported => {
      t.match(broken(imported), [
        { code: 'peer-key', host: 'kvm1', port: classic.mesh, what: /key 10, .* key 11/ },
      ]);
    });
    const absent = ['add-port', classic.bridge, 'absent0', 'tag=10'];
    await whileBroken(t, absent, ['del-port', 'absent0'], imported => {
      t.match(broken(imported), [
        { code: 'interface-error', host: 'kvm2', port: 'absent0', what: /absent0/ },
      ]);
    });
    const nowhere = ['add-port', classic.bridge, 'vx9', '--', 'set', 'Interface', 'vx9', 'type=vxlan'];
    await whileBroken(t, nowhere, ['del-port', 'vx9'], imported => {
      t.ok(broken(imported).some(({ code, port }) => code === 'tunnel' && port === 'vx9'));
    });
    // Both ends, as a loop of two is made; with no packet sent meanwhile that could go round.
    const carries = ['set', 'Port', classic.uplink, 'trunks=0,10'];
    await one.hypervisor.vsctl('--no-wait', ...carries);
    await whileBroken(t, ['--no-wait', ...carries], ['set', 'Port', classic.uplink, 'trunks=0'], imported => {
      t.match(broken(imported)[0], {
        code: 'loop',
        what: /VLAN 10 .*vxlan10 between kvm1 and kvm2 and eth0 of kvm1 and/,
      });
    });
    await one.hypervisor.vsctl('set', 'Port', classic.uplink, 'trunks=0');
    t.equal((await run()).code, 0, 'nothing is broken any more');
  });

  await t.test('Heddle takes them over with it', async t => {
    const running = await startHeddle(site.lab, await readFile(file, 'utf8'));
    await untilInSync(running);
    t.equal((await heddle(site.lab.controller, 'plan', running.file)).code, 0, 'there is nothing more to do');
    const { received } = await one.vm.ping(two.vm.ip, { count: 20, intervalMs: 20 });
    t.ok(received > 15, `VMs reach each other: ${received} of 20`);
    const { by } = await one.agent.probe(two.hypervisor.vtep, { count: 10 });
    t.ok((by['kvm2'] ?? 0) > 5, `and hosts do, by the uplink: ${by['kvm2'] ?? 0} of 10`);
  });
});

t.test('a VLAN of the physical network goes on by the uplinks', { skip }, async t => {
  const site = await ClassicSite.open();
  t.teardown(() => site.lab.down());
  const [one, two] = site.hosts;
  for (const { hypervisor } of site.hosts)
    await hypervisor.vsctl(
      ...['del-port', classic.mesh, '--', 'set', 'Port', classic.uplink, `trunks=0,${classic.tag}`],
    );
  const reach = async (): Promise<number> =>
    (await one.vm.ping(two.vm.ip, { count: 20, intervalMs: 20 })).received;
  await waitFor('the VMs to reach each other by hand', async () => (await reach()) > 15);
  const file = `${site.lab.directory}/imported.yaml`;
  const targets = site.hosts.map(ClassicSite.ovsdbOf);
  const { code, stderr } = await heddle(site.lab.controller, 'import', ...targets, '--output', file);
  t.equal(code, 0, stderr);
  const yaml = await readFile(file, 'utf8');
  t.match(yaml, new RegExp(`^ {2}vlan${classic.tag}:\n {4}vlan: ${classic.tag} `, 'm'));

  const running = await startHeddle(site.lab, yaml);
  await untilInSync(running);
  t.equal((await heddle(site.lab.controller, 'plan', running.file)).code, 0, 'there is nothing more to do');
  const received = await reach();
  t.ok(received > 15, `VMs reach each other: ${received} of 20`);
  const { by } = await one.agent.probe(two.hypervisor.vtep, { count: 10 });
  t.ok((by['kvm2'] ?? 0) > 5, `and hosts do: ${by['kvm2'] ?? 0} of 10`);
});

t.test('Heddle runs with the file', { skip }, async t => {
  const lab = await Lab.create();
  t.teardown(() => lab.down());
  // Their own addresses are on another bridge, and their databases on another network than their tunnels.
  const [one, two] = [await lab.addHypervisor('kvm1'), await lab.addHypervisor('kvm2')];
  const setUp = async (self: Hypervisor, peer: Hypervisor, name: string, address: number): Promise<Vm> => {
    const options = ['type=vxlan', `options:remote_ip=${peer.vtep}`, 'options:key=77'];
    await self.vsctl(
      ...['add-br', 'br-vms', '--', 'set', 'Bridge', 'br-vms', 'datapath_type=netdev'],
      ...['--', 'add-port', 'br-vms', 'vx77', 'tag=7', '--', 'set', 'Interface', 'vx77', ...options],
    );
    const mac = `02:00:00:00:00:0${address}`;
    const ids = { ifaceId: name, attachedMac: mac };
    return self.addVm({ name, mac, ip: `10.0.0.${address}`, bridge: 'br-vms', tag: 7, ...ids });
  };
  const vm1 = await setUp(one, two, 'vm-1', 1);
  const vm2 = await setUp(two, one, 'vm-2', 2);
  const targets = [one, two].map(({ management }) => `tcp:${management}:${ovsdbPort}`);
  const file = `${lab.directory}/imported.yaml`;
  const { code, stderr } = await heddle(lab.controller, 'import', ...targets, '--output', file);
  t.equal(code, 0, stderr);
  const yaml = await readFile(file, 'utf8');
  t.match(yaml, /^ {4}bridge: br-vms$/m);
  t.match(yaml, new RegExp(`^    vtep: ${one.vtep} # remote_ip of vx77 of kvm2$`, 'm'));
  t.match(yaml, /^ {2}vlan7:\n {4}vni: 77 .*\n {4}mesh: \[vx77\]/m);
  t.notMatch(yaml, /uplink:/);

  const running = await startHeddle(lab, yaml);
  await untilInSync(running);
  t.equal((await heddle(lab.controller, 'plan', running.file)).code, 0, 'there is nothing more to do');
  const { received } = await vm1.ping(vm2.ip, { count: 20, intervalMs: 20 });
  t.ok(received > 15, `VMs reach each other: ${received} of 20`);
  const frames = async (port: string): Promise<number> =>
    Number(await two.vsctl('get', 'Interface', port, 'statistics:rx_packets'));
  // Open vSwitch writes its statistics every 5 s.
  const waiting = { timeoutMs: 20_000, intervalMs: 500 };
  await waitFor('the frames to be counted', async () => (await frames('vx77')) >= received, waiting);
  t.equal(await frames('heddle-vxlan'), 0, 'all by the tunnel that was made by hand');
  const again = await heddle(lab.controller, 'import', ...targets);
  t.match(
    again.stdout,
    /Note: .*Heddle has made ports here \(heddle-vxlan\)/,
    'and once more, with what Heddle has made',
  );
});
