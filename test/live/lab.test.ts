import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { Lab } from '../../lab/lab.js';
import type { Hypervisor } from '../../lab/hypervisor.js';
import { missingForLab } from '../../lab/requirements.js';
import { listNamespaces } from '../../lab/namespaces.js';
import { thisMachine } from '../../lab/host.js';
import type { Vm } from '../../lab/vm.js';
import { iperf } from '../../lab/iperf.js';
import { checkReachability } from '../../lab/reachability.js';
import { wrongCells } from '../../lab/table.js';
import type { Station } from '../../lab/station.js';
import { waitFor } from '../../lab/wait.js';

const missing = missingForLab();
const skip = missing.length === 0 ? false : missing.join('; ');

/** A bridge as a person would make it by hand: a learning switch with a tunnel to one peer. */
async function addLearningBridge(hypervisor: Hypervisor, peer: { readonly vtep: string }): Promise<void> {
  await hypervisor.vsctl(
    ...['add-br', 'br-int', '--', 'set', 'Bridge', 'br-int', 'datapath_type=netdev'],
    ...['--', 'add-port', 'br-int', 'vx', '--', 'set', 'Interface', 'vx', 'type=vxlan'],
    ...[`options:remote_ip=${peer.vtep}`, 'options:key=7'],
  );
}

/** The first packets may be lost while neighbours are asked for. */
const reaches = (from: Station, to: Station): Promise<true> =>
  waitFor(
    `${from.name} to reach ${to.name}`,
    async () => (await from.ping(to.ip, { count: 1, timeoutMs: 300 })).received === 1,
  );

t.test('two hypervisors and their VMs, over a tunnel', { skip }, async t => {
  const lab = await Lab.create();
  t.teardown(() => lab.down());
  const [kvm1, kvm2] = await Promise.all([lab.addHypervisor('kvm1'), lab.addHypervisor('kvm2')]);
  await Promise.all([addLearningBridge(kvm1, kvm2), addLearningBridge(kvm2, kvm1)]);
  const [one, two] = await Promise.all([
    kvm1.addVm({
      name: 'one',
      mac: '02:00:00:00:00:01',
      ip: '10.0.0.1',
      ifaceId: 'fw1',
      attachedMac: '02:00:00:00:00:01',
    }),
    kvm2.addVm({ name: 'two', mac: '02:00:00:00:00:02', ip: '10.0.0.2', ip6: 'fd00::2' }),
  ]);
  const ids = await kvm1.vsctl('get', 'Interface', one.port, 'external_ids');
  t.match(ids, /attached-mac="02:00:00:00:00:01", iface-id=fw1, iface-status=active/);

  await reaches(one, two);
  t.same(await one.ping(two.ip, { count: 5, intervalMs: 10 }), { sent: 5, received: 5 });
  t.same(await one.ping('10.0.9.9', { count: 1 }), { sent: 0, received: 0 }, 'no route: nothing sent');

  await kvm1.restartVswitchd('KILL');
  await kvm2.restartOvsdbServer();
  await reaches(one, two);

  await kvm2.takeOver(one, kvm1, { ifaceId: 'fw1' });
  t.notMatch(await kvm1.vsctl('list-ports', 'br-int'), /one-p/);
  t.match(await kvm2.vsctl('list-ports', 'br-int'), /one-p/);
  await reaches(two, one);

  await lab.fabric.setCable('underlay', 'kvm2', 'down');
  t.match(await kvm2.logTail(5), /ovs-vswitchd\.log/);
  t.match(await kvm1.ofctl('show', 'br-int'), /OFPT_FEATURES_REPLY \(OF1\.3\)/);
  t.match(await kvm1.appctl('version'), /Open vSwitch/);
  t.match((await lab.controller.run(['ping', '-c', '1', kvm2.management])).stdout, /1 received/);

  await t.rejects(Lab.create({ id: lab.id }), { code: 'LAB_FAILED' }, 'one lab of an id');
  t.equal((await listNamespaces(thisMachine, lab.id)).length, 6, 'and the second attempt took nothing down');
  t.same(await lab.down(), []);
  t.same(await listNamespaces(thisMachine, lab.id), []);
  await t.rejects(kvm1.vsctl('show'), { code: 'LAB_FAILED' }, 'a lab that is down runs nothing');
});

const mac = (last: number): string => `02:00:00:00:00:0${last}`;

