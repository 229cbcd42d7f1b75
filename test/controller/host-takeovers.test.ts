/** Take-overs of hosts: who may step, who is turned away, who is forgotten, and how often hosts are looked at. */
import t from 'tap';
import type { ControllerOptions } from '../../src/controller/controller.js';
import { builtin, configOf, Fixture, flowsOf } from '../support/controller-world.js';
import { MemoryStream } from '../support/fake-effects.js';
import type { FakeOvsdb } from '../support/fake-ovsdb.js';

const listen = 'tcp:192.0.2.1:6653';
const apps = [builtin('overlay'), builtin('learning-switch')];
const file = (more = '', hosts = ['kvm1', 'kvm2']): string =>
  [
    'openflow: { listen: tcp:192.0.2.1:6653 }',
    hosts.length === 0 ? 'hypervisors: {}' : 'hypervisors:',
    ...hosts.map(name => {
      const number = name.slice(3);
      return `  ${name}: { ovsdb: tcp:192.0.2.1${number}:6640, vtep: 10.97.0.${number}, datapath-id: "000000000000000${number}" }`;
    }),
    ...(hosts.length === 0 ? [] : ['networks:', '  blue: { vni: 5000, ports: [{ iface-id: "fw*" }] }']),
    more,
  ].join('\n');

/**
 * Bridges that forward by themselves: Heddle's own ones, set back.
 *
 * @param foreign the controller of somebody's that they have, and that is away
 */
async function standalone(foreign?: string): Promise<Fixture> {
  const first = await new Fixture(file()).start();
  first.hosts.forEach((host, index) => {
    host.addPort('br-int', `v${index}`, { 'iface-id': `fw${index}` });
  });
  first.controller.stop();
  for (const host of first.hosts) {
    host.lock = 'free';
    host.edit(() => {
      const bridge = host.row('Bridge', 'br-int');
      bridge['fail_mode'] = ['set', []];
      if (foreign === undefined) bridge['controller'] = ['set', []];
      else Object.assign(host.row('Controller', listen), { target: foreign, external_ids: ['map', []] });
    });
  }
  return first;
}

/** Another run, over the same hosts. */
function again({ hosts }: Fixture, more: Pick<ControllerOptions, 'gentle' | 'replaceMesh'> = {}): Fixture {
  const next = new Fixture(file(), apps, more);
  hosts.forEach((host, index) => next.effects.hosts.set(`tcp:192.0.2.${11 + index}:6640`, host));
  return next;
}

async function pass(fixture: Fixture, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 250) {
    fixture.effects.clock.advance(Math.min(250, ms - passed));
    await fixture.settle();
  }
}

const failMode = (host: FakeOvsdb): unknown => host.row('Bridge', 'br-int')['fail_mode'];
const takeoverOf = ({ controller }: Fixture, index: number): string | undefined =>
  controller.status().hypervisors[index]?.takeover;

t.test(
  'a host that does not come for its flows keeps forwarding, and status says what to look at',
  async t => {
    const before = await standalone();
    const fixture = await again(before).start();
    await pass(fixture, 120_000);
    t.equal(takeoverOf(fixture, 0), 'serving');
    t.strictSame(failMode(before.hosts[0]), ['set', []]);
    t.strictSame(before.hosts[0].names('Controller'), ['tcp:192.0.2.1:06653']);
    t.match(fixture.problems()[0], /kvm1: bridge br-int has not connected .*openflow\.advertise.*firewalls/);
    t.equal(fixture.log.told.filter(line => /kvm1: .*firewall/.test(line)).length, 1);
    fixture.controller.stop();
  },
);

t.test('nothing is sent while another host has not been read', async t => {
  const before = await standalone();
  const cut = await again(before).start();
  await pass(cut, 2_000);
  t.equal(takeoverOf(cut, 0), 'serving');
  cut.controller.stop();
  for (const host of before.hosts) host.lock = 'free';
  before.hosts[1].away = 'no route to host';
  const fixture = await again(before).start();
  await pass(fixture, 3_000);
  const [one] = fixture.switches;
  await fixture.connect(one);
  await pass(fixture, 3_000);
  t.equal(takeoverOf(fixture, 0), 'preparing');
  t.equal(one.flows.size, 0);
  before.hosts[1].away = undefined;
  await pass(fixture, 15_000);
  t.ok(flowsOf(one, 60).length > 0, 'and all of it then');
  fixture.controller.stop();
});

