/** The whole controller between switches and databases in memory. */
import t from 'tap';
import { emptyProgram, groupIds, type Program } from '../../src/intent/index.js';
import { parseMac } from '../../src/lib/addresses.js';
import { applyActions, match, OFP_NO_BUFFER, output } from '../../src/openflow/index.js';
import { builtin, changesTo, configOf, file, Fixture, flowsOf, own } from '../support/controller-world.js';
import { Controller } from '../../src/controller/controller.js';
import { unknownHypervisor } from '../../src/controller/hypervisor-view.js';
import { noMods } from '../../src/controller/sent-mods.js';
import { settled } from '../support/fake-effects.js';
import { FakeSwitch, keyOf } from '../support/fake-switch.js';
import { flowMod } from '../../src/reconcile/mods.js';

t.test('hosts are read, then their switches come', async t => {
  const fixture = await new Fixture().start();
  const [host1, host2] = fixture.hosts;
  const [switch1, switch2] = fixture.switches;
  t.strictSame(host1.names('Controller'), ['tcp:[2001:db8::1]:6653'], 'told where to connect to');
  t.strictSame(host1.names('Port'), ['br-int', 'heddle-vxlan']);
  host1.addPort('br-int', 'v1', { 'iface-id': 'fw1', 'attached-mac': '02:00:00:00:00:01' });
  host2.addPort('br-int', 'v2', { 'iface-id': 'fw2', 'attached-mac': '02:00:00:00:00:02' });
  await fixture.settle();
  t.match(fixture.problems(), [
    /^kvm1: bridge br-int has not connected to Heddle yet/,
    /^kvm2: bridge br-int has not connected to Heddle yet/,
  ]);

  await fixture.connect(switch1, switch2);
  t.strictSame(flowsOf(switch1, 60), [
    'table=60, priority=0 actions=resubmit(,70),goto_table:80',
    'table=60, priority=100,metadata=0x1388,dl_dst=02:00:00:00:00:01 actions=set_field:0x3->reg1,goto_table:95',
    'table=60, priority=100,metadata=0x1388,dl_dst=02:00:00:00:00:02 actions=set_field:10.97.0.2->tun_dst,set_field:0x2->reg1,goto_table:95',
  ]);
  t.strictSame(
    flowsOf(switch1, 40),
    ['table=40, priority=0 actions=goto_table:50'],
    'the way between the tables',
  );
  t.strictSame([...switch1.groups.keys()].sort(), [groupIds.local(5000), groupIds.flood(5000)]);

  const status = fixture.controller.status();
  t.strictSame(status.problems, []);
  t.equal(status.ok, true);
  t.match(status.hypervisors, [
    {
      name: 'kvm1',
      ovsdb: 'tcp:192.0.2.11:6640',
      state: 'connected',
      vtep: '10.97.0.1',
      openflow: 'in sync',
    },
    { name: 'kvm2', ports: 1, transactions: 1, dpid: '0000000000000002', bridge: 'br-int' },
  ]);
  t.match(status.switches, [
    {
      dpid: '0000000000000001',
      hypervisor: 'kvm1',
      state: 'in sync',
      groups: 2,
      flows: switch1.flows.size,
      refused: [],
    },
    { hypervisor: 'kvm2' },
  ]);
  t.strictSame(status.networks, [
    { name: 'blue', vni: 5000, hypervisors: ['kvm1', 'kvm2'], ports: 2, remotes: [] },
  ]);
  t.doesNotThrow(() => JSON.stringify(status), 'plain JSON');

  t.test('a VM comes and goes', async t => {
    switch1.log = [];
    switch2.log = [];
    host2.addPort('br-int', 'v9', { 'iface-id': 'fw9', 'attached-mac': '02:00:00:00:00:09' });
    await fixture.settle();
    t.ok(flowsOf(switch1, 60).some(flow => flow.includes('02:00:00:00:00:09 actions=set_field:10.97.0.2')));
    t.equal(changesTo(switch1).length, 1, 'the difference, and no more');
    host2.removePort('br-int', 'v9');
    await fixture.settle();
    t.notOk(flowsOf(switch1, 60).some(flow => flow.includes('02:00:00:00:00:09')));
    t.notOk(flowsOf(switch2, 95).some(flow => flow.includes('reg1=0x4')));
  });

  t.test('a change that costs a switch nothing', async t => {
    switch1.log = [];
    host1.addPort('br-int', 'x', { 'iface-id': 'other' });
    await fixture.settle();
    t.strictSame(changesTo(switch1), []);
  });

  t.test('stopping takes nothing away', async t => {
    const [flows, groups] = [switch1.flows.size, switch1.groups.size];
    for (const one of fixture.switches) one.log = [];
    fixture.controller.stop();
    await fixture.settle();
    t.strictSame(fixture.switches.flatMap(changesTo), []);
    t.strictSame([switch1.flows.size, switch1.groups.size], [flows, groups]);
    t.equal(switch1.isConnected, false);
    t.equal(fixture.effects.clock.timers, 0);
    t.strictSame(host1.names('Port'), ['br-int', 'heddle-vxlan', 'v1', 'x']);
  });

  t.test('and the next run finds all as it should be', async t => {
    const again = new Fixture();
    fixture.hosts.forEach((host, index) => again.effects.hosts.set(`tcp:192.0.2.${11 + index}:6640`, host));
    const before = fixture.hosts.map(host => host.transactions.length);
    for (const one of fixture.switches) one.log = [];
    again.controller.start();
    for (const one of fixture.switches) one.connect(stream => again.controller.accept(stream));
    for (let round = 0; round < 4; round++) for (const one of fixture.switches) await one.settle();
    t.equal(again.controller.status().ok, true);
    t.strictSame(fixture.switches.flatMap(changesTo), [], 'nothing is sent to a switch');
    t.strictSame(
      fixture.hosts.map(host => host.transactions.length),
      before,
      'nor to a database',
    );
    again.controller.stop();
  });
});

