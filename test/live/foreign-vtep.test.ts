/** VTEPs that Heddle does not manage: plain Linux hosts that bridge what is behind them, and who may not send. */
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { capture } from '../../lab/capture.js';
import { ipBatch, thisMachine } from '../../lab/host.js';
import { makeNamespace } from '../../lab/namespaces.js';
import { broadcastAddress, guestMtu } from '../../lab/plan.js';
import { missingForLab } from '../../lab/requirements.js';
import { Station, stationDevice } from '../../lab/station.js';
import { waitFor } from '../../lab/wait.js';
import { macOf, reachEachOther, Site } from './support/overlay-site.js';
import { outputsOf } from './support/trace.js';

const missing = missingForLab();
const skip = missing.length === 0 ? false : missing.join('; ');

const listed = '10.97.0.9';

t.test('Linux hosts with a vxlan device', { skip }, async t => {
  const site = await Site.open({
    hypervisors: ['kvm1', 'kvm2'],
    networks: [
      { name: 'blue', vni: 5000, ports: [{ ifaceId: 'blue-*' }], remotes: [listed] },
      { name: 'red', vni: 6000, ports: [{ ifaceId: 'red-*' }] },
    ],
  });
  t.teardown(() => site.close(t.passing() ? undefined : text => t.comment(text)));
  const { lab } = site;
  const [kvm1, kvm2] = [site.hypervisor('kvm1'), site.hypervisor('kvm2')];
  const guest = (on: string, name: string, address: number) =>
    site.addGuest(on, { name, address, known: true });
  const blue1 = await guest('kvm1', 'blue-1', 1);
  const blue2 = await guest('kvm2', 'blue-2', 2);
  const red1 = await guest('kvm1', 'red-1', 1);
  await site.untilStatus(
    'all ports to be there',
    ({ networks: [blue, red] }) => blue?.ports === 2 && red?.ports === 1,
  );
  await site.untilInSync();
  const peers = [kvm1.vtep, kvm2.vtep];
  const { station: box } = await lab.addLinuxVtep({
    ...{ vni: 5000, peers },
    station: { name: 'box', mac: macOf(9), ip: '10.0.0.9' },
  });

  await t.test('a host behind its bridge: both ways, and learned with the address of the tunnel', async t => {
    const host = await makeNamespace(thisMachine, lab.namespaceOf('behind'), { name: 'behind' });
    await ipBatch(box.host, [
      `addr flush dev ${stationDevice}`,
      'link add name br0 type bridge',
      `link set ${stationDevice} master br0`,
      `link add name behind mtu ${guestMtu} type veth peer name ${stationDevice} mtu ${guestMtu} address ${macOf(10)} netns ${lab.namespaceOf('behind')}`,
      'link set behind master br0',
      'link set behind up',
      'link set br0 up',
    ]);
    await host.run(['ethtool', '-K', stationDevice, 'tx', 'off']);
    const behind = new Station({ name: 'behind', mac: macOf(10), ip: '10.0.0.10' }, host);
    await behind.boot();
    await Promise.all([reachEachOther(blue1, behind), reachEachOther(blue2, behind)]);
    for (const [hypervisor, { port }] of [
      [kvm1, blue1],
      [kvm2, blue2],
    ] as const)
      t.same(
        await outputsOf(hypervisor, { inPort: port, to: macOf(10) }),
        [`${listed} vni 5000`],
        `${hypervisor.name} sends there what is for it, and to nobody else`,
      );
  });

  await t.test('who is not listed is not heard, whatever it sends', async t => {
    const stranger = await lab.addLinuxVtep(
      { vni: 5000, peers, station: { name: 'stranger', mac: macOf(77), ip: '10.0.0.77' } },
      7,
    );
    // And a VTEP that is listed, but in another network.
    await ipBatch(box.host, [
      `link add name red mtu ${guestMtu} address ${macOf(88)} type vxlan id 6000 dstport 4789 local ${listed} dev phy0`,
      'addr add 10.0.0.88/24 dev red',
      'link set red up',
    ]);
    for (const peer of peers)
      await box.host.run(['bridge', 'fdb', 'append', '00:00:00:00:00:00', 'dev', 'red', 'dst', peer]);
    const heard = await Promise.all([blue1, blue2, red1].map(vm => vm.capture({ direction: 'in' })));
    const arrived = await capture(kvm1.host, 'phy0', { direction: 'in', filter: 'udp dst port 4789' });
    const { station } = stranger;
    const neighbours = [`neigh replace 10.0.0.1 lladdr ${macOf(1)} dev ${stationDevice}`];
    await ipBatch(station.host, neighbours);
    const agent = await station.agent();
    await agent.shout(broadcastAddress(station.ip), { count: 10 });
    t.same((await agent.probe('10.0.0.1', { count: 10, timeoutMs: 300 })).by, {}, 'nobody answers');
    const ping = ['ping', '-c', '3', '-i', '0.2', '-W', '1', '10.0.0.1'];
    t.match((await box.host.run(ping, { accept: [1] })).stdout, / 0 received/, 'from the wrong network, too');
    await waitFor('the frames of both to come to the host', () =>
      [/ 10\.97\.0\.7\..* vni 5000/, / 10\.97\.0\.9\..* vni 6000/].every(frame =>
        arrived.lines.some(line => frame.test(line)),
      ),
    );
    await sleep(200);
    await arrived.stop();
    const lines = (await Promise.all(heard.map(one => one.stop()))).flat();
    t.same(
      lines.filter(line => line.includes(macOf(77)) || line.includes(macOf(88))),
      [],
      'and no VM has a frame of it',
    );
    t.notMatch(
      await kvm1.ofctl('dump-flows', 'br-int', 'table=70'),
      new RegExp(`${macOf(77)}|${macOf(88)}`),
      'nor is it learned',
    );
  });
});
