/** Plans for a host's OVSDB, carried out by a real ovsdb-server. */
import t from 'tap';
import type { HostIntent } from '../../src/intent/index.js';
import { configColumns } from '../../src/ovsdb/index.js';
import { hostColumns, type HostPlan, planHost } from '../../src/reconcile/host.js';
import type { TakeoverStage } from '../../src/reconcile/host-plan.js';
import { isMarked } from '../../src/reconcile/owner.js';
import { groundIn } from '../../src/reconcile/stage.js';
import { OvsdbServer, until, whyNoServer } from '../support/ovsdb-server.js';

const target = 'tcp:10.98.0.254:6653';
const tunnel = {
  name: 'heddle-vxlan',
  type: 'vxlan',
  options: { remote_ip: 'flow', key: 'flow', local_ip: '10.97.0.1' },
};
const intent: HostIntent = {
  bridge: 'br-int',
  datapathType: '',
  dpid: 0x4864_0000_0000_0001n,
  names: new Map([
    [0x4864_0000_0000_0001n, 'kvm1'],
    [0x4864_0000_0000_0002n, 'kvm2'],
  ]),
  controller: target,
  ports: [tunnel],
  qos: [],
  complete: true,
};

t.test('marks', t => {
  t.equal(
    isMarked(
      new Map([
        ['heddle', 'managed'],
        ['iface-id', 'x'],
      ]),
    ),
    true,
  );
  t.equal(
    isMarked(
      new Map([
        ['heddle', 'no'],
        ['owner', 'heddle'],
      ]),
    ),
    false,
  );
  t.equal(isMarked(new Map()), false);
  t.end();
});