t.test('a Linux VTEP, probes at 1 ms, a capture and a throughput', { skip }, async t => {
  const lab = await Lab.create();
  t.teardown(() => lab.down());
  const kvm1 = await lab.addHypervisor('kvm1');
  const spec = { name: 'box', mac: mac(9), ip: '10.0.0.9' };
  const { station: box, vtep } = await lab.addLinuxVtep({ vni: 7, peers: [kvm1.vtep], station: spec });
  await addLearningBridge(kvm1, { vtep });
  const [one, two] = await Promise.all([
    kvm1.addVm({ name: 'one', mac: mac(1), ip: '10.0.0.1' }),
    kvm1.addVm({ name: 'two', mac: mac(2), ip: '10.0.0.2' }),
  ]);
  await reaches(one, box);
  await Promise.all([two.agent(), box.agent()]);
  const agent = await one.agent();
  t.match(await agent.probe(box.ip, { count: 3 }), { sent: 3, received: 3, by: { box: 3 } });
  t.same(Object.keys((await agent.shout('10.0.0.255', { count: 5 })).by).sort(), ['box', 'two']);
  t.match(await agent.probe(one.ip), { by: { one: 1 } }, 'its own address is answered by itself');

  // An outage: what is lost while the tunnel's cable is out, and nothing else.
  const probing = agent.startProbing(box.ip, { intervalMs: 1 });
  await sleep(300);
  await lab.fabric.setCable('underlay', 'box', 'down');
  await sleep(200);
  await lab.fabric.setCable('underlay', 'box', 'up');
  await reaches(one, box);
  await sleep(300);
  const outage = await probing.stop();
  t.ok(outage.sent > 700, `${outage.sent} sent`);
  t.ok(outage.lost >= 150, `${outage.lost} lost`);
  t.ok(outage.received >= 400, `${outage.received} received`);
  t.ok(outage.longestGapMs >= 150, `${outage.longestGapMs} ms`);

  const capture = await two.capture({ direction: 'in', filter: 'icmp' });
  await one.ping(two.ip, { count: 2 });
  await waitFor('the frames', () => capture.lines.length >= 2);
  t.match((await capture.stop()).join('\n'), /02:00:00:00:00:01 > 02:00:00:00:00:02.*ICMP echo request/);
  await t.rejects(two.capture({ filter: 'no such filter' }), { message: /syntax error/ });

  const udp = await iperf(one, two, { seconds: 1, udpBitsPerSecond: 5e6 });
  t.ok(Math.abs(udp.bitsPerSecond - 5e6) < 1e6, `${udp.bitsPerSecond} bit/s`);
  t.ok((await iperf(one, box, { seconds: 1 })).bitsPerSecond > 1e6, 'TCP through the tunnel');
});

t.test('reachability tells the networks apart, though they have the same addresses', { skip }, async t => {
  const lab = await Lab.create();
  t.teardown(() => lab.down());
  const [kvm1, kvm2] = await Promise.all([lab.addHypervisor('kvm1'), lab.addHypervisor('kvm2')]);
  // Made by hand, as one does without a controller: a VLAN and a tunnel port for each network.
  const networks = { blue: 10, red: 20 };
  const build = async (on: Hypervisor, peer: Hypervisor): Promise<void> => {
    await on.vsctl('add-br', 'br-int', '--', 'set', 'Bridge', 'br-int', 'datapath_type=netdev');
    for (const [name, tag] of Object.entries(networks)) {
      await on.vsctl(
        ...[
          'add-port',
          'br-int',
          `vx-${name}`,
          `tag=${tag}`,
          '--',
          'set',
          'Interface',
          `vx-${name}`,
          'type=vxlan',
        ],
        ...[`options:remote_ip=${peer.vtep}`, `options:key=${tag}`],
      );
    }
  };
  await Promise.all([build(kvm1, kvm2), build(kvm2, kvm1)]);
  const members = await Promise.all(
    Object.entries(networks).flatMap(([network, tag]) =>
      [kvm1, kvm2].map(async (hypervisor, index) => {
        const name = `${network}-${index + 1}`;
        const station = await hypervisor.addVm({ name, mac: mac(index + 1), ip: `10.0.0.${index + 1}` });
        await hypervisor.vsctl('set', 'Port', station.port, `tag=${tag}`);
        return { network, station };
      }),
    ),
  );
  const [blue1, blue2] = members.map(member => member.station) as [Vm, Vm];
  await reaches(blue1, blue2);

  const turns: string[] = [];
  const cells = await checkReachability(members, { onTurn: from => turns.push(from) });
  t.same(turns, ['blue-1', 'blue-2', 'red-1', 'red-2']);
  t.equal(cells.length, 12);
  t.same(wrongCells(cells), []);
  t.ok(
    cells.find(cell => cell.from === 'blue-1' && cell.to === 'red-2')?.pinged,
    'blue-2 answered for that address',
  );

  // The two networks become one where it matters: the check has to see it.
  await kvm2.vsctl('set', 'Port', 'red-2-p', 'tag=10');
  const merged = wrongCells(await checkReachability(members));
  t.ok(
    merged.some(line =>
      /^red-2, in another network, received frames of blue-1|^blue-1 reaches red-2/.test(line),
    ),
  );
  t.ok(
    merged.some(line => line.startsWith('red-1 does not reach red-2')),
    merged.join('\n'),
  );
});
