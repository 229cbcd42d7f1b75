/** A new file is a difference: what it says as before is not touched. */
import t, { type Test } from 'tap';
import type { LoadedApp } from '../../src/controller/apps.js';
import { emptyProgram, type Program } from '../../src/intent/index.js';
import {
  applyActions,
  type FlowMod,
  match,
  OFP_NO_BUFFER,
  OFPG,
  OFPP,
  output,
} from '../../src/openflow/index.js';
import { builtin, changesTo, configOf, Fixture, flowsOf, own } from '../support/controller-world.js';
import { FakeOvsdb } from '../support/fake-ovsdb.js';
import { FakeSwitch } from '../support/fake-switch.js';

const blue = 'blue: { vni: 5000, ports: [{ iface-id: "blue*" }] }';
const red = 'red: { vni: 6000, ports: [{ iface-id: "red*" }] }';
const listen = 'openflow: { listen: tcp:192.0.2.1:6653 }';
const host = (number: number, more = ''): string =>
  `kvm${number}: { ovsdb: tcp:192.0.2.${10 + number}:6640, vtep: 10.97.0.${number}, datapath-id: "000000000000000${number}"${more} }`;
const hosts = [1, 2, 3, 4].map(number => host(number));
const file = (networks: readonly string[], hypervisors: readonly string[] = hosts, top = listen): string =>
  [top, 'hypervisors:', ...hypervisors, 'networks:', ...networks]
    .map((line, _, lines) => (/:$/.test(line) || line === lines[0] ? line : `  ${line}`))
    .join('\n');

const bothApps = [builtin('overlay'), builtin('learning-switch')];

/** Four hosts in sync; the first two have a VM of blue, of red, and one of a network that is not there yet. */
async function running(networks: readonly string[] = [blue, red], apps = bothApps): Promise<Fixture> {
  const fixture = await new Fixture(file(networks), apps).start();
  fixture.hosts.forEach((ovsdb, index) => {
    const names = index < 2 ? ['blue', 'green', 'red'] : ['red'];
    for (const name of names) ovsdb.addPort('br-int', name, { 'iface-id': `${name}${index + 1}` });
  });
  await fixture.connect(...fixture.switches);
  // Until the settings of the new connections have been applied, too.
  fixture.effects.clock.advance(1_000);
  await fixture.settle();
  forget(fixture);
  return fixture;
}

function forget({ switches, hosts }: Fixture): void {
  for (const one of switches) one.log = [];
  for (const one of hosts) one.transactions.length = 0;
}

const reload = async (fixture: Fixture, text: string, apps = bothApps): Promise<readonly string[]> => {
  const told = fixture.controller.reload({ config: configOf(text), apps });
  await fixture.settle();
  await fixture.settle();
  return told;
};

/** How many changes each switch has got since `forget`. */
const changes = (fixture: Fixture): number[] => fixture.switches.map(one => changesTo(one).length);
const transactions = (fixture: Fixture): readonly (readonly string[])[] =>
  fixture.hosts.map(({ transactions }) => transactions);
const nothing = [[], [], [], []];

function isGood(t: Test, { controller }: Fixture): void {
  const { ok, problems } = controller.status();
  t.strictSame([ok, problems], [true, []]);
}