t.test('planHost', { skip: whyNoServer() }, async t => {
  const server = await OvsdbServer.start();
  t.teardown(() => server.stop());
  const client = await server.connect({ ...hostColumns, ...configColumns });
  let commands = 0;

  /** Runs ovs-vsctl commands, and waits until the client has seen what they did. */
  const person = async (...commandLines: readonly string[]): Promise<void> => {
    const mark = `${++commands}`;
    const all = [...commandLines, `add-br mark${mark}`].join(' -- ').split(' ');
    server.vsctl(...all);
    await until('the client has caught up', () =>
      [...client.replica.table('Bridge').values()].some(row => row['name'] === `mark${mark}`),
    );
    server.vsctl('del-br', `mark${mark}`);
    await until('it has gone again', () =>
      [...client.replica.table('Bridge').values()].every(row => row['name'] !== `mark${mark}`),
    );
  };
  const get = (table: string, record: string, column: string): string =>
    server.vsctl('get', table, record, column);
  const plan = (changes: Partial<HostIntent> = {}, stage?: TakeoverStage): HostPlan =>
    planHost({ ...intent, ...changes }, client.replica, stage);

  /** Carries a plan out, and makes sure that nothing is left to do then. */
  const settle = async (changes: Partial<HostIntent> = {}, stage?: TakeoverStage): Promise<HostPlan> => {
    const first = plan(changes, stage);
    if (first.operations.length > 0) {
      const outcome = await client.transact(first.operations);
      if (!outcome.ok) throw outcome.error;
    }
    const second = plan(changes, stage);
    t.strictSame([second.operations, second.changes], [[], []], 'planned again, nothing is to be done');
    t.strictSame(second.problems, first.problems);
    return first;
  };
  const fresh = async (): Promise<void> => {
    server.vsctl('emer-reset');
    for (const bridge of server.vsctl('list-br').split('\n'))
      if (bridge !== '') server.vsctl('del-br', bridge);
    await until('the database is empty', () => client.replica.table('Bridge').size === 0);
  };

  t.test('a bridge comes into being whole, in one transaction', async t => {
    const { changes, problems, operations } = await settle();
    t.strictSame(changes, ['create bridge br-int', 'add port heddle-vxlan']);
    t.strictSame(problems, []);
    t.equal(operations.at(-1)?.op, 'select');
    t.equal(server.vsctl('list-ports', 'br-int'), 'heddle-vxlan');
    t.equal(get('Bridge', 'br-int', 'fail_mode'), 'secure');
    t.equal(get('Bridge', 'br-int', 'protocols'), '[OpenFlow13]');
    t.equal(get('Bridge', 'br-int', 'datapath_type'), '""');
    t.equal(get('Bridge', 'br-int', 'other_config'), '{datapath-id="4864000000000001"}');
    t.equal(get('Interface', 'br-int', 'type'), 'internal');
    t.equal(server.vsctl('get-controller', 'br-int'), target);
    const [id] = JSON.parse(`["${get('Bridge', 'br-int', 'controller').slice(1, -1)}"]`) as [string];
    t.equal(get('Controller', id, 'connection_mode'), 'out-of-band');
    t.equal(get('Controller', id, 'max_backoff'), '1000');
    t.equal(get('Interface', 'heddle-vxlan', 'options'), '{key=flow, local_ip="10.97.0.1", remote_ip=flow}');
    for (const [table, record] of [
      ['Port', tunnel.name],
      ['Interface', tunnel.name],
      ['Bridge', 'br-int'],
    ] as const)
      t.equal(get(table, record, 'external_ids'), '{heddle=managed}');
    t.equal(get('Open_vSwitch', '.', 'next_cfg'), '1', 'and is counted');
  });

  t.test('options and ports follow the intent; what others keep in external_ids stays', async t => {
    await person('set Interface heddle-vxlan external_ids:note=mine');
    const moved = { ...tunnel, options: { ...tunnel.options, local_ip: '10.97.0.9' } };
    t.strictSame((await settle({ ports: [moved] })).changes, ['set options of heddle-vxlan']);
    t.match(get('Interface', 'heddle-vxlan', 'options'), 'local_ip="10.97.0.9"');
    t.equal(get('Interface', 'heddle-vxlan', 'external_ids'), '{heddle=managed, note=mine}');

    await person('set Interface heddle-vxlan options:tos=inherit');
    t.strictSame((await settle({ ports: [moved] })).changes, ['set options of heddle-vxlan']);

    const two = [tunnel, { name: 'heddle-patch', type: 'patch', options: { peer: 'p0' } }];
    t.strictSame((await settle({ ports: two })).changes, [
      'set options of heddle-vxlan',
      'add port heddle-patch',
    ]);
    await person('add-port br-int vnet0', 'add-port br-int vnet1');
    t.strictSame(plan({ ports: [], complete: false }).changes, [], 'an app cannot say: none is taken away');
    t.strictSame((await settle()).changes, ['remove port heddle-patch']);
    t.equal(server.vsctl('list-ports', 'br-int'), 'heddle-vxlan\nvnet0\nvnet1', "a person's ports stay");

    const twice = [tunnel, { ...tunnel, type: 'geneve' }, { name: 'br-int', type: 'vxlan', options: {} }];
    t.strictSame(plan({ ports: twice }).problems, [
      'port heddle-vxlan is wanted twice: the second one is left out',
      'port br-int is wanted twice: the second one is left out',
    ]);
    t.strictSame(plan({ ports: twice }).operations, []);
  });

  t.test('another address of Heddle: never through no controller at all', async t => {
    const other = 'tcp:10.98.0.253:6653';
    const { changes, operations } = await settle({ controller: other });
    t.strictSame(changes, [`set controller ${other} of br-int`, `remove controller ${target}`]);
    const mutations = operations.flatMap(one =>
      one.op === 'mutate' && one.table === 'Bridge' ? one.mutations : [],
    );
    t.strictSame(
      mutations.map(([column, mutator]) => [column, mutator]),
      [
        ['controller', 'insert'],
        ['controller', 'delete'],
      ],
    );
    t.equal(server.vsctl('get-controller', 'br-int'), other);
    await settle();
  });

  t.test('somebody removes or changes what Heddle has set', async t => {
    await person('del-port heddle-vxlan', 'set Bridge br-int fail_mode=standalone protocols=OpenFlow10');
    t.strictSame((await settle()).changes, ['set fail_mode, protocols of br-int', 'add port heddle-vxlan']);
    t.equal(get('Bridge', 'br-int', 'protocols'), '[OpenFlow10, OpenFlow13]');
    await person('del-controller br-int', 'remove Bridge br-int other_config datapath-id');
    t.strictSame((await settle()).changes, [
      'set datapath-id of br-int',
      `set controller ${target} of br-int`,
    ]);
    const id = get('Bridge', 'br-int', 'controller').slice(1, -1);
    await person(`set Controller ${id} connection_mode=in-band`);
    t.strictSame((await settle()).changes, [`connect ${target} out-of-band`]);
    await person(
      `set Controller ${id} connection_mode=in-band`,
      `remove Controller ${id} external_ids heddle`,
    );
    const theirs = await settle();
    t.strictSame(theirs.changes, [], 'a row that somebody else has made is not changed');
    t.strictSame(theirs.problems, [
      `controller ${target} of br-int was set by somebody else, and in-band, which puts hidden flows before Heddle's: \`ovs-vsctl set Controller ${id} connection_mode=out-of-band\``,
    ]);
    await person(`set Controller ${id} connection_mode=out-of-band`);
    t.strictSame((await settle()).problems, []);
    await person('del-br br-int');
    t.strictSame((await settle()).changes, ['create bridge br-int', 'add port heddle-vxlan']);
  });

  t.test("a person's own bridge", async t => {
    await fresh();
    await person(
      'add-br br-int',
      'set Bridge br-int fail_mode=standalone protocols=OpenFlow10,OpenFlow12 other_config:hwaddr=02:00:00:00:00:01 external_ids:theirs=1',
      'set-controller br-int tcp:192.0.2.7:6653',
      'add-port br-int vnet0',
      'set Interface vnet0 external_ids:iface-id=fw1',
    );
    const { changes, problems } = await settle();
    t.strictSame(changes, [
      'set fail_mode, protocols, datapath-id of br-int',
      `set controller ${target} of br-int`,
      'add port heddle-vxlan',
    ]);
    t.strictSame(problems, ['bridge br-int obeys other controllers too: tcp:192.0.2.7:6653']);
    t.equal(get('Bridge', 'br-int', 'protocols'), '[OpenFlow10, OpenFlow12, OpenFlow13]');
    t.equal(
      get('Bridge', 'br-int', 'other_config'),
      '{datapath-id="4864000000000001", hwaddr="02:00:00:00:00:01"}',
    );
    t.equal(get('Bridge', 'br-int', 'external_ids'), '{theirs="1"}');
    t.equal(get('Interface', 'vnet0', 'external_ids'), '{iface-id=fw1}');
    t.strictSame(server.vsctl('get-controller', 'br-int').split('\n').sort(), [target, 'tcp:192.0.2.7:6653']);
    await person('set Bridge br-int protocols=[]');
    t.strictSame((await settle()).changes, [], 'no protocols named means all of them');
  });

  t.test('a bridge that forwards by itself, stage by stage', async t => {
    const ofport = (): Promise<void> => person('set Interface heddle-vxlan ofport=7');
    const reached = (changes: Partial<HostIntent> = {}): string | undefined =>
      groundIn({ ...intent, ...changes }, client.replica)?.reached;
    const controllers = (): readonly string[] => server.vsctl('get-controller', 'br-int').split('\n').sort();
    const service = 'tcp:10.98.0.254:06653';

    await fresh();
    await person('add-br br-int');
    t.equal(reached(), undefined, 'nobody uses it');
    await person('add-port br-int vnet0');
    t.equal(reached(), 'nothing');
    t.strictSame((await settle({}, 'prepare')).changes, [
      'set datapath-id of br-int',
      'add port heddle-vxlan',
    ]);
    t.equal(get('Bridge', 'br-int', 'fail_mode'), '[]');
    t.strictSame(controllers(), ['']);
    t.equal(get('Port', 'heddle-vxlan', 'tag'), '4095', 'its own forwarding leaves the port alone');
    t.equal(reached(), 'nothing', 'its number is not known yet');
    await ofport();
    t.equal(reached(), 'prepare');

    t.strictSame((await settle({}, 'service')).changes, ['connect br-int for service']);
    t.strictSame(controllers(), [service]);
    t.equal(server.vsctl('--bare', '--columns=type', 'list', 'Controller'), 'service');
    t.equal(reached(), 'service');

    t.strictSame((await settle({}, 'standby')).changes, [`set controller ${target} of br-int`]);
    t.strictSame(controllers(), [service, target].sort());
    t.equal(get('Bridge', 'br-int', 'fail_mode'), '[]');
    t.equal(reached(), 'standby');
    t.strictSame((await settle({}, 'service')).changes, [`remove controller ${target}`], 'started again');
    await settle({}, 'standby');

    t.strictSame((await settle({}, 'obeying')).changes, ['set fail_mode of br-int', `probe ${target}`]);
    t.equal(reached(), 'obeying');
    t.strictSame((await settle()).changes, [`remove controller ${service}`]);
    t.strictSame(controllers(), [target]);
    t.equal(server.vsctl('--bare', '--columns=inactivity_probe', 'list', 'Controller'), '');
    t.equal(reached(), undefined);

    await person('set Bridge br-int fail_mode=standalone');
    t.equal(reached(), undefined, 'it has a controller that is no standby');

    await person('set-controller br-int tcp:192.0.2.7:6653');
    t.match(
      groundIn(intent, client.replica),
      { reached: 'prepare', obeysOthers: true },
      "somebody else's: it forwards by itself while that one is away",
    );
    const prepared = await settle({}, 'prepare');
    t.strictSame(prepared.changes, []);
    t.match(prepared.problems, [/obeys other controllers too/]);
    await settle({}, 'service');
    await settle({}, 'obeying');
    t.equal(get('Bridge', 'br-int', 'fail_mode'), 'secure');
    t.strictSame(controllers(), [service, target, 'tcp:192.0.2.7:6653'].sort());
    await settle();
    t.strictSame(controllers(), [target, 'tcp:192.0.2.7:6653'].sort());
  });

  t.test('a host whose way to Heddle is this very bridge', async t => {
    await fresh();
    await settle({ inBand: true });
    t.equal(server.vsctl('--bare', '--columns=connection_mode', 'list', 'Controller'), 'in-band');
    t.strictSame((await settle()).changes, [`connect ${target} out-of-band`], 'it has another way now');
  });

  t.test('a bridge without the uplink that the file names is not taken over', async t => {
    await fresh();
    await person('add-br br-int', 'add-port br-int eth1');
    const missing = plan({ uplink: 'eth0' });
    t.strictSame(missing.operations, []);
    t.strictSame(missing.problems, [
      'bridge br-int has no port eth0, which the file names as its uplink: it is not taken over, since the host could be cut off by it',
    ]);
    await person('add-bond br-int bond0 eth2 eth3');
    t.match(plan({ uplink: 'bond0' }).problems, [/has a bond as its uplink bond0/]);
    t.strictSame(plan({ uplink: 'bond0' }).operations, []);
    t.strictSame((await settle({ uplink: 'eth1' })).problems, []);
    await person('del-port br-int eth1');
    t.strictSame((await settle({ uplink: 'eth1' })).problems, [], 'one that Heddle has is served on');
  });

  t.test('ports that somebody has made go where they are to be replaced, if they are tunnels', async t => {
    await fresh();
    await settle();
    await person(
      'add-port br-int vxlan10',
      'set Interface vxlan10 type=vxlan options:remote_ip=10.97.0.2',
      'add-port br-int vnet0',
      'add-br br-other',
      'add-port br-other vxlan20',
      'set Interface vxlan20 type=vxlan options:remote_ip=10.97.0.3',
    );
    t.strictSame(plan().changes, []);
    const replaced = ['vxlan10', 'vxlan20', 'vnet0', 'heddle-vxlan', 'nowhere'];
    t.strictSame(plan({ replaced }).changes, ['replace port vxlan10']);
    await settle({ replaced });
    t.strictSame(server.vsctl('list-ports', 'br-int').split('\n').sort(), ['heddle-vxlan', 'vnet0']);
    t.equal(server.vsctl('list-ports', 'br-other'), 'vxlan20');
  });

  t.test('what stands in the way is told, and left alone', async t => {
    await fresh();
    await person('add-br br-int', 'add-port br-int heddle-vxlan', 'set Interface heddle-vxlan type=vxlan');
    const { problems, changes } = await settle();
    t.strictSame(problems, ["port heddle-vxlan is there and is not Heddle's: rename it, or delete it"]);
    t.notMatch(changes, ['add port heddle-vxlan']);

    await fresh();
    await person('add-br br-int', 'add-bond br-int heddle-vxlan eth1 eth2');
    t.match(
      (await settle()).problems,
      [/heddle-vxlan is there/],
      'a bond of that name is in the way as well',
    );

    await fresh();
    await person('add-br br-int', 'set Bridge br-int datapath_type=netdev');
    t.strictSame(plan(), {
      operations: [],
      changes: [],
      problems: [
        'bridge br-int has datapath netdev, the file says system: make them agree (`datapath: netdev`)',
      ],
    });
    t.strictSame(plan({ datapathType: 'netdev' }).problems, []);
    await person('set Bridge br-int datapath_type=system');
    t.strictSame(plan().problems, [], 'system is what no type means');

    await person('set Bridge br-int other_config:datapath-id=00000000000000ff');
    t.strictSame(plan(), {
      operations: [],
      changes: [],
      problems: [
        'bridge br-int has other_config:datapath-id=00000000000000ff: add `datapath-id: "00000000000000ff"` to this hypervisor in the file',
      ],
    });
    t.strictSame(plan({ dpid: 0xffn }).problems, []);
    await person('set Bridge br-int other_config:datapath-id=0xFf');
    t.strictSame(plan({ dpid: 0xffn }).problems, [], "Open vSwitch's other notation");
    await person('set Bridge br-int other_config:datapath-id=ff');
    t.match(plan({ dpid: 0xffn }).problems, [/datapath-id=ff/], 'which Open vSwitch does not heed');

    await fresh();
    await person('add-br br0', 'add-port br0 br-int');
    t.strictSame(plan(), {
      operations: [],
      changes: [],
      problems: ['bridge br-int cannot be made: there is a port of that name on another bridge'],
    });
  });

  t.test('the file has another name for the hypervisor', async t => {
    await fresh();
    await person('add-br br-int', 'add-port br-int vnet0');
    await settle();
    const renamed = { dpid: 0x4864_0000_0000_0009n, names: new Map([[0x4864_0000_0000_0009n, 'kvm9']]) };
    t.strictSame((await settle(renamed)).changes, ['set datapath-id of br-int']);
    t.equal(get('Bridge', 'br-int', 'other_config'), '{datapath-id="4864000000000009"}');
    t.strictSame((await settle(renamed)).problems, []);

    await fresh();
    await person('add-br br-int', 'set Bridge br-int other_config:datapath-id=4864000000000009');
    t.match(plan().problems, [/datapath-id=4864000000000009: add/], 'a bridge that is not ours stays');
    t.strictSame(plan().operations, []);
  });

  t.test("the ovsdb line leads to another hypervisor's bridge", async t => {
    await fresh();
    await settle({ dpid: 0x4864_0000_0000_0002n });
    t.strictSame(plan(), {
      operations: [],
      changes: [],
      problems: [
        "kvm1's ovsdb leads to kvm2's bridge: br-int there has kvm2's datapath id 4864000000000002; set the `ovsdb:` lines right, or, if this is kvm1's bridge, `ovs-vsctl remove Bridge br-int other_config datapath-id`",
      ],
    });
  });

  t.test('the file names another bridge', async t => {
    await fresh();
    await settle();
    await person('add-port br-int vnet0');
    const { changes } = await settle({ bridge: 'br-new' });
    t.strictSame(changes, [
      'create bridge br-new',
      'move port heddle-vxlan from br-int',
      `remove controller ${target} of br-int`,
    ]);
    t.equal(server.vsctl('list-ports', 'br-new'), 'heddle-vxlan');
    t.equal(server.vsctl('list-ports', 'br-int'), 'vnet0', 'the VMs stay where a person has put them');
    t.equal(server.vsctl('get-controller', 'br-int'), '', 'two bridges must not share a datapath id');
    t.strictSame(
      (await settle()).problems.length,
      0,
      'and back: the old bridge is there still, and is taken again',
    );
    t.equal(server.vsctl('list-ports', 'br-int'), 'heddle-vxlan\nvnet0');
    t.equal(server.vsctl('get-controller', 'br-new'), '');

    const second = { bridge: 'br-two', dpid: 0x4864_0000_0000_0002n };
    t.strictSame((await settle(second)).problems, [
      'port heddle-vxlan is on bridge br-int: Heddle serves one bridge of a host',
    ]);
    t.equal(server.vsctl('get-controller', 'br-int'), target, "another hypervisor's bridge in one database");
  });

  t.test('an empty database', async t => {
    await fresh();
    const outcome = await client.transact([{ op: 'delete', table: 'Open_vSwitch', where: [] }]);
    t.ok(outcome.ok);
    t.strictSame(plan(), {
      operations: [],
      changes: [],
      problems: ['its Open_vSwitch table has no row: is ovs-vswitchd running?'],
    });
  });
});
