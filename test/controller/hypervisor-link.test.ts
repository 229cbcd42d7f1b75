/** One hypervisor's OVSDB, in memory: connecting, setting it right, and what gets in the way. */
import t from 'tap';
import type { HypervisorConfig } from '../../src/config/config.js';
import { HypervisorLink } from '../../src/controller/hypervisor-link.js';
import { unknownHypervisor, viewOf } from '../../src/controller/hypervisor-view.js';
import type { HostIntent, HypervisorView } from '../../src/intent/index.js';
import type { SwitchPort, SwitchPorts, Uuid } from '../../src/ovsdb/index.js';
import { FakeLog, settled } from '../support/fake-effects.js';
import { FakeOvsdb, NetEffects } from '../support/fake-ovsdb.js';

const config: HypervisorConfig = {
  name: 'kvm1',
  ovsdb: { transport: 'tcp', host: '192.0.2.11', port: 6640 },
  bridge: 'br-int',
  datapath: 'system',
  vtep: 0x0a610001,
  dpid: 0x4864_0000_0000_0001n,
};
const target = 'tcp:192.0.2.1:6653';
const tunnel = { name: 'heddle-vxlan', type: 'vxlan', options: { remote_ip: 'flow' } };

class Fixture {
  readonly effects = new NetEffects();
  readonly host = new FakeOvsdb();
  readonly log = new FakeLog();
  readonly views: HypervisorView[] = [];
  /** How often it was told that the lock has passed. */
  lockNews = 0;
  intent: HostIntent = {
    bridge: 'br-int',
    datapathType: '',
    dpid: config.dpid,
    names: new Map([[config.dpid, config.name]]),
    controller: target,
    ports: [tunnel],
    qos: [],
    complete: true,
  };
  readonly link: HypervisorLink;

  constructor() {
    this.effects.hosts.set('tcp:192.0.2.11:6640', this.host);
    this.link = new HypervisorLink({
      config,
      effects: this.effects,
      log: this.log,
      transactions: 0,
      stage: () => 'whole',
      intent: () => this.intent,
      onPorts: (ports, bridge) => this.views.push(viewOf(config, ports, bridge)),
      onLock: () => void (this.lockNews += 1),
    });
  }

  async started(): Promise<this> {
    this.link.start();
    await settled();
    return this;
  }

  async pass(ms: number): Promise<void> {
    // In steps, so that what is answered in between can be acted upon.
    for (let passed = 0; passed < ms; passed += 250) {
      this.effects.clock.advance(Math.min(250, ms - passed));
      await settled();
    }
  }

  get last(): HypervisorView | undefined {
    return this.views.at(-1);
  }
}

t.test('a new host: read, set right, and followed', async t => {
  const { link, host, views, log } = await new Fixture().started();
  t.strictSame(link.state, { state: 'connected' });
  t.strictSame(link.problems, []);
  t.strictSame(host.transactions, ['heddle: create bridge br-int; add port heddle-vxlan']);
  t.equal(link.transactions, 1);
  t.strictSame(host.names('Controller'), [target]);
  t.match(host.row('Bridge', 'br-int'), { fail_mode: 'secure', protocols: 'OpenFlow13' });
  t.match(views[0], { known: true, ports: new Map() }, 'known as soon as it was read');
  t.equal(views.at(-1)?.tunnelPort, host.row('Interface', 'heddle-vxlan')['ofport']);
  t.strictSame(log.told, ['kvm1: OVSDB connected', 'kvm1: create bridge br-int; add port heddle-vxlan']);

  host.addPort('br-int', 'vnet0', { 'iface-id': 'fw1', 'attached-mac': '02:00:00:00:00:01' });
  t.strictSame(
    [...(views.at(-1)?.ports.values() ?? [])],
    [{ name: 'vnet0', ofport: 3, ifaceId: 'fw1', attachedMac: 0x0200_0000_0001 }],
  );
  const seen = views.length;
  host.edit(() => (host.row('Bridge', 'br-int')['external_ids'] = ['map', [['x', 'y']]]));
  t.equal(views.length, seen, 'nothing about ports');
  host.removePort('br-int', 'vnet0');
  t.equal(views.at(-1)?.ports.size, 0);
  await settled();
  t.equal(link.transactions, 1);
  link.stop();
});