t.test('networks', async t => {
  const fixture = await running();
  t.equal(fixture.controller.status().reload, undefined);

  t.strictSame(await reload(fixture, file([blue, red])), []);
  t.strictSame([changes(fixture), transactions(fixture)], [[0, 0, 0, 0], nothing], 'the same file again');

  const green = 'green: { vni: 7000, ports: [{ iface-id: "green*" }] }';
  t.strictSame(await reload(fixture, file([blue, red, green])), ['network green added']);
  const [first = 0, second = 0, ...others] = changes(fixture);
  t.ok(first > 5 && second > 5, 'where it is');
  t.strictSame(others, [0, 0], 'and nowhere else');
  t.strictSame(transactions(fixture), nothing);
  t.match(fixture.controller.status(), {
    reload: { secondsAgo: 0, ok: true, changes: ['network green added'], mistakes: [] },
    networks: [{}, {}, { name: 'green', hypervisors: ['kvm1', 'kvm2'] }],
  });
  isGood(t, fixture);

  forget(fixture);
  t.strictSame(await reload(fixture, file([blue, red])), ['network green removed']);
  t.strictSame(changes(fixture).map(Boolean), [true, true, false, false]);
  t.notOk(
    flowsOf(fixture.switches[0], 80).some(flow => flow.includes('metadata=0x1b58')),
    'all of it',
  );
  t.equal(flowsOf(fixture.switches[0], 80).length, 5);
  isGood(t, fixture);

  forget(fixture);
  await reload(fixture, file([blue.replace('blue:', 'azure:'), red]));
  t.strictSame(changes(fixture), [0, 0, 0, 0], 'another name costs nothing');
  t.equal(fixture.controller.status().networks[0]?.name, 'azure');

  await reload(fixture, file([blue.replace('5000', '5001'), red]));
  t.strictSame(changes(fixture).map(Boolean), [true, true, false, false], 'another VNI');
  isGood(t, fixture);
  fixture.effects.clock.advance(90_000);
  t.equal(fixture.controller.status().reload?.secondsAgo, 90);
  fixture.controller.stop();
});

t.test('a file that is refused', async t => {
  const fixture = await running();
  const broken = own('broken', {
    init: () => {
      throw new Error('no licence');
    },
  });
  t.throws(() => fixture.controller.reload({ config: configOf(file([red])), apps: [...bothApps, broken] }), {
    code: 'APP_THREW',
    message: 'app broken failed to start: no licence',
  });
  await fixture.settle();
  t.strictSame([changes(fixture), transactions(fixture)], [[0, 0, 0, 0], nothing]);
  t.equal(fixture.controller.status().networks.length, 2, 'all is as it was');
  isGood(t, fixture);
  fixture.controller.refuse(['f.yaml:1:2: a mistake', 'f.yaml:3:4: another one']);
  t.match(fixture.controller.status(), {
    ok: false,
    reload: { ok: false, changes: [], mistakes: ['f.yaml:1:2: a mistake', 'f.yaml:3:4: another one'] },
    problems: [
      { where: 'the file was refused', message: 'f.yaml:1:2: a mistake' },
      { where: 'the file was refused', message: 'f.yaml:3:4: another one' },
    ],
  });
  await reload(fixture, file([blue, red]));
  isGood(t, fixture);
  fixture.controller.stop();
});

t.test('hypervisors come and go', async t => {
  const fixture = await running();
  const [, , , host4] = fixture.hosts;
  const [, , , switch4] = fixture.switches;
  await reload(fixture, file([blue, red], hosts.slice(0, 3)));
  t.strictSame(transactions(fixture), nothing);
  t.strictSame(changes(fixture).map(Boolean), [true, true, true, false], 'nobody sends to it any more');
  t.equal(switch4?.isConnected, false, 'it has to come anew');
  t.equal(fixture.controller.status().hypervisors.length, 3);
  await fixture.connect(switch4!);
  t.strictSame(changesTo(switch4!), [], 'and is left alone, with all that it has');
  t.match(fixture.controller.status().switches.at(-1), { state: 'left alone' });
  host4?.addPort('br-int', 'later', { 'iface-id': 'red9' });
  await fixture.settle();
  t.strictSame(changes(fixture)[3], 0, 'its OVSDB is not followed');

  forget(fixture);
  await reload(fixture, file([blue, red]));
  t.equal(switch4?.isConnected, false);
  await fixture.connect(switch4!);
  t.strictSame(transactions(fixture), nothing, 'all is there still');
  t.strictSame(changes(fixture).map(Boolean), [true, true, true, true]);
  t.equal(changesTo(switch4!).length, 4, 'the one port that has come meanwhile: three flows, and a group');
  isGood(t, fixture);

  forget(fixture);
  const host5 = new FakeOvsdb();
  const switch5 = new FakeSwitch({ dpid: 5n });
  fixture.effects.hosts.set('tcp:192.0.2.15:6640', host5);
  await reload(fixture, file([blue, red], [...hosts, host(5)]));
  t.match(host5.transactions, [/create bridge br-int/]);
  t.strictSame(changes(fixture), [1, 1, 1, 1], 'each may hear from it now, and that is all');
  await fixture.connect(switch5);
  await switch5.settle();
  isGood(t, fixture);
  fixture.controller.stop();
  t.equal(fixture.effects.clock.timers, 0);
});

