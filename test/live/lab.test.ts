// alone: it counts packets or bits, and a lab beside it would take some
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { start } from '../../lab/background.js';
import { compiled } from '../../lab/compiled.js';
import { run, type Output } from '../../lab/exec.js';
import { thisMachine } from '../../lab/host.js';
import type { Hypervisor } from '../../lab/hypervisor.js';
import { iperf } from '../../lab/iperf.js';
import { Lab } from '../../lab/lab.js';
import { listNamespaces } from '../../lab/namespaces.js';
import { Progress } from '../../lab/progress.js';
import { checkReachability, type Member } from '../../lab/reachability.js';
import { listLabs, takeDown, type LabState } from '../../lab/registry.js';
import { missingForLab } from '../../lab/requirements.js';
import { runScenario, type Controller } from '../../lab/scenario.js';
import type { Station } from '../../lab/station.js';
import { wrongCells } from '../../lab/table.js';
import { waitFor } from '../../lab/wait.js';
import { parseConfig } from '../../src/config/parse.js';

const missing = missingForLab();
const skip = missing.length === 0 ? false : missing.join('; ');

/** A bridge as a person would make it by hand: a learning switch with a tunnel to one peer. */
async function addLearningBridge(hypervisor: Hypervisor, peer: { readonly vtep: string }): Promise<void> {
  await hypervisor.vsctl(
    ...['add-br', 'br-int', '--', 'set', 'Bridge', 'br-int', 'datapath_type=netdev'],
    ...['--', 'add-port', 'br-int', 'vx', '--', 'set', 'Interface', 'vx', 'type=vxlan'],
    ...[`options:remote_ip=${peer.vtep}`, 'options:key=7'],
  );
}

/** The first packets may be lost while neighbours are asked for. */
const reaches = (from: Station, to: Station): Promise<true> =>
  waitFor(
    `${from.name} to reach ${to.name}`,
    async () => (await from.ping(to.ip, { count: 1, timeoutMs: 300 })).received === 1,
  );

t.test('two hypervisors and their VMs, over a tunnel', { skip }, async t => {
  const lab = await Lab.create();
  t.teardown(() => lab.down());
  const [kvm1, kvm2] = await Promise.all([lab.addHypervisor('kvm1'), lab.addHypervisor('kvm2')]);
  await Promise.all([addLearningBridge(kvm1, kvm2), addLearningBridge(kvm2, kvm1)]);
  const [one, two] = await Promise.all([
    kvm1.addVm({
      name: 'one',
      mac: '02:00:00:00:00:01',
      ip: '10.0.0.1',
      ifaceId: 'fw1',
      attachedMac: '02:00:00:00:00:01',
    }),
    kvm2.addVm({ name: 'two', mac: '02:00:00:00:00:02', ip: '10.0.0.2', ip6: 'fd00::2' }),
  ]);
  const ids = await kvm1.vsctl('get', 'Interface', one.port, 'external_ids');
  t.match(ids, /attached-mac="02:00:00:00:00:01", iface-id=fw1, iface-status=active/);

  await reaches(one, two);
  t.same(await one.ping(two.ip, { count: 5, intervalMs: 10 }), { sent: 5, received: 5 });
  t.same(await one.ping('10.0.9.9', { count: 1 }), { sent: 0, received: 0 }, 'no route: nothing sent');

  await kvm1.restartVswitchd('KILL');
  await kvm2.restartOvsdbServer();
  await reaches(one, two);

  await two.agent();
  const probing = (await one.agent()).startProbing(two.ip, { intervalMs: 1 });
  await kvm2.takeOver(one, kvm1, { ifaceId: 'fw1' });
  await reaches(one, two);
  await sleep(300);
  const migration = await probing.stop();
  // How long it takes is the machine's matter; that it is there again is the lab's.
  t.comment(`gone for ${migration.longestGapMs} ms: ${migration.lost} of ${migration.sent} lost`);
  t.ok(migration.received > 0, 'answers go on after the move');
  t.notMatch(await kvm1.vsctl('list-ports', 'br-int'), /one-p/);
  t.match(await kvm2.vsctl('list-ports', 'br-int'), /one-p/);
  await reaches(two, one);

  await lab.fabric.setCable('underlay', 'kvm2', 'down');
  t.match(await kvm2.logTail(5), /ovs-vswitchd\.log/);
  t.match(await kvm1.ofctl('show', 'br-int'), /OFPT_FEATURES_REPLY \(OF1\.3\)/);
  t.match(await kvm1.appctl('version'), /Open vSwitch/);
  t.match((await lab.controller.run(['ping', '-c', '1', kvm2.management])).stdout, /1 received/);

  await t.rejects(Lab.create({ id: lab.id }), { code: 'LAB_FAILED' }, 'one lab of an id');
  t.equal((await listNamespaces(thisMachine, lab.id)).length, 6, 'and the second attempt took nothing down');
  t.same(await lab.down(), []);
  t.same(await listNamespaces(thisMachine, lab.id), []);
  await t.rejects(kvm1.vsctl('show'), { code: 'LAB_FAILED' }, 'a lab that is down runs nothing');
});

