/** Hosts that people set up by hand, taken over while their VMs and they themselves go on talking. */
import t from 'tap';
import { classic, ClassicSite } from '../../lab/classic.js';
import { missingForLab } from '../../lab/requirements.js';

const missing = missingForLab();
const skip = missing.length === 0 ? false : missing.join('; ');

t.test('hosts as people set them up by hand', { skip }, async t => {
  const site = await ClassicSite.open();
  t.teardown(() => site.lab.down());
  const [one, two] = site.hosts;

  await t.test('VMs reach each other, and so do hosts, each packet once', async t => {
    await one.vm.agent();
    await two.vm.agent();
    await one.vm.ping(two.vm.ip);
    await one.agent.probe(two.hypervisor.vtep);
    const [guests, hosts] = await Promise.all([
      (await one.vm.agent()).probe(two.vm.ip, { count: 200, intervalMs: 5 }),
      one.agent.probe(two.hypervisor.vtep, { count: 200, intervalMs: 5 }),
    ]);
    t.same(guests.by, { 'vm-2': 200 });
    t.same(hosts.by, { kvm2: 200 });
    t.same([guests.duplicates, hosts.duplicates], [0, 0]);
  });

  await t.test('the host answers for its address from the bridge alone', async t => {
    const { stdout } = await site.lab.controller.run(['ovsdb-client', 'list-dbs', ClassicSite.ovsdbOf(two)]);
    t.match(stdout, /Open_vSwitch/);
    const ports = (await two.hypervisor.vsctl('list-ports', classic.bridge)).trim().split('\n');
    t.same(ports.sort(), ['eth0', 'vm-2-p', 'vxlan10']);
  });
});
