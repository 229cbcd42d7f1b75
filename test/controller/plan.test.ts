/** What a file would change, against databases and switches in memory: what is told, and that nothing is written. */
import t from 'tap';
import { expectedSwitches } from '../../src/controller/plan/expected.js';
import { type HostReading, readHost } from '../../src/controller/plan/host-reader.js';
import type { HostPlanned, Plan } from '../../src/controller/plan/plan.js';
import { makePlan } from '../../src/controller/plan/planner.js';
import { SwitchReader } from '../../src/controller/plan/switch-reader.js';
import { decodeReading, encodeReading, type SwitchReading } from '../../src/controller/switch-reading.js';
import { exitCodeOf } from '../../src/cli/plan.js';
import { formatPlan } from '../../src/cli/plan-text.js';
import { formatFlow } from '../../src/openflow/index.js';
import { builtin, configOf, file, Fixture, own } from '../support/controller-world.js';
import { FakeSwitch } from '../support/fake-switch.js';

const apps = [builtin('overlay'), builtin('learning-switch')];
const withRed = `${file}  red: { vni: 6000, ports: [{ iface-id: "red*" }] }\n`;

/** All that reading sends; to set anything would take another kind of message. */
const questions = new Set([
  'hello',
  'features_request',
  'multipart_request',
  'barrier_request',
  'echo_reply',
]);

class Rehearsal extends Fixture {
  readonly text: string;

  constructor(text = file, loaded = apps) {
    super(text, loaded);
    this.text = text;
  }

  /** What each host of a file would get, once the databases and the switches have been read as `heddle plan` does. */
  async plan(text = this.text, loaded = apps, switches?: readonly FakeSwitch[]): Promise<Plan> {
    const config = configOf(text);
    const hosts = new Map<string, HostReading>();
    for (const { name, ovsdb } of config.hypervisors)
      if (ovsdb.transport !== 'dial-in') hosts.set(name, await readHost(ovsdb, this.effects));
    const { unread } = expectedSwitches(config, hosts);
    const readings: SwitchReading[] = [];
    for (const one of switches ?? this.switches) {
      const reading = await readSwitch(one);
      if (reading !== undefined) readings.push(reading);
    }
    return makePlan({ config, apps: loaded, hosts, switches: readings, unread });
  }
}

/** By a reader that the switch dials in to; by way of JSON, as from a Heddle that runs. */
async function readSwitch(of: FakeSwitch): Promise<SwitchReading | undefined> {
  const told: SwitchReading[] = [];
  of.log = [];
  of.connect(
    stream =>
      new SwitchReader(stream, {
        isExpected: dpid => dpid === of.dpid,
        onReading: reading => told.push(reading),
        onFailure: (_, why) => t.comment(why),
      }),
  );
  await of.settle();
  t.strictSame(
    of.log.filter(({ type }) => !questions.has(type)),
    [],
    'a switch is asked and told nothing',
  );
  const [reading] = told;
  return reading && decodeReading(JSON.parse(JSON.stringify(encodeReading(reading))));
}

const texts = (changes: HostPlanned['flows']): string[] =>
  changes.map(({ change, text }) => `${change} ${text}`);
function at(plan: Plan, index: number): HostPlanned {
  const found = plan.hosts[index];
  if (found === undefined) throw new Error('no such host');
  return found;
}

/** Flows and groups with all that they say. */
const heldBy = ({ flows, groups }: FakeSwitch) => [[...flows].sort(byKey), [...groups.values()]];
const byKey = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number => (a < b ? -1 : 1);