for (const gentle of [false, true])
  t.test(`a bridge that fails open for somebody's controller${gentle ? ', gently' : ''}`, async t => {
    const foreign = 'tcp:192.0.2.99:6633';
    const before = await standalone(foreign);
    const [host, other] = before.hosts;
    const controllers = (): readonly string[] => [...host.names('Controller')].sort();
    other.away = 'no route to host';
    const fixture = await again(before, { gentle }).start();
    await pass(fixture, 30_000);
    t.equal(takeoverOf(fixture, 0), 'preparing');
    t.strictSame(failMode(host), ['set', []], 'while another host has not been read, it stays as it is');
    t.strictSame(controllers(), [foreign]);
    t.ok(
      fixture.problems().some(text => /br-int obeys other controllers too: tcp:192\.0\.2\.99/.test(text)),
      'and is told',
    );

    other.away = undefined;
    await pass(fixture, 20_000);
    t.equal(takeoverOf(fixture, 0), 'serving');
    t.strictSame(failMode(host), ['set', []], 'nor is it told to obey before it has its flows');
    t.strictSame(controllers(), ['tcp:192.0.2.1:06653', foreign].sort());
    t.ok(fixture.log.told.some(line => /kvm1: .*already.*the gentle way is not needed/.test(line)));
    const [one] = fixture.switches;
    await fixture.connect(one);
    await pass(fixture, 1_000);
    t.ok(flowsOf(one, 60).length > 0);
    t.equal(takeoverOf(fixture, 0), 'obeying');
    t.equal(failMode(host), 'secure', 'then it is');
    t.ok(controllers().includes(listen));
    t.ok(controllers().includes(foreign), "somebody else's stays");
    fixture.controller.stop();
  });

t.test('while another Heddle holds the host, nothing steps', async t => {
  const before = await standalone();
  before.hosts[0].lock = "another's";
  const fixture = await again(before).start();
  await pass(fixture, 60_000);
  t.equal(takeoverOf(fixture, 0), undefined);
  t.equal(takeoverOf(fixture, 1), 'serving');
  before.hosts[0].passLock('ours');
  await pass(fixture, 2_000);
  t.equal(takeoverOf(fixture, 0), 'serving');
  t.notOk(
    fixture.log.told.some(line => /kvm1: .*firewall/.test(line)),
    'its time begins when the lock comes',
  );
  fixture.controller.stop();
});

t.test('a host that leaves the file is forgotten', async t => {
  const before = await standalone();
  const fixture = await again(before).start();
  await pass(fixture, 1_000);
  t.equal(takeoverOf(fixture, 0), 'serving');
  fixture.controller.reload({ config: configOf(file('', [])), apps });
  await pass(fixture, 5_000);
  t.equal(fixture.effects.clock.timers, 1, 'nothing is looked at but once a second');
  fixture.controller.stop();
});

t.test('a bridge is turned away by the address that it came from before, whatever its OVSDB has', async t => {
  const before = await standalone();
  const fixture = await again(before, { gentle: true }).start();
  await pass(fixture, 1_000);
  await fixture.connect(...fixture.switches);
  await pass(fixture, 1_000);
  t.equal(takeoverOf(fixture, 0), 'settling');
  // The fake switches come from there, and their databases are elsewhere.
  const standby = new MemoryStream('192.0.2.1:50000');
  fixture.controller.accept(standby);
  t.ok(standby.isDestroyed);
  const other = new MemoryStream('192.0.2.200:50000');
  fixture.controller.accept(other);
  t.notOk(other.isDestroyed);
  fixture.controller.stop();
});

t.test('the mesh is replaced where all is settled, and from the start again with another file', async t => {
  const fixture = await new Fixture(file(), apps, { replaceMesh: true }).start();
  const phase = (): string | undefined => fixture.controller.status().meshReplacement;
  await pass(fixture, 20_000);
  t.equal(phase(), 'accepting', 'no switch is there');
  await fixture.connect(...fixture.switches);
  await pass(fixture, 20_000);
  t.equal(phase(), 'deleting');
  fixture.controller.reload({ config: configOf(file('  red: { vni: 6000 }')), apps });
  t.equal(phase(), 'accepting');
  fixture.controller.reload({ config: configOf(file('', [])), apps });
  await pass(fixture, 20_000);
  t.equal(phase(), 'accepting', 'no hosts are not hosts that are settled');
  fixture.controller.stop();
});

t.test(
  'a switch that has refused flows is not settled: nothing is deleted, and nobody is told to obey',
  async t => {
    const mesh = new Fixture(file(), apps, { replaceMesh: true });
    const before = await standalone();
    const fixture = again(before);
    for (const { switches } of [mesh, fixture])
      switches[0].refuseAdd = change =>
        change.type === 'flow_mod' && change.tableId === 60 ? [5, 1] : undefined;
    await mesh.start();
    await mesh.connect(...mesh.switches);
    await pass(mesh, 20_000);
    t.equal(mesh.controller.status().meshReplacement, 'accepting');
    t.ok(
      mesh.problems().some(text => /kvm1: refused/.test(text)),
      'which is why it waits',
    );
    mesh.controller.stop();

    await fixture.start();
    await pass(fixture, 1_000);
    await fixture.connect(...fixture.switches);
    await pass(fixture, 25_000);
    t.equal(takeoverOf(fixture, 0), 'serving');
    t.strictSame(failMode(before.hosts[0]), ['set', []]);
    t.equal(failMode(before.hosts[1]), 'secure', 'the other one goes on');
    fixture.controller.stop();
  },
);
