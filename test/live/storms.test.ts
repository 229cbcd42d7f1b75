/** What keeps broadcasts down: limits, while known MACs go on undisturbed. */
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { broadcastAddress } from '../../lab/plan.js';
import { missingForLab } from '../../lab/requirements.js';
import { reachEachOther, Site } from './support/overlay-site.js';
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
