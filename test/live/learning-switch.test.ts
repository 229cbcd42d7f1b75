// alone: it counts packets or bits, and a lab beside it would take some
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { Lab } from '../../lab/lab.js';
import { missingForLab } from '../../lab/requirements.js';
import type { Vm } from '../../lab/vm.js';
import { waitFor } from '../../lab/wait.js';
import { openDoor } from './support/door.js';
import { startHeddleIn, statusOf, untilInSync } from './support/heddle-in.js';
import {
  addAccessSwitch,
  addGuests,
  addSwitch,
  addTaggedGuest,
  learnedFlows,
  macOf,
  reconnectSoon,
  setController,
  timeless,
} from './support/switch.js';

const missing = missingForLab();
const skip = missing.length === 0 ? false : missing.join('; ');

/** The last MAC and IP moves from one guest to another whose port's state stays as it is: no port event tells of it. */
async function moveAddress(from: Vm, to: Vm, mac: string, ip: string): Promise<void> {
  await from.exec(['ip', 'address', 'flush', 'dev', 'eth0']);
  await from.exec(['ip', 'link', 'set', 'eth0', 'address', '02:00:00:00:ff:00']);
  await to.exec(['ip', 'link', 'set', 'eth0', 'address', mac]);
  await to.exec(['ip', 'address', 'replace', `${ip}/24`, 'dev', 'eth0']);
  await to.exec(['tee', '/proc/sys/net/ipv4/conf/eth0/arp_notify'], { input: '1\n' });
  await to.exec(['ip', 'link', 'set', 'eth0', 'address', mac]);
}

