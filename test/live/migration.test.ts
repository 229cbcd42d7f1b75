// alone: it counts packets or bits, and a lab beside it would take some
/** Live migration as libvirt does it, with seconds in which the VM has a port on both hosts; and ports that are none's. */
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { missingForLab } from '../../lab/requirements.js';
import { waitFor } from '../../lab/wait.js';
import { macOf, reaches, reachEachOther, Site } from './support/overlay-site.js';
import { broadcast, outputsOf, tunnelName } from './support/trace.js';

const missing = missingForLab();
const skip = missing.length === 0 ? false : missing.join('; ');

/** How long the destination has its port before the VM runs there. Milliseconds. */
const overlapMs = 3_000;

t.test('VMs that migrate between three hypervisors', { skip }, async t => {
  const networks = [
    {
      name: 'blue',
      vni: 5000,
      ports: [{ ifaceId: 'blue-*' }, ...['kvm1', 'kvm2', 'kvm3'].map(on => ({ port: 'bond*', on }))],
    },
  ];
  const site = await Site.open({ hypervisors: ['kvm1', 'kvm2', 'kvm3'], networks });
  t.teardown(() => site.close(t.passing() ? undefined : text => t.comment(text)));
  const kvm1 = site.hypervisor('kvm1');
  const guest = (on: string, name: string, address: number) =>
    site.addGuest(on, { name, address, known: true });
  const onlookers = {
    kvm1: await guest('kvm1', 'blue-1', 1),
    kvm2: await guest('kvm2', 'blue-2', 2),
    kvm3: await guest('kvm3', 'blue-3', 3),
  };
  const vm = await guest('kvm2', 'blue-vm', 9);
  const identity = { ifaceId: 'blue-vm', attachedMac: macOf(9) };
  await site.untilStatus('all ports to be there', ({ networks: [blue] }) => blue?.ports === 4);
  await site.untilInSync();
  const all = Object.values(onlookers);
  await Promise.all(all.map(onlooker => reachEachOther(onlooker, vm)));

  type Name = keyof typeof onlookers;
  const wayFrom = (name: Name): Promise<string[]> =>
    outputsOf(site.hypervisor(name), { inPort: onlookers[name].port, to: macOf(9) });
  const tells =
    (text: string) =>
    (status: Awaited<ReturnType<Site['status']>>): boolean =>
      status.problems.some(({ message }) => message.includes(text));
  const isTwice = tells('and with the same iface-id to');

  /** With checks on the way: the source has all frames until the VM wakes up elsewhere, and the destination from then on. */
  async function migrate(t: Test, from: Name, to: Name, third: Name): Promise<void> {
    const [source, destination] = [site.hypervisor(from), site.hypervisor(to)];
    const probings = new Map(
      await Promise.all(
        ([from, to, third] as const).map(
          async name =>
            [name, (await onlookers[name].agent()).startProbing(vm.ip, { intervalMs: 10 })] as const,
        ),
      ),
    );
    await vm.layCable(destination.host, 'arriving');
    await destination.plug(vm, identity);
    await site.untilStatus('both ports to be told', isTwice);
    t.same(await wayFrom(from), [vm.port], 'on the source, the VM is here');
    t.same(await wayFrom(to), [`${source.vtep} vni 5000`], 'on the destination, it is not yet');
    t.same(await wayFrom(third), [`${source.vtep} vni 5000`], 'elsewhere, it is where it was');
    t.same(
      await outputsOf(destination, {
        inPort: tunnelName,
        to: macOf(9),
        tunnel: { vni: 5000, source: site.hypervisor(third).vtep },
      }),
      [vm.port],
      'what a tunnel brings to the destination is for the port there',
    );
    await sleep(overlapMs);
    for (const [name, probing] of probings) {
      const { sent, lost, longestGapMs } = await probing.stop();
      t.ok(sent > overlapMs / 20, `${sent} probes from ${name}`);
      t.comment(`from ${name}: ${lost} of ${sent} lost, longest gap ${longestGapMs} ms`);
      // A new link makes ovs-vswitchd read its routes anew, for which a tunnelled packet is lost now and then there.
      if (name === to) t.ok(longestGapMs <= 50, 'nearly none from the destination');
      else t.equal(lost, 0, `none from ${name}`);
    }
    await vm.switchTo('arriving');
    await site.untilStatus('the VM to be heard there', tells('has gone to'));
    await Promise.all(all.map(onlooker => reachEachOther(onlooker, vm)));
    const leads = { from: macOf(77), to: macOf(9) };
    t.same(
      await outputsOf(source, {
        ...leads,
        inPort: tunnelName,
        tunnel: { vni: 5000, source: site.hypervisor(third).vtep },
      }),
      [`${destination.vtep} vni 5000`],
      'what a tunnel brings to the source is sent on',
    );
    t.same(await wayFrom(third), [`${destination.vtep} vni 5000`], 'while the old port is still there');
    await source.unplug(vm);
    await source.host.run(['ip', 'link', 'delete', vm.port]);
    await Promise.all(all.map(onlooker => reachEachOther(onlooker, vm)));
    await site.untilInSync();
    t.same(await wayFrom(from), [`${destination.vtep} vni 5000`]);
    t.same(await wayFrom(to), [vm.port]);
    t.same(await wayFrom(third), [`${destination.vtep} vni 5000`]);
    t.notOk(isTwice(await site.status()));
  }

  await t.test('to a host that is earlier in the file', t => migrate(t, 'kvm2', 'kvm1', 'kvm3'));
  await t.test('to a host that is later in the file', t => migrate(t, 'kvm1', 'kvm3', 'kvm2'));

  await t.test('a bond is told, and is in no network', async t => {
    const internal = ['eth8', 'eth9'].flatMap(name => ['--', 'set', 'Interface', name, 'type=internal']);
    await kvm1.vsctl('add-bond', 'br-int', 'bond0', 'eth8', 'eth9', ...internal);
    await site.untilStatus('the bond to be told', ({ problems }) =>
      problems.some(
        ({ where, message }) =>
          where.startsWith('kvm1 ') &&
          where.endsWith('port bond0') &&
          message.startsWith('bonds are not served yet'),
      ),
    );
    const heard = await outputsOf(kvm1, { inPort: 'blue-1-p', to: broadcast });
    t.same(heard, ['10.97.0.2 vni 5000', '10.97.0.3 vni 5000'], 'it hears nothing');
    for (const name of ['eth8', 'eth9'])
      t.same(await outputsOf(kvm1, { inPort: name, to: broadcast }), [], `${name} says nothing to anyone`);
    await reaches(onlookers.kvm1, onlookers.kvm2);
    await kvm1.vsctl('del-port', 'br-int', 'bond0');
    await site.untilStatus('the bond to be gone', ({ ok }) => ok);
  });

  await t.test('Heddle is started anew while one migrates: nobody knows which port came first', async t => {
    // To a host that is earlier in the file, which would be taken for the first otherwise.
    const [source, destination] = [site.hypervisor('kvm3'), site.hypervisor('kvm1')];
    const probe = async () => (await onlookers.kvm2.agent()).startProbing(vm.ip, { intervalMs: 10 });
    const probing = await probe();
    await vm.layCable(destination.host, 'arriving');
    await destination.plug(vm, identity);
    await site.untilStatus('both ports to be told', isTwice);
    await site.stopHeddle('SIGKILL');
    await site.startHeddle();
    const heard = tells(`is attached to ${vm.port} on kvm3, and with the same iface-id to`);
    await site.untilStatus('the VM to be heard where it runs', heard);
    await waitFor('the destination alone to be listened to', async () => {
      const [here, there] = await Promise.all(
        [source, destination].map(one => one.ofctl('dump-flows', 'br-int', 'table=40')),
      );
      return here?.includes('CONTROLLER') === false && there?.includes('CONTROLLER') === true;
    });
    t.same(await wayFrom('kvm2'), [`${source.vtep} vni 5000`]);
    const { sent, lost, longestGapMs } = await probing.stop();
    t.comment(`${lost} of ${sent} lost, longest gap ${longestGapMs} ms`);
    t.ok(sent > 50);
    t.ok(longestGapMs <= 50, 'nearly none is lost');
    await vm.switchTo('arriving');
    await site.untilStatus('the VM to be heard there', tells('has gone to'));
    await source.unplug(vm);
    await source.host.run(['ip', 'link', 'delete', vm.port]);
    await Promise.all(all.map(onlooker => reachEachOther(onlooker, vm)));
    await site.untilInSync();
  });
});