t.test('a host that has all already: nothing is written', async t => {
  const fixture = await new Fixture().started();
  fixture.link.stop();
  await settled();
  const again = new Fixture();
  again.effects.hosts.set('tcp:192.0.2.11:6640', fixture.host);
  await again.started();
  t.equal(again.link.transactions, 0);
  t.equal(fixture.host.transactions.length, 1);
  t.strictSame(again.last?.tunnelPort, fixture.last?.tunnelPort);
});

t.test('the settings of a connection that its switch has just made', async t => {
  const fixture = await new Fixture().started();
  const { link, host } = fixture;
  const applied = ['heddle: apply the settings of the new connection'];
  const since = async (isNew: boolean): Promise<readonly string[]> => {
    const before = host.transactions.length;
    link.switchConnected(isNew);
    await fixture.pass(1_000);
    return host.transactions.slice(before);
  };
  t.strictSame(await since(true), applied, 'a bridge that was made');
  t.strictSame(await since(false), [], 'the same again');
  t.strictSame(await since(true), applied, 'an ovs-vswitchd that has come back');
  host.edit(() => (host.row('Bridge', 'br-int')['controller'] = ['set', []]));
  await fixture.pass(250);
  t.strictSame(await since(false), applied, 'a controller that was set again, with all flows in place');
  t.strictSame(await since(false), [], 'once');
  t.equal(host.names('Controller').length, 1);
});

t.test('a host that is away: tried again, told once for each reason', async t => {
  const fixture = new Fixture();
  const { host, link, log } = fixture;
  host.away = 'connection refused: nothing listens there';
  await fixture.started();
  t.strictSame(link.state, {
    state: 'connecting',
    attempts: 1,
    lastError: 'connection refused: nothing listens there',
  });
  await fixture.pass(250);
  t.equal(host.attempts, 2, 'after a quarter of a second');
  await fixture.pass(500);
  t.equal(host.attempts, 3, 'then half of one');
  await fixture.pass(10_000);
  t.ok(host.attempts >= 7 && host.attempts <= 9, `then every two at most: ${host.attempts}`);
  t.strictSame(log.told, [
    'kvm1: no OVSDB at tcp:192.0.2.11:6640: connection refused: nothing listens there; trying again',
  ]);
  host.away = 'no route to this host';
  await fixture.pass(2_000);
  t.equal(log.told.length, 2, 'another reason');
  t.equal(fixture.views.length, 0, 'nothing is known of it');

  host.away = undefined;
  await fixture.pass(2_000);
  t.strictSame(link.state, { state: 'connected' });
  t.equal(link.transactions, 1);
  await fixture.pass(6_000);
  host.cut();
  await settled();
  t.match(link.state, { state: 'connecting', attempts: 1, lastError: 'the other end closed the connection' });
  t.equal(fixture.last?.known, true, 'what was known is kept');
  const seen = fixture.views.length;
  await fixture.pass(250);
  t.strictSame(link.state, { state: 'connected' }, 'one that has held is tried again at once');
  t.equal(fixture.views.length, seen, 'and has no news');
});

t.test('an end that talks nonsense, or nothing', async t => {
  const fixture = await new Fixture().started();
  fixture.host.babble('}}}');
  await settled();
  t.match(fixture.link.state, { state: 'connecting', lastError: /JSON|unexpected|closes/i });
  await fixture.pass(1_000);
  t.strictSame(fixture.link.state, { state: 'connected' });

  const { host } = fixture;
  host.answer = 'drop';
  fixture.intent = { ...fixture.intent, ports: [] };
  fixture.link.reconcile();
  await fixture.pass(9_000);
  t.strictSame(fixture.link.problems, [], 'it has time to answer');
  await fixture.pass(2_000);
  t.match(fixture.link.problems, [/^OVSDB refused a transaction: no answer to a transaction/]);
  host.answer = 'commit';
  await fixture.pass(3_000);
  t.strictSame(fixture.link.problems, []);
  t.strictSame(host.names('Port'), ['br-int']);
});