t.test('a learning switch, with no file', { skip }, async t => {
  const lab = await Lab.create();
  t.teardown(() => lab.down());
  const host = await addSwitch(lab);
  const [one, two, three, four] = (await addGuests(host, 'one', 'two', 'three', 'four')) as [Vm, Vm, Vm, Vm];
  const agents = await Promise.all([one, two, three, four].map(vm => vm.agent()));
  const agent = agents[0]!;
  const api = await openDoor(host.host, lab.directory, 8653);
  let heddle = await startHeddleIn(host.host);
  t.match(heddle.stdout[0], /Heddle listens for switches on tcp:127\.0\.0\.1:6653 \(apps: learning-switch\)/);
  await heddle.untilSaid(/ovs-vsctl set-controller BRIDGE tcp:127\.0\.0\.1:6653/);
  await setController(host, 'br0');
  await untilInSync(api);
  await reconnectSoon(host, 'br0');

  await t.test('all pairs reach each other, by flows', async t => {
    for (const from of [one, two, three]) {
      for (const to of [one, two, three].filter(vm => vm !== from)) {
        t.same(await from.ping(to.ip, { count: 2, intervalMs: 20 }), { sent: 2, received: 2 }, to.name);
        t.match(await (await from.agent()).probe(to.ip), { received: 1, by: { [to.name]: 1 } });
      }
    }
    const flows = (await learnedFlows(host)).join('\n');
    for (const [from, to] of [
      [1, 2],
      [1, 3],
      [2, 1],
      [2, 3],
      [3, 1],
      [3, 2],
    ] as const) {
      t.match(
        flows,
        `in_port=${from},vlan_tci=0x0000/0x1fff,dl_src=${macOf(from)},dl_dst=${macOf(to)} actions=output:${to}`,
      );
    }
    t.match(await host.ofctl('dump-flows', 'br0'), /priority=0 actions=CONTROLLER:65535/);
    t.match(await statusOf(api), { ok: true, switches: [{ ports: 5, flows: 1, refused: [] }] });
  });

  await t.test('a MAC that moves is followed, though no port tells of it', async t => {
    const probing = agent.startProbing('10.0.0.2', { intervalMs: 10 });
    await sleep(300);
    await moveAddress(two, four, macOf(2), '10.0.0.2');
    await sleep(700);
    const { by, lost, longestGapMs } = await probing.stop();
    t.comment(`moved: ${lost} of the probes at 10 ms lost, ${longestGapMs} ms without an answer`);
    t.ok((by['two'] ?? 0) > 10 && (by['four'] ?? 0) > 30, JSON.stringify(by));
    const flows = await learnedFlows(host);
    t.same(
      flows.filter(flow => flow.includes(`dl_dst=${macOf(2)}`) && !flow.includes('output:4')),
      [],
    );
    t.same(
      flows.filter(flow => flow.includes(`in_port=2,`)),
      [],
    );
  });

  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    await t.test(`${signal} and a new start under traffic: flows are adopted`, async t => {
      t.equal((await agent.probe('10.0.0.3', { count: 3 })).received, 3);
      const before = (await learnedFlows(host)).map(timeless);
      const probing = agent.startProbing('10.0.0.3', { intervalMs: 10 });
      await sleep(500);
      t.same(
        await heddle.stop(signal),
        signal === 'SIGTERM' ? { code: 0, signal: undefined } : { code: undefined, signal },
      );
      await sleep(1_500);
      heddle = await startHeddleIn(host.host);
      const status = await untilInSync(api);
      await sleep(500);
      const { sent, lost } = await probing.stop();
      t.comment(`${signal} and start: ${lost} of ${sent} probes at 10 ms lost`);
      t.equal(lost, 0);
      t.ok(sent > 200, `${sent} sent`);
      t.match(status, { ok: true, switches: [{ flows: 1, sent: 0 }] });
      const after = new Set((await learnedFlows(host)).map(timeless));
      t.same(
        before.filter(flow => !after.has(flow)),
        [],
        'no flow is lost',
      );
    });
  }

  await t.test('a MAC that moves right after a restart is followed', async t => {
    t.match(await agent.probe('10.0.0.2'), { by: { four: 1 } });
    // Of the MAC's own flows none is left: where it was, only the flow towards it tells.
    await host.ofctl('del-flows', 'br0', `dl_src=${macOf(2)}`);
    await heddle.stop();
    heddle = await startHeddleIn(host.host);
    await untilInSync(api);
    const towards = (await learnedFlows(host)).filter(flow => flow.includes(`dl_dst=${macOf(2)}`));
    t.match(towards.join(), /dl_src=02:00:00:00:00:01.*output:4/);
    await moveAddress(four, two, macOf(2), '10.0.0.2');
    const answer = await waitFor('two to answer', async () => {
      const { by } = await agent.probe('10.0.0.2', { timeoutMs: 200 });
      return by['two'] === 1 && by;
    });
    t.same(answer, { two: 1 });
    t.match((await learnedFlows(host)).join('\n'), `dl_dst=${macOf(2)} actions=output:2`);
  });

  await t.test('one MAC on two ports, in two VLANs', async t => {
    // Two pairs of guests with the same addresses. Seen from br0, 0a:0a is on one port in both VLANs, and 0b:0b on one
    // port in VLAN 10 and on another in VLAN 20.
    await addAccessSwitch(host, 'left');
    await addAccessSwitch(host, 'right10');
    await addAccessSwitch(host, 'right20');
    const a = { mac: '02:00:00:00:0a:0a', ip: '10.9.0.1' };
    const b = { mac: '02:00:00:00:0b:0b', ip: '10.9.0.9' };
    const l10 = await addTaggedGuest(host, { name: 'l10', ...a, bridge: 'left' }, 10);
    const l20 = await addTaggedGuest(host, { name: 'l20', ...a, bridge: 'left' }, 20);
    const r10 = await addTaggedGuest(host, { name: 'r10', ...b, bridge: 'right10' }, 10);
    const r20 = await addTaggedGuest(host, { name: 'r20', ...b, bridge: 'right20' }, 20);
    const reach = async (from: Vm, to: Vm): Promise<unknown> =>
      (await (await from.agent()).probe(to.ip, { count: 5 })).by;
    await Promise.all([r10.agent(), r20.agent()]);
    t.same(await reach(l10, r10), { r10: 5 });
    t.same(await reach(l20, r20), { r20: 5 });
    const ofport = async (port: string): Promise<string> =>
      (await host.vsctl('get', 'Interface', port, 'ofport')).trim();
    const [left, right10, right20] = [
      await ofport('to-left'),
      await ofport('to-right10'),
      await ofport('to-right20'),
    ];
    const flows = (await learnedFlows(host)).map(timeless).sort();
    const said = flows.join('\n');
    t.match(said, `in_port=${left},dl_vlan=10,dl_src=${a.mac},dl_dst=${b.mac} actions=output:${right10}`);
    t.match(said, `in_port=${left},dl_vlan=20,dl_src=${a.mac},dl_dst=${b.mac} actions=output:${right20}`);
    t.same([await reach(l10, r10), await reach(l20, r20)], [{ r10: 5 }, { r20: 5 }]);
    t.same((await learnedFlows(host)).map(timeless).sort(), flows, 'the one does not displace the other');
  });

  await t.test('a port that goes', async t => {
    t.equal((await agent.probe('10.0.0.3')).received, 1);
    await host.unplug(three);
    await waitFor('its flows to go', async () =>
      (await learnedFlows(host)).every(flow => !/in_port=3,|output:3$/.test(flow)),
    );
    await host.plug(three, { bridge: 'br0' });
    const newPort = (await host.vsctl('get', 'Interface', three.port, 'ofport')).trim();
    t.not(newPort, '3');
    await waitFor('it to answer at its new port', async () => {
      const { received } = await agent.probe('10.0.0.3', { timeoutMs: 200 });
      const flow = `dl_dst=${macOf(3)} actions=output:${newPort}`;
      return received === 1 && (await learnedFlows(host)).some(learned => learned.endsWith(flow));
    });
  });

  await t.test('a switch of OpenFlow 1.0 is told what to do', async t => {
    await host.vsctl(
      ...['add-br', 'br10', '--', 'set', 'Bridge', 'br10', 'datapath_type=netdev', 'protocols=OpenFlow10'],
    );
    await setController(host, 'br10');
    const line = await heddle.untilSaid(/closed 127\.0\.0\.1:\d+/);
    t.match(line, /speaks OpenFlow 1\.0, not OpenFlow 1\.3/);
    t.match(line, 'ovs-vsctl set bridge BRIDGE protocols=OpenFlow13');
    t.match(JSON.parse(line), { level: 40, peer: /^127\.0\.0\.1:/ }, 'a warning');
    await host.vsctl('set', 'bridge', 'br10', 'protocols=OpenFlow13');
    await untilInSync(api, 2);
    await host.vsctl('del-br', 'br10');
    await untilInSync(api, 1);
  });

  t.same(heddle.stderr, []);
  t.same(await heddle.stop(), { code: 0, signal: undefined });
  t.equal((await learnedFlows(host)).length > 0, true, 'flows stay');
});
