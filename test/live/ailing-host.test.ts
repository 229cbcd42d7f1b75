/** A host that stands still, and one whose disk is full: the others are served as ever, and it is served when it can be. */
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { thisMachine } from '../../lab/host.js';
import type { Lab } from '../../lab/lab.js';
import { sendSignal } from '../../lab/namespaces.js';
import { missingForLab } from '../../lab/requirements.js';
import { reaches, reachEachOther, Site } from './support/overlay-site.js';
import { sentTo } from './support/tables.js';

const missing = missingForLab();
const skip = missing.length === 0 ? false : missing.join('; ');

/** The second host's database, logs and sockets get a disk of their own, of this many bytes; it goes with the lab. */
const diskSize = 8 * 2 ** 20;
const diskOf = (lab: Lab): string => `${lab.directory}/kvm2`;

async function mountDisk(lab: Lab): Promise<void> {
  const disk = diskOf(lab);
  await thisMachine.run(['mkdir', '-m', '700', disk]);
  await thisMachine.run(['mount', '-t', 'tmpfs', '-o', `size=${diskSize}`, 'tmpfs', disk]);
}

t.test('a host that ails', { skip }, async t => {
  const site = await Site.open({
    hypervisors: ['kvm1', 'kvm2'],
    networks: [{ name: 'blue', vni: 5000, ports: [{ ifaceId: 'blue*' }] }],
    prepare: mountDisk,
  });
  t.teardown(() => site.close(t.passing() ? undefined : text => t.comment(text)));
  const [kvm1, kvm2] = [site.hypervisor('kvm1'), site.hypervisor('kvm2')];
  const blue1 = await site.addGuest('kvm1', { name: 'blue-1', address: 1, known: true });
  const blue2 = await site.addGuest('kvm2', { name: 'blue-2', address: 2, known: true });
  await site.untilStatus('both ports to be there', ({ networks: [blue] }) => blue?.ports === 2);
  await site.untilInSync();
  await reachEachOther(blue1, blue2);

  await t.test('both daemons stand still for 5 seconds', async t => {
    const before = await sentTo(kvm2);
    const pids = [await kvm2.vswitchd.pid(), await kvm2.ovsdbServer.pid()];
    for (const pid of pids) await sendSignal(kvm2.host, pid, 'STOP');
    const began = performance.now();
    const blue3 = await site.addGuest('kvm1', { name: 'blue-3', address: 3, known: true });
    await reachEachOther(blue1, blue3);
    t.comment(
      `a VM that starts on the other host is reached after ${Math.round(performance.now() - began)} ms`,
    );
    await sleep(Math.max(0, 5_000 - (performance.now() - began)));
    t.equal((await site.status()).hypervisors.length, 2, 'Heddle answers');
    for (const pid of pids) await sendSignal(kvm2.host, pid, 'CONT');
    await reaches(blue3, blue2);
    await site.untilInSync();
    const after = await sentTo(kvm2);
    t.same(
      before.filter(line => line.startsWith('cookie=') && !after.includes(line)),
      [],
      'it has what it had',
    );
    t.equal(
      after.filter(line => line.includes('dl_dst=02:00:00:00:00:03')).length,
      1,
      'and knows the new VM',
    );
    await kvm1.unplug(blue3);
    await site.untilInSync();
  });

  await t.test('a full disk', async t => {
    const disk = diskOf(site.lab);
    const { transactions = -1 } = (await site.status()).hypervisors[1] ?? {};
    await thisMachine.run(['dd', 'if=/dev/zero', `of=${disk}/filler`, 'bs=64k'], { accept: [1] });
    await thisMachine.run(['dd', 'if=/dev/zero', `of=${disk}/filler-too`, 'bs=512'], { accept: [1] });
    // The last page of the database may still have room for a few.
    const note = (text: string): string[] => ['set', 'Bridge', 'br-int', `external_ids:note=${text}`];
    const write = (text: string) => kvm2.run(['ovs-vsctl', '--no-wait', ...note(text)], { accept: [0, 1] });
    let failed = 0;
    for (let tries = 0; failed < 3 && tries < 60; tries++)
      failed = (await write(`${tries}`)).code === 0 ? 0 : failed + 1;
    t.equal(failed, 3, 'nothing can be written there any more');

    const moved = site.yaml.replace('vtep: "10.97.0.2"\n', 'vtep: "10.97.0.22"\n');
    t.not(moved, site.yaml);
    await site.replaceFile(moved);
    await site.untilStatus('it to be told', ({ problems }) =>
      problems.some(({ where, message }) => where === 'kvm2' && /OVSDB refused a transaction/.test(message)),
    );
    const { hypervisors, problems } = await site.status();
    t.comment(problems.map(({ message }) => message).join('; '));
    t.equal(hypervisors[1]?.transactions, transactions, 'and no transaction is counted');
    const blue4 = await site.addGuest('kvm1', { name: 'blue-4', address: 4, known: true });
    await reachEachOther(blue1, blue4);

    await thisMachine.run(['rm', `${disk}/filler`, `${disk}/filler-too`]);
    await site.untilInSync();
    t.match(await kvm2.vsctl('get', 'Interface', 'heddle-vxlan', 'options'), /local_ip="10\.97\.0\.22"/);
    t.equal((await site.status()).hypervisors[1]?.transactions, transactions + 1, 'it is done once');
  });
});