t.test('a transaction that is lost with its connection', async t => {
  const fixture = new Fixture();
  const { host, link } = fixture;
  host.answer = 'drop';
  await fixture.started();
  t.equal(host.transactions.length, 1);
  t.equal(link.transactions, 0);
  host.cut();
  host.answer = 'commit';
  await fixture.pass(500);
  t.equal(host.transactions.length, 2, 'planned anew at once');
  t.strictSame(link.problems, [], 'and nobody is blamed');
  t.equal(link.transactions, 1);
});

t.test('a transaction that is refused', async t => {
  const fixture = new Fixture();
  const { host, link, log } = fixture;
  host.answer = { error: 'constraint violation', details: 'no' };
  await fixture.started();
  const problem = 'OVSDB refused a transaction: operation 0: constraint violation: no';
  t.strictSame(link.problems, [problem]);
  await fixture.pass(1_750);
  t.equal(host.transactions.length, 1, 'not in a tight circle');
  await fixture.pass(8_250);
  t.equal(host.transactions.length, 6);
  t.strictSame(link.problems, [problem]);
  t.strictSame(
    log.told.filter(line => line.includes('refused')),
    [`kvm1: ${problem}`],
    'told once',
  );
  host.answer = 'commit';
  await fixture.pass(2_000);
  t.strictSame(link.problems, []);
  t.equal(link.transactions, 1);
});

t.test('what a person sets back is set again, but not in a tight circle', async t => {
  const fixture = await new Fixture().started();
  const { host, link, log } = fixture;
  const spoil = (): void => host.edit(() => (host.row('Bridge', 'br-int')['fail_mode'] = 'standalone'));
  const mode = (): unknown => host.row('Bridge', 'br-int')['fail_mode'];
  spoil();
  await settled();
  t.equal(mode(), 'secure', 'the first time at once');
  t.equal(link.transactions, 2);
  const problem = 'this does not stay as Heddle sets it: set fail_mode of br-int';
  let fights = 0;
  for (let seconds = 0; seconds < 20; seconds++) {
    if (mode() === 'secure') {
      spoil();
      fights += 1;
    }
    await fixture.pass(1_000);
    t.strictSame(link.problems, [problem], 'seen as long as it goes on');
  }
  t.ok(fights <= 11 && link.transactions <= 13, `${fights} fights, ${link.transactions} transactions`);
  t.equal(log.told.filter(line => line.endsWith(problem)).length, 1, 'told once');
  await fixture.pass(12_000);
  t.equal(mode(), 'secure');
  t.strictSame(link.problems, [], 'and over when it is over');
});

t.test('a transaction that brings nothing about', async t => {
  const fixture = new Fixture();
  const { host, link } = fixture;
  host.answer = 'pretend';
  await fixture.started();
  t.match(link.problems, [/^this does not stay as Heddle sets it: create bridge br-int/]);
  await fixture.pass(10_000);
  t.ok(host.transactions.length <= 6, `${host.transactions.length} transactions`);
  host.answer = 'commit';
  await fixture.pass(13_000);
  t.strictSame(link.problems, []);
});