t.test('switches come before their hosts have been read', async t => {
  const fixture = new Fixture();
  const [host1, host2] = fixture.hosts;
  const [switch1, switch2] = fixture.switches;
  // What an earlier run left: nobody knows yet whether it is wanted.
  const first = await new Fixture().start();
  first.hosts[0].addPort('br-int', 'v1', { 'iface-id': 'fw1' });
  await first.connect(switch1);
  await switch1.settle();
  first.controller.stop();
  await switch1.settle();
  const left = switch1.flows.size;
  t.ok(left > 5);
  switch1.log = [];

  host1.away = 'connection refused';
  host2.away = 'connection refused';
  await fixture.start();
  await fixture.connect(switch1, switch2);
  t.strictSame(fixture.switches.flatMap(changesTo), [], 'nothing is sent');
  t.equal(switch1.flows.size, left);
  t.match(fixture.controller.status().switches, [{ state: 'waiting' }, { state: 'waiting' }]);
  t.equal(fixture.controller.status().ok, false);
  t.match(fixture.problems(), [
    'kvm1: no OVSDB connection to tcp:192.0.2.11:6640 yet: connection refused; Heddle keeps trying',
    /^kvm2: no OVSDB connection/,
    /^app overlay: kvm1, kvm2 have not been read/,
  ]);

  host1.away = undefined;
  fixture.effects.clock.advance(3_000);
  await fixture.settle();
  t.strictSame(flowsOf(switch1, 0), [], 'v1 is not there any more, whatever kvm2 has');
  t.strictSame(changesTo(switch2), [], 'and nothing is sent to kvm2');

  host2.away = undefined;
  fixture.effects.clock.advance(3_000);
  await fixture.settle();
  t.strictSame(fixture.problems(), []);
  t.ok(switch2.flows.size > 0);

  host1.cut();
  await settled();
  t.match(fixture.problems(), [/^kvm1: no OVSDB connection .*: the other end closed the connection; Heddle/]);
  t.strictSame(flowsOf(switch1, 80).length, 1, 'the switch goes on as it was');
  fixture.controller.stop();
});

t.test('a switch that is in no overlay', async t => {
  const fixture = await new Fixture('', [builtin('learning-switch')]).start();
  const lone = new FakeSwitch({ dpid: 0x42n });
  await fixture.connect(lone);
  await lone.settle();
  t.strictSame(flowsOf(lone, 0), ['priority=0 actions=CONTROLLER:65535']);
  const frame = new Uint8Array(60);
  frame.set([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 1, 8, 0]);
  lone.send({
    type: 'packet_in',
    xid: 0,
    bufferId: OFP_NO_BUFFER,
    totalLen: 60,
    reason: 0,
    tableId: 0,
    cookie: 0n,
    match: match({ in_port: 1 }),
    data: frame,
  });
  await lone.settle();
  t.match(lone.log.at(-1), { type: 'packet_out', inPort: 1 });
  t.match(fixture.controller.status(), {
    ok: true,
    switches: [{ dpid: '0000000000000042', state: 'in sync' }],
  });
  t.equal(fixture.controller.status().switches[0]?.hypervisor, undefined);
  fixture.controller.stop();
});