const mac = (last: number): string => `02:00:00:00:00:0${last}`;

t.test('a Linux VTEP, probes at 1 ms, a capture and a throughput', { skip }, async t => {
  const lab = await Lab.create();
  t.teardown(() => lab.down());
  const kvm1 = await lab.addHypervisor('kvm1');
  const spec = { name: 'box', mac: mac(9), ip: '10.0.0.9' };
  const { station: box, vtep } = await lab.addLinuxVtep({ vni: 7, peers: [kvm1.vtep], station: spec });
  await addLearningBridge(kvm1, { vtep });
  const [one, two] = await Promise.all([
    kvm1.addVm({ name: 'one', mac: mac(1), ip: '10.0.0.1' }),
    kvm1.addVm({ name: 'two', mac: mac(2), ip: '10.0.0.2' }),
  ]);
  await reaches(one, box);
  await Promise.all([two.agent(), box.agent()]);
  const agent = await one.agent();
  t.match(await agent.probe(box.ip, { count: 3 }), { sent: 3, received: 3, by: { box: 3 } });
  t.same(Object.keys((await agent.shout('10.0.0.255', { count: 5 })).by).sort(), ['box', 'two']);
  t.match(await agent.probe(one.ip), { by: { one: 1 } }, 'its own address is answered by itself');

  // An outage: what is lost while the tunnel's cable is out, and nothing else.
  const probing = agent.startProbing(box.ip, { intervalMs: 1 });
  await sleep(300);
  await lab.fabric.setCable('underlay', 'box', 'down');
  await sleep(200);
  await lab.fabric.setCable('underlay', 'box', 'up');
  await reaches(one, box);
  await sleep(300);
  const outage = await probing.stop();
  t.ok(outage.sent > 700, `${outage.sent} sent`);
  t.ok(outage.lost >= 150, `${outage.lost} lost`);
  t.ok(outage.received >= 400, `${outage.received} received`);
  t.ok(outage.longestGapMs >= 150, `${outage.longestGapMs} ms`);

  const capture = await two.capture({ direction: 'in', filter: 'icmp' });
  await one.ping(two.ip, { count: 2 });
  await waitFor('the frames', () => capture.lines.length >= 2);
  t.match((await capture.stop()).join('\n'), /02:00:00:00:00:01 > 02:00:00:00:00:02.*ICMP echo request/);
  await t.rejects(two.capture({ filter: 'no such filter' }), { message: /syntax error/ });

  const udp = await iperf(one, two, { seconds: 1, udpBitsPerSecond: 5e6 });
  t.ok(Math.abs(udp.bitsPerSecond - 5e6) < 1e6, `${udp.bitsPerSecond} bit/s`);
  t.ok((await iperf(one, box, { seconds: 1 })).bitsPerSecond > 1e6, 'TCP through the tunnel');
});