t.test('hosts with nothing on them', async t => {
  const site = new Rehearsal();
  const plan = await site.plan(file, apps, []);
  t.equal(plan.ok, false);
  const [kvm1] = plan.hosts;
  t.match(kvm1, {
    name: 'kvm1',
    rows: [
      {
        table: 'Bridge',
        name: 'br-int',
        change: 'added',
        columns: [
          { column: 'name', after: 'br-int' },
          { column: 'ports', after: '[br-int, heddle-vxlan]' },
          { column: 'controller', after: '[tcp:[2001:db8::1]:6653]' },
          { column: 'fail_mode', after: 'secure' },
          { column: 'protocols', after: '[OpenFlow13]' },
          { column: 'other_config', after: '{datapath-id=0000000000000001}' },
          { column: 'external_ids', after: '{heddle=managed}' },
        ],
      },
      { table: 'Port', name: 'br-int' },
      { table: 'Port', name: 'heddle-vxlan' },
      { table: 'Interface', name: 'br-int' },
      { table: 'Interface', name: 'heddle-vxlan' },
      { table: 'Controller', name: 'tcp:[2001:db8::1]:6653' },
    ],
    notRead: undefined,
    disrupts: [],
    problems: [],
  });
  t.ok(kvm1?.flows.length, 'its tables are planned');
  t.match(kvm1?.notes, [/heddle-vxlan its port number when it is made/]);
  t.strictSame(
    site.hosts.map(({ transactions, lock }) => [transactions, lock]),
    [
      [[], 'free'],
      [[], 'free'],
    ],
    'nothing was written, and no lock asked for',
  );

  t.comment('and Heddle does just that');
  await site.start();
  await site.connect(...site.switches);
  const [switch1] = site.switches;
  t.equal(switch1.flows.size, kvm1?.flows.length);
  t.equal(switch1.groups.size, kvm1?.groups.length);
});

t.test('hosts that Heddle has made', async t => {
  const site = await new Rehearsal().start();
  await site.connect(...site.switches);
  for (const [index, host] of site.hosts.entries())
    host.addPort('br-int', `vm${index}`, {
      'iface-id': `fw${index}`,
      'attached-mac': `02:00:00:00:00:0${index}`,
    });
  await site.settle();
  const [switch1, switch2] = site.switches;
  const before = site.hosts.map(host => [...host.transactions]);
  site.controller.stop();
  await site.settle();
  const held = site.switches.map(heldBy);

  t.comment('nothing is to be done');
  const none = await site.plan();
  t.match(none, {
    ok: true,
    problems: [],
    hosts: [{ count: { added: 0, changed: 0, removed: 0 }, rows: [] }],
  });
  t.equal(formatPlan(none).split('\n').at(-1), 'Nothing to do: all is as the file says.');
  t.equal(exitCodeOf(none), 0);

  t.comment('a network more');
  site.hosts[0].addPort('br-int', 'red-vm', { 'iface-id': 'red-1', 'attached-mac': '02:00:00:00:00:09' });
  const red = await site.plan(withRed);
  t.equal(exitCodeOf(red), 2);
  t.match(at(red, 0).count, { changed: 0, removed: 0 });
  t.ok(at(red, 0).flows.length > 3 && at(red, 0).flows.every(({ change }) => change === 'added'));
  t.ok(
    at(red, 0).flows.every(({ text }) => !text.includes('metadata=0x1388')),
    'none is of blue',
  );
  t.match(at(red, 1).count, { added: 0, changed: 0, removed: 0 }, 'the other host has none of its ports');

  t.comment(
    'a flow that is gone, one that is not wanted, one that says something else, a group that is another',
  );
  const classify = [...switch1.flows].find(([, { tableId, priority }]) => tableId === 0 && priority > 0);
  if (classify === undefined) throw new Error('no flow');
  const [key, flow] = classify;
  const text = formatFlow({ ...flow, table: flow.tableId, cookie: 0n });
  switch1.flows.delete(key);
  t.strictSame(texts(at(await site.plan(), 0).flows), [`added ${text}`]);
  switch1.flows.set(key, { ...flow, cookie: flow.cookie ^ 1n, instructions: [] });
  t.match(at(await site.plan(), 0).flows, [
    { change: 'changed', text, before: text.replace(/actions=.*/, 'actions=drop') },
  ]);
  switch1.flows.set(key, flow);
  switch1.flows.set('stale', { ...flow, cookie: flow.cookie ^ 1n, priority: 7 });
  t.strictSame(texts(at(await site.plan(), 0).flows), [
    `removed ${text.replace(/priority=\d+/, 'priority=7')}`,
  ]);
  switch1.flows.delete('stale');
  const [found] = switch1.groups;
  if (found === undefined) throw new Error('no group');
  const [id, group] = found;
  switch1.groups.set(id, { ...group, buckets: [] });
  t.match(at(await site.plan(), 0).groups, [{ change: 'changed', before: `group_id=${id},type=all` }]);
  switch1.groups.set(id, group);

  t.comment("somebody else's");
  switch2.flows.set('theirs', { ...flow, cookie: 0x1234n, priority: 8 });
  switch2.groups.set(7, { ...group, groupId: 7 });
  site.hosts[1].addPort('br-int', 'eth9');
  const theirs = await site.plan();
  t.ok(theirs.ok, 'is nothing to be done about');
  t.match(at(theirs, 1).leftAlone, { flows: 1, groups: [7], meters: [], ports: ['eth9', 'vm1'] });
  switch2.flows.delete('theirs');
  switch2.groups.delete(7);

  t.comment('a host that cannot be reached: the other one is planned, and keeps what leads there');
  site.hosts[1].away = 'connection refused: nothing listens there';
  const one = await site.plan(withRed);
  t.equal(exitCodeOf(one), 1);
  t.match(one.hosts, [
    { name: 'kvm1', error: undefined },
    { name: 'kvm2', error: site.hosts[1].away, rows: [] },
  ]);
  t.equal(at(one, 0).count.added, at(red, 0).count.added);
  t.equal(at(one, 0).count.removed, 0);
  t.match(at(one, 0).notes, [/flows that are not wanted stay until/]);
  site.hosts[1].away = undefined;

  t.comment('a bridge that did not come');
  const unread = await site.plan(file, apps, [switch1]);
  t.equal(at(unread, 1).notRead, 'it is not connected to Heddle');
  t.equal(at(unread, 1).count.added, switch2.flows.size + switch2.groups.size);

  t.strictSame(
    site.hosts.map(({ transactions }) => transactions),
    before,
    'no transaction was sent',
  );
  t.strictSame(site.switches.map(heldBy), held, 'and all is as it was');
});