t.test('a hypervisor of another name', async t => {
  const fixture = await running();
  await reload(
    fixture,
    file(
      [blue, red],
      hosts.map(line => line.replace('kvm4', 'kvm9')),
    ),
  );
  t.strictSame([changes(fixture), transactions(fixture)], [[0, 0, 0, 0], nothing], 'with its datapath id');
  t.equal(fixture.switches[3]?.isConnected, false);
  await fixture.connect(fixture.switches[3]!);
  t.match(fixture.controller.status().switches.at(-1), { hypervisor: 'kvm9', state: 'in sync', sent: 0 });
  isGood(t, fixture);
  fixture.controller.stop();
});

t.test('a hypervisor that is somewhere else', async t => {
  const fixture = await running();
  const { hosts: doors } = fixture.effects;
  const moved = hosts.map(line => line.replace('192.0.2.12', '192.0.2.99'));
  const host2 = doors.get('tcp:192.0.2.12:6640')!;
  doors.set('tcp:192.0.2.99:6640', host2);
  host2.away = 'connection refused';
  await reload(fixture, file([blue, red], moved));
  t.strictSame(changes(fixture), [0, 0, 0, 0], 'what is sent to it stays, until it has been read there');
  t.match(fixture.controller.status().hypervisors[1], { ovsdb: 'tcp:192.0.2.99:6640', state: 'connecting' });
  host2.away = undefined;
  fixture.effects.clock.advance(1_000);
  await fixture.settle();
  t.strictSame([changes(fixture), transactions(fixture)], [[0, 0, 0, 0], nothing]);
  isGood(t, fixture);

  const other = moved.map(line => line.replace('10.97.0.2', '10.97.0.22'));
  await reload(fixture, file([blue, red], other));
  t.strictSame(
    transactions(fixture).map(list => list.length),
    [0, 1, 0, 0],
  );
  t.match(host2.transactions, [/set options of heddle-vxlan/], 'another address for its tunnels');
  t.ok(flowsOf(fixture.switches[0], 5).some(flow => flow.includes('10.97.0.22')));
  isGood(t, fixture);
  fixture.controller.stop();
});

t.test('another address of our own', async t => {
  const fixture = await running();
  await reload(
    fixture,
    file([blue, red], hosts, `${listen.replace(' }', ',')} advertise: tcp:192.0.2.7:6653 }`),
  );
  t.strictSame(changes(fixture), [0, 0, 0, 0]);
  t.strictSame(
    fixture.hosts.map(ovsdb => ovsdb.names('Controller')),
    fixture.hosts.map(() => ['tcp:192.0.2.7:6653']),
    'every host is told',
  );
  fixture.controller.stop();
});

const flow = (priority: number): Program => ({
  ...emptyProgram,
  flows: [
    { table: 30, priority, match: match({ in_port: 1 }), instructions: [applyActions([output(priority)])] },
  ],
});

const reactiveFlow = (cookie: bigint): FlowMod => ({
  type: 'flow_mod',
  xid: 0,
  command: 'add',
  cookie,
  cookieMask: 0n,
  tableId: 31,
  priority: 1,
  idleTimeout: 300,
  hardTimeout: 0,
  bufferId: OFP_NO_BUFFER,
  outPort: OFPP.ANY,
  outGroup: OFPG.ANY,
  flags: 0,
  match: [],
  instructions: [],
});