/** Two networks made by hand, as one does without a controller: a VLAN and a tunnel port for each. */
function byHand(tags: Readonly<Record<string, number>>): Controller & { yaml: string } {
  let lab: Lab | undefined;
  const each = async (work: (hypervisor: Hypervisor, peer: Hypervisor) => Promise<void>): Promise<void> => {
    const [one, two] = [...(lab?.hypervisors.values() ?? [])];
    if (one && two) await Promise.all([work(one, two), work(two, one)]);
  };
  return {
    yaml: '',
    async start(started, yaml) {
      lab = started;
      this.yaml = yaml;
      await each(async (hypervisor, peer) => {
        await hypervisor.vsctl('add-br', 'br-int', '--', 'set', 'Bridge', 'br-int', 'datapath_type=netdev');
        for (const [name, tag] of Object.entries(tags)) {
          await hypervisor.vsctl(
            ...['add-port', 'br-int', `vx-${name}`, `tag=${tag}`, '--', 'set', 'Interface', `vx-${name}`],
            ...['type=vxlan', `options:remote_ip=${peer.vtep}`, `options:key=${tag}`],
          );
        }
      });
    },
    ready: () =>
      each(async hypervisor => {
        const ports = (await hypervisor.vsctl('list-ports', 'br-int')).split('\n');
        for (const port of ports.filter(name => name.endsWith('-p'))) {
          await hypervisor.vsctl('set', 'Port', port, `tag=${tags[port.split('-')[0] ?? '']}`);
        }
      }),
    guard: work => work,
  };
}

t.test(
  'the scenario: the networks are told apart, though they have the same addresses',
  { skip },
  async t => {
    const lab = await Lab.create();
    t.teardown(() => lab.down());
    const told: string[] = [];
    const output = { isTTY: false, write: (text: string) => told.push(text) };
    const controller = byHand({ blue: 10, red: 20 });
    const cells = await runScenario(lab, controller, new Progress({ output, colour: false }));
    t.equal(cells.length, 12);
    t.same(wrongCells(cells), []);
    t.ok(
      cells.find(cell => cell.from === 'blue-1' && cell.to === 'red-2')?.pinged,
      'blue-2 answered for that address',
    );
    t.match(told.at(-1), /^ok {3}ask every VM whom it reaches/);
    t.ok(parseConfig(controller.yaml, 'heddle.yaml').ok, controller.yaml);
  },
);

t.test('a leak is seen', { skip }, async t => {
  const lab = await Lab.create();
  t.teardown(() => lab.down());
  const kvm1 = await lab.addHypervisor('kvm1');
  await kvm1.vsctl('add-br', 'br-int', '--', 'set', 'Bridge', 'br-int', 'datapath_type=netdev');
  const add = async (network: string, name: string, last: number): Promise<Member> => ({
    network,
    station: await kvm1.addVm({ name, mac: mac(last), ip: `10.0.0.${last}` }),
  });
  const members = [await add('blue', 'b1', 1), await add('blue', 'b2', 2), await add('red', 'r3', 3)];
  const wrong = wrongCells(await checkReachability(members));
  t.match(
    wrong[0],
    /^b1 reaches r3, which is in another network; \d+ frames arrived, the first: .*02:00:00:00:00:01 > /,
  );
  t.equal(wrong.length, 4, 'b1 and b2 to r3, and back');

  // A VLAN each, and on the blue ports too: an untagged port is a trunk to Open vSwitch, and sees every VLAN.
  const tags = { 'b1-p': 8, 'b2-p': 8, 'r3-p': 9 };
  for (const [port, tag] of Object.entries(tags)) await kvm1.vsctl('set', 'Port', port, `tag=${tag}`);
  t.same(wrongCells(await checkReachability(members)), []);
});