t.test('bridges that are there, and other than the file wants them', async t => {
  const site = await new Rehearsal().start();
  await site.connect(...site.switches);
  site.controller.stop();
  const [host] = site.hosts;
  host.edit(() =>
    Object.assign(host.row('Bridge', 'br-int'), { controller: ['set', []], fail_mode: 'standalone' }),
  );
  const [kvm1] = (await site.plan(file, apps, [])).hosts;
  t.match(kvm1?.rows, [
    {
      table: 'Bridge',
      change: 'changed',
      columns: [
        { column: 'controller', before: '[]' },
        { column: 'fail_mode', before: 'standalone', after: 'secure' },
      ],
    },
    { table: 'Controller', change: 'added' },
  ]);
  t.match(kvm1, {
    notRead: /^its controller is not tcp:/,
    disrupts: [/first controller/, /fail_mode of br-int becomes secure/],
  });

  host.edit(() => (host.row('Bridge', 'br-int')['datapath_type'] = 'netdev'));
  const other = await site.plan();
  t.match(other, {
    ok: false,
    hosts: [{ rows: [], problems: [/datapath netdev, the file says system/] }, {}],
  });
  t.match(formatPlan(other), /in the way: bridge br-int has datapath netdev/);
});

t.test('a bridge with VMs and without a tunnel port', async t => {
  const site = await new Rehearsal().start();
  await site.connect(...site.switches);
  const [host] = site.hosts;
  host.addPort('br-int', 'vm0', { 'iface-id': 'fw0', 'attached-mac': '02:00:00:00:00:01' });
  await site.settle();
  site.controller.stop();
  host.removePort('br-int', 'heddle-vxlan');
  const kvm1 = at(await site.plan(file, apps, []), 0);
  t.match(kvm1.rows, [{ table: 'Bridge' }, { table: 'Port' }, { table: 'Interface', name: 'heddle-vxlan' }]);
  t.match(kvm1.notes, [/heddle-vxlan its port number when it is made: 65279 \(0xfeff\) stands for it/]);
  t.ok(
    texts(kvm1.flows).some(text => text.includes('in_port="heddle-vxlan"')),
    'the tunnel by its name',
  );
});

t.test('apps', async t => {
  const failing =
    (name: string, error: string): (() => never) =>
    () => {
      throw new Error(`${name}: ${error}`);
    };
  const throws = own('throws', { desired: failing('desired', 'oops') });
  const plan = await new Rehearsal().plan(file, [...apps, throws], []);
  t.match(plan.problems, [/throws: threw .*oops/]);
  t.notOk(plan.ok);
  const cannotStart = new Rehearsal().plan(file, [own('bad', { init: failing('init', 'no licence') })], []);
  await t.rejects(cannotStart, { code: 'APP_THREW' });
});

t.test('switches of no hypervisor', async t => {
  const site = await new Rehearsal().start();
  const plain = new FakeSwitch({ dpid: 0x99n });
  const former = new FakeSwitch({ dpid: 0x4864_0000_0000_0001n });
  const plan = await site.plan(file, apps, [plain, former]);
  t.match(plan.switches, [
    { dpid: '0000000000000099', untouched: undefined, count: { changed: 0, removed: 0 } },
    { dpid: '4864000000000001', untouched: /left alone: its datapath id/, flows: [] },
  ]);
  t.ok((plan.switches[0]?.flows.length ?? 0) > 0, 'the learning switch has flows of its own');
});