const claims = (port: number): Program => ({
  ...emptyProgram,
  flows: [
    { table: 30, priority: 5, match: match({ in_port: 1 }), instructions: [applyActions([output(port)])] },
  ],
});

t.test('apps that disagree, and a switch that refuses', async t => {
  const fixture = new Fixture(file, [
    own('first', { desired: () => claims(1) }),
    own('second', { desired: () => claims(2) }),
    own('twice', {
      desired: () => {
        const [flow] = claims(3).flows;
        return {
          ...emptyProgram,
          flows:
            flow === undefined
              ? []
              : [
                  { ...flow, priority: 6 },
                  { ...flow, priority: 6 },
                ],
        };
      },
    }),
  ]);
  const [switch1, switch2] = fixture.switches;
  switch2.refuseAdd = change => (change.type === 'flow_mod' && change.priority === 6 ? [5, 1] : undefined);
  await fixture.start();
  await fixture.connect(switch1, switch2);
  t.strictSame(flowsOf(switch1, 30).length, 2);
  t.strictSame(fixture.problems(), [
    'kvm2: refused table=30, priority=6,in_port=1 actions=output:3: OFPFMFC_TABLE_FULL',
    ...['kvm1', 'kvm2'].flatMap(name => [
      `${name}: apps first and second both claim table=30, priority=5,in_port=1 actions=output:2: first keeps it`,
      `${name}: app twice claims table=30, priority=6,in_port=1 actions=output:3 twice: the first is kept`,
    ]),
  ]);
  switch1.cut();
  switch2.cut();
  await fixture.settle();
  t.match(
    fixture.problems(),
    [/^kvm1: bridge br-int has not/, /^kvm2: bridge br-int has not/],
    'gone with the switch',
  );
  fixture.effects.clock.advance(60_000);
  await fixture.settle();
  t.equal(fixture.problems().length, 2, 'and for good');
  fixture.controller.stop();
});

t.test('an app whose ports change, and one that hears of nothing', async t => {
  let ports: readonly string[] = ['p1'];
  const fixture = new Fixture(file, [
    own('ports', {
      on: (event, state) => (event.type === 'flow-removed' ? { state, changed: [event.dpid] } : { state }),
      ports: () => ports.map(name => ({ name, type: 'internal', options: {} })),
      desired: () => claims(1),
      report: () => ({
        problems: [
          { message: 'about nothing' },
          { hypervisor: 'kvm1', network: 'blue', port: 'v1', dpid: 1n, app: 'ports', message: 'about much' },
        ],
      }),
    }),
  ]);
  const [switch1] = fixture.switches;
  fixture.hosts[0].away = 'not yet';
  await fixture.start();
  await fixture.connect(switch1);
  t.equal(switch1.flows.size, 0);
  fixture.hosts[0].away = undefined;
  fixture.effects.clock.advance(1_000);
  await fixture.settle();
  t.equal(flowsOf(switch1, 30).length, 1, 'what waited for its host goes on by itself');
  t.strictSame(fixture.hosts[0].names('Port'), ['br-int', 'p1']);
  ports = ['p2'];
  switch1.send({
    type: 'flow_removed',
    xid: 0,
    cookie: 0n,
    priority: 1,
    reason: 0,
    tableId: 0,
    durationSec: 0,
    durationNsec: 0,
    idleTimeout: 0,
    hardTimeout: 0,
    packetCount: 0n,
    byteCount: 0n,
    match: [],
  });
  await fixture.settle();
  t.strictSame(fixture.hosts[0].names('Port'), ['br-int', 'p2']);
  t.strictSame(fixture.hosts[1].names('Port'), ['br-int', 'p1'], 'only where something has changed');
  t.strictSame(fixture.problems().slice(-2), [
    'Heddle: about nothing',
    'kvm1 network blue port v1 0000000000000001 app ports: about much',
  ]);
  fixture.controller.stop();
});

t.test('a controller whose apps cannot start', t => {
  const broken = own('broken', {
    init: () => {
      throw new Error('no');
    },
  });
  t.throws(() => new Fixture(file, [broken]), { code: 'APP_THREW' });
  t.end();
});