t.test('a host that another Heddle holds', async t => {
  const fixture = new Fixture();
  const { host, link, log } = fixture;
  host.lock = "another's";
  await fixture.started();
  t.equal(link.lock, 'elsewhere');
  t.strictSame(host.transactions, [], 'nothing is written');
  t.equal(fixture.views.length, 1, 'but it is read');
  const message =
    'another Heddle holds this host: this one changes nothing there, and takes over when that one stops. ' +
    'If both are to run, name each host in one file only';
  t.strictSame(link.problems, [message]);
  t.match(log.told.at(0), /another Heddle holds this host/);
  t.equal(fixture.lockNews, 1);
  link.reconcile();
  await fixture.pass(20_000);
  t.strictSame(host.transactions, []);

  host.passLock('ours');
  await settled();
  t.strictSame([link.lock, fixture.lockNews], ['held', 2]);
  t.strictSame(host.transactions, ['heddle: create bridge br-int; add port heddle-vxlan'], 'at once');
  t.strictSame(link.problems, []);
  t.equal(log.told.filter(line => line.includes('taken over')).length, 1);

  host.passLock("another's");
  await settled();
  t.strictSame([link.lock, fixture.lockNews], ['elsewhere', 3]);
  host.edit(() => {
    host.row('Bridge', 'br-int')['fail_mode'] = 'standalone';
    Object.assign(host.row('Controller', target), { target: 'tcp:192.0.2.2:6653' });
  });
  await fixture.pass(3_000);
  t.equal(host.transactions.length, 1);
  t.match(link.problems, [/^another Heddle holds this host \(its controller is tcp:192\.0\.2\.2:6653\): /]);

  host.cut();
  t.equal(link.lock, 'elsewhere', 'while nobody knows better');
  host.lock = 'free';
  await fixture.pass(3_000);
  t.equal(link.lock, 'held');
  t.match(
    host.transactions[1],
    /set fail_mode.*set controller tcp:192\.0\.2\.1:6653 .*remove controller tcp:192\.0\.2\.2/,
  );
  t.equal(host.unguarded, 0, 'each transaction asserts the lock');

  host.cut();
  t.equal(link.lock, 'held', 'a connection that breaks says nothing of another Heddle');
  await fixture.pass(3_000);
  t.strictSame([link.lock, host.transactions.length], ['held', 2]);
  t.equal(fixture.lockNews, 4);
  link.stop();
});

t.test('a lock that is lost before anybody has told', async t => {
  const { host, link } = await new Fixture().started();
  host.lock = "another's";
  host.edit(() => (host.row('Bridge', 'br-int')['fail_mode'] = 'standalone'));
  await settled();
  t.equal(host.row('Bridge', 'br-int')['fail_mode'], 'standalone', 'the server does not take it');
  t.match(link.problems, [/OVSDB refused a transaction: operation 0: not owner/]);
  link.stop();
});

t.test('problems of a plan come and go', async t => {
  const fixture = await new Fixture().started();
  const { host, link, log } = fixture;
  const bridge = (): Record<string, unknown> => host.row('Bridge', 'br-int');
  host.edit(() => (bridge()['datapath_type'] = 'netdev'));
  t.match(link.problems, [/^bridge br-int has datapath netdev/]);
  host.addPort('br-int', 'vnet0');
  t.equal(log.told.filter(line => line.includes('netdev')).length, 1, 'told once');
  host.edit(() => (bridge()['datapath_type'] = ''));
  t.strictSame(link.problems, []);
});

t.test('an ovs-vswitchd that does not carry out what was written', async t => {
  const fixture = new Fixture();
  const { host, link } = fixture;
  host.vswitchd = false;
  await fixture.started();
  t.strictSame(link.problems, [], 'it has time for it');
  t.equal(fixture.last?.tunnelPort, undefined);
  await fixture.pass(3_000);
  const late = 'ovs-vswitchd has not carried out configuration 1 yet: is it running?';
  t.strictSame(link.problems, [late]);
  host.cut();
  await settled();
  t.strictSame(link.problems, [], 'who does not answer cannot be asked');
  await fixture.pass(1_000);
  t.strictSame(link.problems, [late]);
  host.vswitchd = true;
  host.edit(() => undefined);
  t.strictSame(link.problems, []);
  t.type(fixture.last?.tunnelPort, 'number');
});

t.test('a port of ours that Open vSwitch cannot make', async t => {
  const fixture = new Fixture();
  fixture.intent = { ...fixture.intent, ports: [tunnel, { name: 'tap0', type: 'tap', options: {} }] };
  const { host, link } = await fixture.started();
  t.strictSame(link.problems, []);
  const fail = (name: string) =>
    host.edit(() => {
      Object.assign(host.row('Interface', name), { ofport: -1, error: 'no such device' });
    });
  fail('tap0');
  t.strictSame(link.problems, ['port tap0 could not be made: no such device']);
  fail('heddle-vxlan');
  t.equal(link.problems.length, 1, 'the apps say what this one means');
  t.equal(fixture.last?.tunnelError, 'no such device');
});