t.test('readings by a Heddle that runs', async t => {
  const site = await new Rehearsal().start();
  await site.connect(...site.switches);
  for (const one of site.switches) one.log = [];
  const asked = [site.controller.readings(), site.controller.readings()];
  await site.settle();
  const [readings = [], again] = await Promise.all(asked);
  t.equal(again, readings, 'asked twice, the switches are read once');
  for (const [index, one] of site.switches.entries()) {
    t.strictSame(
      one.log.filter(({ type }) => !questions.has(type)),
      [],
    );
    t.equal(one.log.filter(({ type }) => type === 'barrier_request').length, 1);
    t.match(readings[index], { dpid: one.dpid, flowCount: one.flows.size });
  }
  site.controller.stop();
  await site.settle();
  const byDialling = [await readSwitch(site.switches[0]), await readSwitch(site.switches[1])];
  t.strictSame(
    readings.map(reading => decodeReading(encodeReading(reading))),
    byDialling,
    'the same as when they dial in',
  );
});

t.test('a reading that is none', t => {
  t.throws(() => decodeReading(undefined), { code: 'OF_BAD_FRAME' });
  t.throws(() => decodeReading({ dpid: '1', frames: [7] }), { code: 'OF_BAD_FRAME' });
  t.throws(() => decodeReading({ dpid: 'x', frames: [] }), { code: 'OF_BAD_FRAME' });
  t.throws(() => decodeReading({ dpid: '0000000000000001', frames: ['AAAA'] }), { code: 'OF_BAD_FRAME' });
  t.end();
});

t.test('a switch that is not expected is told no more than hello', async t => {
  const stranger = new FakeSwitch({ dpid: 0x77n });
  const told: string[] = [];
  const options = {
    isExpected: () => false,
    onReading: () => told.push('reading'),
    onFailure: () => told.push('failure'),
  };
  stranger.connect(stream => new SwitchReader(stream, options));
  await stranger.settle();
  t.strictSame(
    stranger.log.map(({ type }) => type),
    ['hello', 'features_request'],
  );
  t.notOk(stranger.isConnected);

  t.comment('one that goes while it is read');
  const goes = new FakeSwitch({ dpid: 0x78n });
  goes.cutAfter = 4;
  goes.connect(stream => new SwitchReader(stream, { ...options, isExpected: () => true }));
  await goes.settle();
  t.strictSame(told, ['failure']);
});

t.test('QoS that an app wants', async t => {
  const shaper = own('shaper', {
    qos: (_state, { hypervisors }, name) =>
      [...(hypervisors.get(name)?.ports.keys() ?? [])].map(port => ({
        port,
        type: 'linux-htb',
        otherConfig: { 'max-rate': '1000' },
        queues: [{ number: 1, otherConfig: {} }],
      })),
    on: (event, state, { hypervisors }) =>
      event.type !== 'hypervisor-changed'
        ? { state }
        : { state, changed: [...hypervisors.values()].map(({ config }) => config.dpid) },
  });
  const site = await new Rehearsal().start();
  site.hosts[0].addPort('br-int', 'vnet0');
  await site.settle();
  const told = formatPlan(await site.plan(file, [...apps, shaper]));
  for (const line of [
    /\+ QoS of vnet0\n +type: linux-htb\n +queues: {1=1 of vnet0}/,
    /\+ Queue 1 of vnet0/,
    /~ Port vnet0\n +qos: \[\] -> of vnet0/,
  ])
    t.match(told, line);

  t.comment('and a Heddle with that app does just that');
  const running = await new Rehearsal(file, [...apps, shaper]).start();
  const [host] = running.hosts;
  host.addPort('br-int', 'vnet0');
  await running.settle();
  t.match(host.transactions.at(-1), 'add queue 1 of vnet0; add QoS linux-htb of vnet0');
  host.removePort('br-int', 'vnet0');
  await running.settle();
  t.match(host.transactions.at(-1), 'remove QoS of vnet0; remove queue 1 of vnet0');
  host.addPort('br-int', 'vnet1');
  await running.settle();
  t.strictSame(at(await running.plan(file, [...apps, shaper]), 0).rows, []);
});