t.test('a bridge that has not the datapath id of the file', async t => {
  const fixture = await new Fixture().start();
  const [host1, host2] = fixture.hosts;
  const [switch1, switch2] = fixture.switches;
  host1.addPort('br-int', 'v1', { 'iface-id': 'fw1' });
  host2.addPort('br-int', 'v2', { 'iface-id': 'fw2' });
  await fixture.connect(switch1, switch2);
  const pin = async (id: string): Promise<void> => {
    host1.edit(() => {
      host1.row('Bridge', 'br-int')['other_config'] = ['map', [['datapath-id', id]]];
    });
    await fixture.settle();
  };
  const flows = fixture.switches.map(one => one.flows.size);
  for (const one of fixture.switches) one.log = [];

  await pin('00000000000000ff');
  host1.addPort('br-int', 'v3', { 'iface-id': 'fw3' });
  await fixture.settle();
  t.strictSame(fixture.switches.flatMap(changesTo), [], 'its ports are not used, and nothing is taken away');
  t.strictSame(
    fixture.switches.map(one => one.flows.size),
    flows,
  );
  const stranger = new FakeSwitch({ dpid: 0xffn });
  stranger.connect(stream => fixture.controller.accept(stream));
  await settled();
  await stranger.settle();
  t.strictSame(changesTo(stranger), [], 'the switch that has that id by the OVSDB is left alone');
  t.match(fixture.controller.status().switches[2], { dpid: '00000000000000ff', state: 'left alone' });
  t.equal(fixture.controller.status().ok, false);

  await pin('0000000000000002');
  t.match(fixture.problems().join('\n'), "kvm1: kvm1's ovsdb leads to kvm2's bridge");
  host2.addPort('br-int', 'v4', { 'iface-id': 'fw4' });
  await fixture.settle();
  t.strictSame(changesTo(switch2), [], 'it is not certain which switch is the one that is connected');

  await pin('0000000000000001');
  await fixture.settle();
  t.not(changesTo(switch1).length, 0, 'it agrees again');
  t.not(changesTo(switch2).length, 0);
  t.equal(fixture.controller.status().hypervisors[0]?.ports, 2);
});

t.test('of a host that is not known, the QoS cannot be said', t => {
  const { networks, hypervisors } = configOf(file);
  const views = hypervisors.map(config => [config.name, unknownHypervisor(config)] as const);
  const world = { networks, hypervisors: new Map(views), switches: new Map(), now: () => 0 };
  const { module } = builtin('qos');
  t.equal(module.qos?.({}, world, 'kvm1'), undefined);
  t.equal(module.policing?.({}, world, 'kvm1'), undefined);
  t.end();
});

t.test('a host that another Heddle holds', async t => {
  const fixture = await new Fixture().start();
  const [host1, host2] = fixture.hosts;
  const [switch1, switch2] = fixture.switches;
  host1.addPort('br-int', 'v1', { 'iface-id': 'fw1' });
  host2.addPort('br-int', 'v2', { 'iface-id': 'fw2' });
  await fixture.connect(switch1, switch2);
  for (const one of fixture.switches) one.log = [];

  host2.passLock("another's");
  host1.addPort('br-int', 'v3', { 'iface-id': 'fw3', 'attached-mac': '02:00:00:00:00:03' });
  host2.addPort('br-int', 'v4', { 'iface-id': 'fw4', 'attached-mac': '02:00:00:00:00:04' });
  await fixture.settle();
  t.strictSame(changesTo(switch2), [], 'its switch is not touched');
  t.ok(
    flowsOf(switch1, 60).some(flow => flow.includes('dl_dst=02:00:00:00:00:04')),
    'the others go on knowing what is there',
  );
  const status = fixture.controller.status();
  t.match(status, {
    ok: false,
    hypervisors: [{ lock: 'held' }, { lock: 'elsewhere', openflow: 'waiting' }],
    problems: [
      { where: 'kvm2', message: /^another Heddle holds this host: .* takes over when that one stops/ },
    ],
  });
  switch2.cut();
  await fixture.settle();
  t.equal(fixture.problems().length, 1, 'that its switch is not here is not told beside');
  await fixture.connect(switch2);
  t.strictSame(changesTo(switch2), []);

  host2.passLock('ours');
  await fixture.settle();
  t.equal(changesTo(switch2).length, 7, 'what has changed meanwhile');
  t.equal(fixture.controller.status().ok, true);
  t.strictSame([host1.unguarded, host2.unguarded], [0, 0]);
  fixture.controller.stop();
});

