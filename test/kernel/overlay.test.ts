/** The overlay on the kernel datapath: who reaches whom, and what a Heddle that ends and comes back costs. */
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { checkReachability } from '../../lab/reachability.js';
import { wrongCells } from '../../lab/table.js';
import { heddle } from '../live/support/heddle-in.js';
import { reachEachOther, Site } from '../live/support/overlay-site.js';
import { pingWhile } from './support/pinging.js';

t.test('two networks on two hosts', async t => {
  const site = await Site.open({
    hypervisors: ['kvm1', 'kvm2'],
    networks: [
      { name: 'blue', vni: 5000, ports: [{ ifaceId: 'blue-*' }] },
      {
        name: 'red',
        vni: 6000,
        ports: [
          { port: 'red-1-p', on: 'kvm1' },
          { port: 'red-2-p', on: 'kvm2' },
        ],
      },
    ],
  });
  t.teardown(() => site.close(t.passing() ? undefined : text => t.comment(text)));
  const kvm1 = site.hypervisor('kvm1');
  const blue1 = await site.addGuest('kvm1', { name: 'blue-1', address: 1, known: true });
  const blue2 = await site.addGuest('kvm2', { name: 'blue-2', address: 2, known: true });
  const red1 = await site.addGuest('kvm1', { name: 'red-1', address: 1, known: false });
  const red2 = await site.addGuest('kvm2', { name: 'red-2', address: 2, known: false });
  await Promise.all([reachEachOther(blue1, blue2), reachEachOther(red1, red2)]);

  await t.test('each reaches its own network, and nobody of the other', async t => {
    const cells = await checkReachability([
      ...[blue1, blue2].map(station => ({ network: 'blue', station })),
      ...[red1, red2].map(station => ({ network: 'red', station })),
    ]);
    t.same(wrongCells(cells), []);
    t.equal(cells.filter(({ reached }) => reached).length, 4);
  });

  await t.test('by the kernel, and not in userspace', async t => {
    t.match(await kvm1.appctl('dpif/show'), /^system@/);
    t.match(await kvm1.appctl('dpctl/dump-flows'), /tunnel\(tun_id=0x1388/);
    t.match(await kvm1.host.run(['ip', '-d', 'link', 'show', 'vxlan_sys_4789']), { stdout: /dstport 4789/ });
  });

  for (const signal of ['SIGTERM', 'SIGKILL'] as const)
    await t.test(`a Heddle that ends by ${signal} and comes back costs nothing`, async t => {
      const { sent, lost } = await pingWhile(blue1, blue2.ip, async () => {
        await site.stopHeddle(signal);
        await sleep(2_000);
        await site.startHeddle();
        await site.untilInSync();
      });
      t.comment(`${lost} of ${sent} lost`);
      t.ok(sent > 40, `${sent} were sent`);
      t.equal(lost, 0, 'no packet is lost');
    });

  await t.test('and nothing is left to do', async t => {
    const { controller, directory } = site.lab;
    const { code, stdout } = await heddle(controller, 'plan', `${directory}/heddle.yaml`);
    t.equal(code, 0, stdout);
  });
});