t.test('stopping lets go, and leaves all as it is', async t => {
  const fixture = await new Fixture().started();
  const { host, link, effects } = fixture;
  fixture.intent = { ...fixture.intent, ports: [] };
  link.stop();
  link.reconcile();
  await fixture.pass(10_000);
  t.equal(host.transactions.length, 1);
  t.equal(host.attempts, 1, 'no new connection');
  t.equal(effects.clock.timers, 0, 'no timer is left');
  t.strictSame(host.names('Port'), ['br-int', 'heddle-vxlan']);

  const waiting = new Fixture();
  waiting.host.away = 'no';
  await waiting.started();
  waiting.link.stop();
  await waiting.pass(5_000);
  t.equal(waiting.host.attempts, 1, 'nor one that was waited for');
});

t.test('what apps see of a host', t => {
  const row = (name: string, more: Partial<SwitchPort> = {}): [Uuid, SwitchPort] => {
    const port = {
      bridge: 'br-int',
      port: name,
      bonded: false,
      name,
      type: '',
      ofport: 1,
      error: null,
      options: new Map<string, string>(),
      ingressPolicing: { rateKbit: 0, burstKbit: 0 },
      externalIds: new Map(),
    };
    return [name as Uuid, { uuid: name as Uuid, ...port, ...more }];
  };
  const ours = new Map([['heddle', 'managed']]);
  const all = (...rows: [Uuid, SwitchPort][]): SwitchPorts => new Map(rows);
  t.strictSame(unknownHypervisor(config), { config, known: false, ports: new Map() });
  t.strictSame(viewOf(config, all(), undefined), { config, known: true, ports: new Map() });
  const mine = { uuid: 'b' as Uuid, pinned: config.dpid };
  for (const other of [{ uuid: 'b' as Uuid }, { uuid: 'b' as Uuid, pinned: 1n, actual: config.dpid }])
    t.strictSame(
      viewOf(config, all(row('vnet0')), other),
      unknownHypervisor(config),
      'the bridge is not pinned to the datapath id of the file: its ports are not to be used',
    );
  const view = viewOf(
    config,
    all(
      row('br-int', { type: 'internal', ofport: 65_534 }),
      row('heddle-vxlan', { type: 'vxlan', ofport: 7, externalIds: ours }),
      row('heddle-patch', { type: 'patch', ofport: 8, externalIds: ours }),
      row('elsewhere', { bridge: 'br0' }),
      row('vnet0', { externalIds: new Map([['attached-mac', '02:00:00:00:00:01']]) }),
      row('vnet1', { externalIds: new Map([['attached-mac', 'ff:ff:ff:ff:ff:ff']]) }),
      row('vnet2', {
        externalIds: new Map([
          ['attached-mac', 'nonsense'],
          ['iface-id', 'i2'],
        ]),
      }),
      row('vnet3', { ofport: null, error: 'no such device' }),
      row('vxlan9', {
        type: 'vxlan',
        ofport: 9,
        options: new Map([
          ['remote_ip', '10.97.0.2'],
          ['key', '0x10'],
        ]),
      }),
      row('eth1', { port: 'bond0', bonded: true }),
    ),
    mine,
  );
  t.equal(view.tunnelPort, 7);
  t.strictSame(
    [...view.ports.values()],
    [
      { name: 'vnet0', ofport: 1, attachedMac: 0x0200_0000_0001 },
      { name: 'vnet1', ofport: 1 },
      { name: 'vnet2', ofport: 1, ifaceId: 'i2' },
      { name: 'vnet3', error: 'no such device' },
      {
        name: 'vxlan9',
        ofport: 9,
        vxlan: { remoteIp: 0x0a61_0002, inKey: 16, outKey: 16, dstPort: 4789 },
      },
      { name: 'eth1', ofport: 1, bond: 'bond0' },
    ],
  );
  const failed = viewOf(
    config,
    all(row('t', { type: 'vxlan', ofport: null, error: 'exists', externalIds: ours })),
    mine,
  );
  t.strictSame([failed.tunnelPort, failed.tunnelError], [undefined, 'exists']);
  t.end();
});
