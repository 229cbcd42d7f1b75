// alone: it counts packets or bits, and a lab beside it would take some
/** What keeps broadcasts down: limits, while known MACs go on undisturbed, and answers that the switch gives itself. */
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { broadcastAddress } from '../../lab/plan.js';
import { missingForLab } from '../../lab/requirements.js';
import type { Hypervisor } from '../../lab/hypervisor.js';
import { macOf, reachEachOther, Site } from './support/overlay-site.js';
import { broadcast, outputsOf } from './support/trace.js';

const missing = missingForLab();
const skip = missing.length === 0 ? false : missing.join('; ');

t.test('storms', { skip }, async t => {
  const site = await Site.open({
    hypervisors: ['kvm1', 'kvm2'],
    networks: [
      {
        name: 'blue',
        vni: 5000,
        ports: [{ ifaceId: 'blue*' }],
        flood: { broadcast: '2pps', 'unknown-unicast': 'drop' },
      },
      {
        name: 'red',
        vni: 6000,
        ports: [
          { ifaceId: 'red-1', addresses: ['10.0.0.1', 'fd00::1'] },
          { ifaceId: 'red-2', addresses: ['10.0.0.2', 'fd00::2'] },
          { ifaceId: 'red-3' },
        ],
      },
    ],
  });
  t.teardown(() => site.close(t.passing() ? undefined : text => t.comment(text)));
  const blue1 = await site.addGuest('kvm1', { name: 'blue-1', address: 1, known: true });
  const blue2 = await site.addGuest('kvm1', { name: 'blue-2', address: 2, known: true });
  const blue3 = await site.addGuest('kvm2', { name: 'blue-3', address: 3, known: true });
  await site.untilStatus('all ports to be there', ({ networks }) => networks[0]?.ports === 3);
  await site.untilInSync();
  await Promise.all([reachEachOther(blue1, blue2), reachEachOther(blue1, blue3)]);

  await t.test('of a storm, the rate alone gets through, and unicast all', async t => {
    const watches = [];
    for (const guest of [blue2, blue3]) {
      const filter = 'udp dst port 17007 and ether broadcast';
      watches.push(await guest.capture({ direction: 'in', filter }));
    }
    const agent = await blue1.agent();
    const began = performance.now();
    const storm = agent.shout(broadcastAddress(blue1.ip), { count: 500, intervalMs: 2 });
    const { sent, by } = await agent.probe(blue3.ip, { count: 100, intervalMs: 10 });
    await storm;
    await sleep(300);
    const most = 2 * Math.ceil((performance.now() - began) / 1000) + 2;
    t.same([sent, by], [100, { 'blue-3': 100 }], 'who is known is reached, each time');
    for (const watch of watches) {
      const heard = (await watch.stop()).filter(line => line.includes('UDP')).length;
      t.ok(heard > 0 && heard <= most, `${heard} of 500 broadcasts, at most ${most}`);
    }
  });

  await t.test('what is for a MAC that nobody has goes nowhere', async t => {
    const kvm1 = site.hypervisor('kvm1');
    t.same(await outputsOf(kvm1, { inPort: 'blue-1-p', to: '02:00:00:00:00:77' }), []);
    t.same(await outputsOf(kvm1, { inPort: 'blue-1-p', to: '01:00:5e:00:00:01' }), [
      '10.97.0.2 vni 5000',
      'blue-2-p',
    ]);
    t.same((await outputsOf(kvm1, { inPort: 'blue-1-p', to: broadcast })).length, 2);
  });

  await t.test('who has an address that the file says is asked of nobody but the switch', async t => {
    const [kvm1, kvm2] = [site.hypervisor('kvm1'), site.hypervisor('kvm2')];
    const red = (on: Hypervisor, last: number) =>
      on.addVm({
        ...{ name: `red-${last}`, mac: macOf(last), ip: `10.0.0.${last}`, ip6: `fd00::${last}` },
        ...{ ifaceId: `red-${last}`, attachedMac: macOf(last) },
      });
    const [red1, red2, red3] = [await red(kvm1, 1), await red(kvm2, 2), await red(kvm2, 3)];
    await site.untilStatus('all ports to be there', ({ networks }) => networks[1]?.ports === 3);
    await site.untilInSync();
    // The first packet to a host is lost while its tunnel address is asked for.
    await reachEachOther(red1, red2);
    await reachEachOther(red1, red3);
    const asked = await red2.capture({
      direction: 'in',
      filter: 'ether src 02:00:00:00:00:01 and (arp or ether multicast)',
    });
    for (const guest of [red1, red2]) await guest.flushNeighbours();
    const neighbours = async (): Promise<string> => (await red1.exec(['ip', 'neigh', 'show'])).stdout;
    for (const address of ['10.0.0.2', 'fd00::2']) {
      t.match(await red1.ping(address, { count: 3 }), { sent: 3, received: 3 }, address);
      t.ok((await neighbours()).includes(`${address} dev eth0 lladdr ${red2.mac}`), 'with its own MAC');
    }
    const requests = (await asked.stop()).filter(line => /Request who-has|neighbor solicitation/.test(line));
    t.same(
      requests.filter(line => / > (ff:ff|33:33)/.test(line)),
      [],
      'and no request came there',
    );
    await red1.flushNeighbours();
    const others = await red3.capture({ direction: 'in', filter: 'arp' });
    t.match(await red1.ping(red3.ip, { count: 2 }), { received: 2 }, 'one that it does not say, as ever');
    t.ok((await others.stop()).some(line => line.includes('who-has 10.0.0.3')));
  });

  await t.test('nothing is sent to the switches again when Heddle is started anew', async t => {
    await site.stopHeddle();
    await site.startHeddle();
    await site.untilInSync();
    const { switches } = await site.status();
    t.same(
      switches.map(({ sent }) => sent),
      [0, 0],
    );
  });
});
