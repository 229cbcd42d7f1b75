import t from 'tap';
import { Lab } from '../../lab/lab.js';
import type { Hypervisor } from '../../lab/hypervisor.js';
import { missingForLab } from '../../lab/requirements.js';
import { listNamespaces } from '../../lab/namespaces.js';
import { thisMachine } from '../../lab/host.js';
import type { Vm } from '../../lab/vm.js';
import { waitFor } from '../../lab/wait.js';

const missing = missingForLab();
const skip = missing.length === 0 ? false : missing.join('; ');

/** A bridge as a person would make it by hand: a learning switch with a tunnel to one peer. */
async function addLearningBridge(hypervisor: Hypervisor, peer: Hypervisor): Promise<void> {
  await hypervisor.vsctl(
    ...['add-br', 'br-int', '--', 'set', 'Bridge', 'br-int', 'datapath_type=netdev'],
    ...['--', 'add-port', 'br-int', 'vx', '--', 'set', 'Interface', 'vx', 'type=vxlan'],
    ...[`options:remote_ip=${peer.vtep}`, 'options:key=7'],
  );
}

/** The first packets may be lost while neighbours are asked for. */
const reaches = (from: Vm, to: Vm): Promise<true> =>
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