t.test('npm run lab: what it says of itself, and of labs left behind', { skip }, async t => {
  const main = compiled('lab/main.js');
  const lab = (...args: string[]): Promise<Output> =>
    run([process.execPath, main, ...args], { accept: [0, 1, 2] });
  t.match(await lab('--help'), { code: 0, stdout: /--keep/ });
  t.match(await lab('--check'), { code: 0, stdout: '' });
  t.match(await lab('--kepe'), { code: 2, stderr: /Unknown option '--kepe'/ });
  t.match(await lab('--down', 'nosuch'), { code: 1, stderr: /There is no lab nosuch/ });
  t.match(await lab('--down', '../..'), { code: 1, stderr: /no lab id/ });

  // A process that is killed leaves its lab behind; the next one takes it down, and no lab that is in use or kept.
  const maker = `import { Lab } from ${JSON.stringify(compiled('lab/lab.js'))};
    const lab = await Lab.create(); await lab.addHypervisor('kvm1'); console.log(lab.id); setInterval(() => {}, 1000);`;
  const ids: string[] = [];
  const args = ['--input-type=module', '-e', maker];
  const makers = await Promise.all(
    [0, 1, 2].map(() => start([process.execPath, ...args], { onLine: line => ids.push(line) })),
  );
  await waitFor('three labs', () => ids.length === 3);
  const [inUse, interrupted, killed] = makers;
  const kept = await Lab.create();
  await kept.keep();
  t.teardown(() => kept.down());
  t.same(await interrupted!.stop('SIGINT', 10_000), { code: 130, signal: undefined }, 'Ctrl-C');
  await killed!.stop('SIGKILL');
  const states = async (): Promise<LabState[]> =>
    (await listLabs()).filter(({ id }) => [...ids, kept.id].includes(id)).map(({ state }) => state);
  t.same((await states()).sort(), ['in use', 'kept', 'left over'], 'the interrupted one is gone already');
  t.match(await lab('--sweep'), { code: 0, stdout: /^Took down what killed labs left over: / });
  t.same((await states()).sort(), ['in use', 'kept']);
  t.match(await lab('--list'), { code: 0, stdout: new RegExp(`^${kept.id} {2}kept$`, 'm') });
  t.match(await lab('--down', kept.id), { code: 0, stdout: `Lab ${kept.id} is down.\n` });
  t.same(await inUse!.stop('SIGTERM', 10_000), { code: 143, signal: undefined });
  t.same(await states(), []);
});

t.test('npm run lab: the whole of it, with Heddle', { skip }, async t => {
  const lab = [process.execPath, compiled('lab/main.js')];
  const whole = await run([...lab, '--id', 'whole1'], { accept: [0, 1], timeoutMs: 90_000 });
  t.equal(whole.code, 0, whole.stdout);
  t.match(whole.stdout, /^blue-1 +- +yes +no +no\nblue-2 +yes +- +no +no\nred-1 +no +no +- +yes\n/m);
  t.notMatch(whole.stdout, '\u001b', 'no escapes in a pipe');

  const kept = await run([...lab, '--keep', '--id', 'keep1'], { accept: [0, 1], timeoutMs: 90_000 });
  t.teardown(() => takeDown('keep1'));
  t.equal(kept.code, 0, kept.stdout);
  const commands = kept.stdout
    .split('\n')
    .filter(line => line.startsWith('  ip netns exec') && !/tcpdump/.test(line));
  t.equal(commands.length, 4);
  for (const command of commands) {
    // As it is printed, but for a ping that ends.
    const { code, stdout } = await run(['sh', '-c', command.replace('ping ', 'ping -c 1 ')], {
      accept: [0, 1, 2],
    });
    t.equal(code, 0, `${command}: ${stdout}`);
  }
  t.equal((await run([...lab, '--down', 'keep1'])).code, 0);

  const lines: string[] = [];
  const interrupted = await start([...lab, '--id', 'ctrlc1'], { onLine: line => lines.push(line) });
  await waitFor('the VMs', () => lines.some(line => line.includes('four VMs')), { timeoutMs: 60_000 });
  t.same(await interrupted.stop('SIGINT', 20_000), { code: 130, signal: undefined });
  t.ok(lines.includes('Taking the lab down …'));
  t.same(
    (await listLabs()).filter(({ id }) => ['whole1', 'keep1', 'ctrlc1'].includes(id)),
    [],
    'nothing is left',
  );
});