t.test('a switch that another Heddle had is read before anything is sent to it', async t => {
  const fixture = await new Fixture().start();
  const [host1, host2] = fixture.hosts;
  const [switch1, switch2] = fixture.switches;
  host1.addPort('br-int', 'v1', { 'iface-id': 'fw1' });
  host1.addPort('br-int', 'v3', { 'iface-id': 'fw3', 'attached-mac': '02:00:00:00:00:03' });
  host2.addPort('br-int', 'v2', { 'iface-id': 'fw2' });
  await fixture.connect(switch1, switch2);
  const wanted = flowsOf(switch2, 60);
  t.match(wanted.join(), /dl_dst=02:00:00:00:00:03/);
  host2.passLock("another's");
  await fixture.settle();

  t.comment('the other one puts a flow of its own in the place of one, and the switch learns a MAC');
  for (const [key, flow] of switch2.flows)
    if (flow.tableId === 60 && flow.priority === 100)
      switch2.flows.set(key, { ...flow, cookie: flow.cookie ^ 1n, instructions: [] });
  t.not(flowsOf(switch2, 60).join(), wanted.join());
  const fields = match({ metadata: 5000n, eth_dst: parseMac('02:00:00:00:00:99') ?? 0 });
  const cookie = BigInt(/learn\(.*cookie=(0x[0-9a-f]+)/.exec(flowsOf(switch2, 40).join())?.[1] ?? 0);
  const learned = flowMod({ table: 70, priority: 100, match: fields, instructions: [] }, cookie);
  switch2.flows.set(keyOf(learned), learned);
  switch2.log = [];

  host2.passLock('ours');
  await fixture.settle();
  t.strictSame(flowsOf(switch2, 60), wanted, 'the flow is right at once, without an audit');
  const types = switch2.log.map(one => (one.type === 'multipart_request' ? one.body.type : one.type));
  t.ok(types.includes('flow') && types.indexOf('flow') < types.indexOf('bundle_control'), types.join());
  t.match(fixture.controller.macs()?.macs, [{ mac: '02:00:00:00:00:03' }, { mac: '02:00:00:00:00:99' }]);
  t.equal(fixture.controller.status().ok, true);

  t.comment('its connection ends while it is read');
  host2.passLock("another's");
  await fixture.settle();
  host2.passLock('ours');
  switch2.cut();
  await fixture.settle();
  await fixture.connect(switch2);
  t.equal(fixture.controller.status().ok, true);

  t.comment('it is let go and taken over again while it is read');
  for (const [key, flow] of switch2.flows) if (flow.tableId === 60) switch2.flows.delete(key);
  for (const to of ["another's", 'ours', "another's", 'ours'] as const) host2.passLock(to);
  await fixture.settle();
  t.strictSame(flowsOf(switch2, 60), wanted);
  fixture.controller.stop();
});

t.test('what was sent, as it is counted', async t => {
  const fixture = await new Fixture().start();
  const [switch1, switch2] = fixture.switches;
  const [host1] = fixture.hosts;
  await fixture.connect(switch1, switch2);
  const counted = () => fixture.controller.status().switches.map(({ mods }) => mods);
  const carriedOut = [switch1, switch2].map(one => {
    const types = changesTo(one).map(({ type }) => type);
    const count = (what: string): number => types.filter(type => type === what).length;
    return { flowMods: count('flow_mod'), groupMods: count('group_mod'), meterMods: 0 };
  });
  t.ok(carriedOut.every(({ flowMods }) => flowMods > 0));
  t.strictSame(counted(), carriedOut);

  t.comment('a connection that ends takes nothing away');
  switch1.cut();
  await fixture.settle();
  await fixture.connect(switch1);
  t.strictSame(
    counted().sort((a, b) => b.flowMods - a.flowMods),
    carriedOut.sort((a, b) => b.flowMods - a.flowMods),
  );

  t.comment('nor does a link to a host that a new file replaces');
  fixture.effects.hosts.set('tcp:192.0.2.21:6640', host1);
  const moved = configOf(file.replace('192.0.2.11', '192.0.2.21'));
  fixture.controller.reload({ config: moved, apps: [builtin('overlay'), builtin('learning-switch')] });
  host1.lock = 'free';
  await fixture.settle();
  t.match(fixture.controller.status().hypervisors, [
    { state: 'connected', transactions: 1 },
    { transactions: 1 },
  ]);

  t.comment('a Heddle that starts where all is right sends nothing');
  fixture.controller.stop();
  await fixture.settle();
  for (const host of fixture.hosts) host.lock = 'free';
  const { effects, log } = fixture;
  const again = new Controller({
    config: moved,
    apps: [builtin('overlay'), builtin('learning-switch')],
    effects,
    log,
  });
  again.start();
  for (const one of [switch1, switch2]) one.connect(stream => again.accept(stream));
  await fixture.settle();
  await fixture.settle();
  const { hypervisors, switches } = again.status();
  t.strictSame(
    hypervisors.map(({ transactions, openflow }) => [transactions, openflow]),
    [
      [0, 'in sync'],
      [0, 'in sync'],
    ],
  );
  t.strictSame(
    switches.map(({ mods }) => mods),
    [noMods, noMods],
  );
  again.stop();
});
