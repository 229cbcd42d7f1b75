// alone: it counts packets, and a lab beside it would take some
/** A network on more hosts than one packet is copied to, by a limit that six hosts pass: who hears what is for all. */
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { capture } from '../../lab/capture.js';
import { broadcastAddress } from '../../lab/plan.js';
import { missingForLab } from '../../lab/requirements.js';
import { addGridVms, Ears, gridNetworks } from './support/grid.js';
import { Site } from './support/overlay-site.js';

const missing = missingForLab();
const skip = missing.length === 0 ? false : missing.join('; ');

const hosts = ['kvm1', 'kvm2', 'kvm3', 'kvm4', 'kvm5', 'kvm6'];
const blue = { name: 'blue', vni: 5000, hosts, addresses: [1, 2, 3, 4, 5, 6] };
const relayVni = 5000 ^ 0x800000;
const shouts = 4;
/** Of IPv4, within VXLAN over IPv4. */
const ipBroadcasts = 'udp dst port 4789 and ether[50:4] = 0xffffffff and ether[62:2] = 0x0800';

t.test('six hosts, and five copies', { skip }, async t => {
  const site = await Site.open({ hypervisors: hosts, networks: gridNetworks([blue]), maxCopies: 5 });
  t.teardown(() => site.close(t.passing() ? undefined : text => t.comment(text)));
  const vms = await addGridVms(site.lab, blue);
  await site.untilStatus('all ports to be there', ({ networks: [its] }) => its?.ports === 6);
  await site.untilInSync();
  t.match((await site.status()).networks, [{ name: 'blue', relayParts: 2 }], 'status tells it');
  const shout = async (index: number, count: number): Promise<void> => {
    const vm = vms[index]?.vm;
    if (vm === undefined) throw new Error('no VM');
    await (await vm.agent()).shout(broadcastAddress(vm.ip), { count });
  };
  // The first packet to a VTEP that ovs-vswitchd has not asked for yet is lost.
  for (const round of [1, 2]) for (const index of vms.keys()) await shout(index, round);
  await sleep(200);
  const ears = await Ears.open(site.lab, vms, 'blue');
  const underlay = await Promise.all(
    [...site.lab.hypervisors.values()].map(({ host }) =>
      capture(host, 'phy0', { direction: 'in', filter: ipBroadcasts }),
    ),
  );
  for (const index of vms.keys()) await shout(index, shouts);
  await sleep(300);
  const heard = await ears.close();
  for (const { name, broadcasts } of heard)
    t.same(
      broadcasts,
      Object.fromEntries(vms.filter(vm => vm.name !== name).map(vm => [vm.name, shouts])),
      `${name} hears each once`,
    );
  const arrived = (await Promise.all(underlay.map(watch => watch.stop()))).flat();
  const withVni = (vni: number): number =>
    arrived.filter(line => new RegExp(`vni ${vni}\\b`).test(line)).length;
  t.equal(withVni(relayVni), 6 * shouts, 'each host asks one of the other part');
  t.equal(withVni(5000), 6 * shouts * 4, 'and sends itself, or has sent on, to the four others');
});