t.test('apps come and go', async t => {
  const fixture = await running();
  const [switch1] = fixture.switches;
  const met: string[] = [];
  /** One flow that is wanted, one that it sends by itself, and a port. */
  const extra: LoadedApp = own('extra', {
    init: (_options, { reactiveCookie }) => reactiveCookie,
    on: (event, state) => {
      met.push(event.type === 'hypervisor-changed' ? event.name : `${event.type} ${event.dpid}`);
      return { state, ...(event.type === 'switch-up' && { send: [reactiveFlow(state as bigint)] }) };
    },
    desired: () => flow(7),
    ports: () => [{ name: 'extra0', type: 'internal', options: {} }],
  });
  const names = fixture.hosts[0].names('Port');
  const before = fixture.switches.map(one => [...one.flows.keys()].sort());
  await reload(fixture, file([blue, red]), [...bothApps, extra]);
  t.strictSame(met.slice(0, 4), ['kvm1', 'kvm2', 'kvm3', 'kvm4'], 'it is told of what has been read');
  t.strictSame(
    met.filter(event => event.startsWith('switch-up')),
    [1, 2, 3, 4].map(dpid => `switch-up ${dpid}`),
    'and of the switches that are there',
  );
  t.strictSame(flowsOf(switch1, 30), [
    'table=30, priority=0 actions=goto_table:40',
    'table=30, priority=7,in_port=1 actions=output:7',
  ]);
  t.equal(flowsOf(switch1, 31).length, 1);
  t.ok(fixture.hosts.every(ovsdb => ovsdb.names('Port').includes('extra0')));
  isGood(t, fixture);

  forget(fixture);
  await reload(fixture, file([blue, red]), [...bothApps, { ...extra, options: { rate: 5 } }]);
  t.equal(met.filter(event => event.startsWith('switch-up')).length, 8, 'started anew by other options');
  t.strictSame(transactions(fixture), nothing);
  t.strictSame(changes(fixture), [1, 1, 1, 1], 'what it sends by itself, and no more');

  await reload(fixture, file([blue, red]));
  t.strictSame(
    fixture.switches.map(one => [...one.flows.keys()].sort()),
    before,
    'nothing of it stays, of what it has sent by itself neither',
  );
  t.strictSame(fixture.hosts[0].names('Port'), names);
  isGood(t, fixture);
  fixture.controller.stop();
});

t.test('a switch that goes while it is read again', async t => {
  const fixture = await running();
  const [switch1] = fixture.switches;
  const ups: bigint[] = [];
  const extra = own('extra', {
    on: (event, state) => {
      if (event.type === 'switch-up') ups.push(event.dpid);
      return { state };
    },
    desired: () => flow(7),
  });
  fixture.controller.reload({ config: configOf(file([blue, red])), apps: [...bothApps, extra] });
  t.equal(fixture.controller.status().ok, false, 'not yet');
  switch1.cut();
  await fixture.settle();
  t.strictSame(ups, [2n, 3n, 4n]);
  await fixture.connect(switch1);
  t.strictSame(ups, [2n, 3n, 4n, 1n], 'told once, when it is back');
  t.equal(flowsOf(switch1, 30).length, 2);
  isGood(t, fixture);
  fixture.controller.stop();
});

t.test('a switch in no overlay keeps what it has', async t => {
  const fixture = new Fixture(file([blue, red]), bothApps);
  await fixture.start();
  const lone = new FakeSwitch({ dpid: 0x42n });
  await fixture.connect(...fixture.switches);
  lone.connect(stream => fixture.controller.accept(stream));
  await lone.settle();
  lone.log = [];
  await reload(fixture, file([red]));
  await lone.settle();
  t.equal(lone.isConnected, true);
  t.strictSame(changesTo(lone), []);
  await reload(fixture, file([red]), [
    builtin('overlay'),
    { ...builtin('learning-switch'), options: { 'idle-timeout': 9, 'max-macs': 16 } },
  ]);
  await lone.settle();
  t.strictSame(changesTo(lone), []);
  t.strictSame(lone.log, [], 'it is not even asked anything');
  fixture.controller.stop();
});
