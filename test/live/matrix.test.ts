// alone: it counts packets, and a lab beside it would take some
/** Everyone with everyone: three networks with equal addresses on four hypervisors, before and after their VMs have moved about. */
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { capture } from '../../lab/capture.js';
import { broadcastAddress } from '../../lab/plan.js';
import { missingForLab } from '../../lab/requirements.js';
import {
  addGridVms,
  Ears,
  gridNetworks,
  moveCable,
  askPeers,
  askStrangers,
  type GridNetwork,
} from './support/grid.js';
import { Site } from './support/overlay-site.js';
import { Draw } from './support/random.js';

const missing = missingForLab();
const skip = missing.length === 0 ? false : missing.join('; ');

const hosts = ['kvm1', 'kvm2', 'kvm3', 'kvm4'];
/** Six addresses are those of all three networks; two are each network's own, so that a stray frame says whose it is. */
const networks: readonly GridNetwork[] = [
  { name: 'blue', vni: 5000, hosts, addresses: [1, 2, 3, 4, 5, 6, 17, 18] },
  { name: 'red', vni: 6000, hosts: hosts.slice(0, 3), addresses: [1, 2, 3, 4, 5, 6, 27, 28] },
  { name: 'green', vni: 7000, hosts: hosts.slice(1), addresses: [1, 2, 3, 4, 5, 6, 37, 38] },
];

/**
 * Inside VXLAN, a request to all for an address: ARP, or a neighbour solicitation from somebody who has an address. The inner frame
 * begins 50 bytes behind the outer one.
 */
const requests =
  'udp dst port 4789 and ether[50] & 1 = 1 and ((ether[62:2] = 0x0806 and ether[70:2] = 1)' +
  ' or (ether[62:2] = 0x86dd and ether[70] = 58 and ether[104] = 135 and ether[72:4] != 0))';
const ipBroadcasts = 'udp dst port 4789 and ether[50:4] = 0xffffffff and ether[62:2] = 0x0800';

t.test('24 VMs of three networks on four hypervisors', { skip }, async t => {
  const site = await Site.open({ hypervisors: hosts, networks: gridNetworks(networks) });
  t.teardown(() => site.close(t.passing() ? undefined : text => t.comment(text)));
  const { lab } = site;
  const vms = (await Promise.all(networks.map(network => addGridVms(lab, network)))).flat();
  await site.untilStatus('all ports to be there', status =>
    status.networks.every(({ ports }) => ports === 8),
  );
  await site.untilInSync();
  await Promise.all(vms.map(({ vm }) => vm.agent()));
  /** On the underlay of each host. */
  const underlay = (filter: string, direction: 'in' | 'out') =>
    Promise.all(hosts.map(name => capture(site.hypervisor(name).host, 'phy0', { filter, direction })));

  const ears = await Ears.open(lab, vms, 'all');

  await t.test(
    'everyone reaches all of their network, and nobody else; nobody is asked for an address',
    async t => {
      const watches = await underlay(requests, 'out');
      await Promise.all(vms.map(({ vm }) => vm.flushNeighbours()));
      const began = performance.now();
      t.same(await askPeers(vms), []);
      t.comment(`24 VMs, 7 peers each, 4 kinds: ${Math.round(performance.now() - began)} ms`);
      const asked = () => watches.flatMap(({ lines }) => lines.filter(line => line.includes('VXLAN')));
      t.same(asked().slice(0, 5), [], 'no request of ARP or ND left a host');
      t.same(await askStrangers(vms), []);
      await Promise.all(watches.map(watch => watch.stop()));
      t.ok(asked().length > 100, 'those for addresses that nobody has do');
    },
  );

  await t.test('a broadcast: one copy for each VM of its network, and for each of its hosts', async t => {
    const shouts = 5;
    for (const { name, vni } of networks) {
      const its = vms.filter(({ network }) => network === name);
      const [sender] = its;
      if (sender === undefined) throw new Error(`no VM in ${name}`);
      const heard = await Ears.open(lab, vms, name);
      const watches = await underlay(ipBroadcasts, 'in');
      await (await sender.vm.agent()).shout(broadcastAddress(sender.vm.ip), { count: shouts });
      await sleep(200);
      const copies = (await heard.close()).map(one => [one.name, one.broadcasts[sender.name] ?? 0]);
      t.same(
        copies,
        vms.map(vm => [vm.name, vm.network === name && vm !== sender ? shouts : 0]),
        name,
      );
      const lines = await Promise.all(watches.map(watch => watch.stop()));
      t.same(
        lines.map(arrived => arrived.filter(line => line.includes(`vni ${vni}`)).length),
        hosts.map(host => (host !== sender.on && its.some(({ on }) => on === host) ? shouts : 0)),
        `${name} on the underlay`,
      );
    }
  });

  await t.test('and so after 100 moves', async t => {
    const draw = new Draw(20_261_123);
    const talks = await Promise.all(
      vms.map(async ({ vm }, index) => {
        const peers = vms.filter(other => other.network === vms[index]?.network && other.vm !== vm);
        const agent = await vm.agent();
        return agent.startProbing(peers[index % peers.length]?.vm.ip ?? '', { intervalMs: 100 });
      }),
    );
    const began = performance.now();
    const movers = 4;
    const move = async (mover: number): Promise<void> => {
      const its = vms.filter((_, index) => index % movers === mover);
      for (let count = 0; count < 100 / movers; count++) {
        const moving = draw.of(its);
        await moveCable(lab, moving, draw.of(hosts.filter(host => host !== moving.on)));
      }
    };
    await Promise.all(Array.from({ length: movers }, (_, mover) => move(mover)));
    t.comment(`100 moves in ${Math.round(performance.now() - began)} ms`);
    await site.untilStatus('all ports to be there', status =>
      status.networks.every(({ ports }) => ports === 8),
    );
    await site.untilInSync();
    await Promise.all(talks.map(talk => talk.stop()));
    await Promise.all(vms.map(({ vm }) => vm.flushNeighbours()));
    t.same(await askPeers(vms), []);
    t.same(await askStrangers(vms), []);
  });

  const heard = await ears.close();
  t.ok(
    heard.every(({ frames }) => frames > 100),
    'all have heard much',
  );
  t.same(
    heard.flatMap(({ name, strangers }) => strangers.slice(0, 3).map(frame => `${name} ${frame}`)),
    [],
    'and nothing of another network',
  );
});
