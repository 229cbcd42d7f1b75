/** VMs that migrate: which of an interface's ports gets its frames, and what the others do with those that still come. */
import t from 'tap';
import { hosts, mac, Site, twoNetworks } from '../support/overlay-world.js';

const vm = (ofport: number, id = 'fw1') => ({ v1: { ofport, id, mac: mac(1) } });
const onlooker = { v9: { ofport: 9, id: 'fw9', mac: mac(9) } };

/** The VM is on kvm1, the network on kvm1 to kvm3; kvm4 has nothing of it. */
function start(): Site {
  const site = new Site(hosts(4) + twoNetworks);
  site.read('kvm1', vm(5));
  site.read('kvm2', {});
  site.read('kvm3', onlooker);
  site.read('kvm4', { red1: { ofport: 1 } });
  return site;
}

/** Where frames for the VM go: those of local ports, and those that a tunnel brings where they go elsewhere. */
const ways = (site: Site, dpid: number): string[] =>
  site
    .flows(dpid, 60)
    .filter(text => text.includes('dl_dst=02:00:00:00:00:01 '))
    .map(text => text.replace(/.*priority=(\d+).* actions=(.*),goto_table:95/, '$1 $2'));
/** Which ports are listened to. */
const awaited = (site: Site, dpid: number): string[] =>
  site.flows(dpid, 40).filter(text => text.includes('CONTROLLER') && !text.includes('learn('));
/** What a switch does by itself about a VM that may come to another host, or to its own. */
const concluding = (site: Site, dpid: number): string[] =>
  [5, 40].flatMap(table =>
    site
      .flows(dpid, table)
      .filter(text => /dl_src=02:00:00:00:00:01[ ,]/.test(text))
      .map(text => text.replace(/cookie=0x\w+/, 'cookie=…')),
  );
const learning =
  'learn(table=70,hard_timeout=30,priority=200,cookie=…,OXM_OF_METADATA[],OXM_OF_ETH_DST[]=OXM_OF_ETH_SRC[],';

const toKvm2 = 'set_field:10.97.0.2->tun_dst,set_field:0x2->reg1';
const toKvm1 = 'set_field:10.97.0.1->tun_dst,set_field:0x2->reg1';
const orSeen = ',resubmit(,70)';
const again = 'set_field:0->reg0,load:0->NXM_OF_IN_PORT[]';

t.test('the destination takes over with the first frame that the VM sends there', t => {
  const site = start();
  t.strictSame([awaited(site, 1), awaited(site, 2)], [[], []], 'a VM with one port is not listened to');
  site.read('kvm2', vm(6));
  t.strictSame(awaited(site, 1), []);
  t.strictSame(
    concluding(site, 2),
    [
      'table=40, priority=120,metadata=0x1388,in_port=6,dl_src=02:00:00:00:00:01 actions=CONTROLLER:18,goto_table:50',
      `table=40, priority=125,metadata=0x1388,in_port=6,dl_src=02:00:00:00:00:01,dl_dst=ff:ff:ff:ff:ff:ff actions=CONTROLLER:18,${learning}load:0x6->NXM_NX_REG1[0..15]),goto_table:50`,
      'table=40, priority=115,metadata=0x1388,dl_src=02:00:00:00:00:01 actions=drop',
    ],
    'that port, and no other of the host: an announcement, which is broadcast',
  );
  const fromKvm2 =
    'priority=120,tun_src=10.97.0.2,metadata=0x1388,dl_src=02:00:00:00:00:01,dl_dst=ff:ff:ff:ff:ff:ff';
  const toSender = 'load:NXM_NX_TUN_IPV4_SRC[]->NXM_NX_TUN_IPV4_DST[],load:0x2->NXM_NX_REG1[0..15]';
  t.strictSame(
    concluding(site, 1),
    [
      `table=5, ${fromKvm2} actions=${learning}${toSender},load:0->NXM_NX_REG0[],load:0->NXM_OF_IN_PORT[]),goto_table:60`,
    ],
    'the source, which sends on what comes',
  );
  t.strictSame(
    concluding(site, 3),
    [`table=5, ${fromKvm2} actions=${learning}${toSender}),goto_table:60`],
    'a peer',
  );
  t.strictSame(concluding(site, 4), [], 'nothing on a host without the network');
  t.strictSame(ways(site, 1), [`100 set_field:0x5->reg1${orSeen}`], 'the source, where the VM runs');
  t.strictSame(
    ways(site, 2),
    [`100 ${toKvm1}${orSeen}`, '110 set_field:0x6->reg1'],
    'the destination is ready',
  );
  t.strictSame(ways(site, 3), [`100 ${toKvm1}${orSeen}`]);

  t.strictSame(site.frame(2, 6, mac(1), 50), [], 'what another table has sent');
  t.strictSame(site.frame(2, 6, mac(7)), [], 'another MAC');
  t.strictSame(site.frame(1, 5, mac(1)), [], 'the source, which is not listened to');
  t.strictSame(
    site.frame(2, 6, mac(1)),
    [2, 1, 3],
    'destination, source, peers; not a host without the network',
  );
  t.strictSame(ways(site, 2), ['100 set_field:0x6->reg1']);
  t.strictSame(
    ways(site, 1),
    [`100 ${toKvm2}`, `110 ${again},${toKvm2}`],
    'sent on, also into the tunnel again',
  );
  t.strictSame(ways(site, 3), [`100 ${toKvm2}`]);
  t.strictSame(
    [1, 2, 3].flatMap(dpid => concluding(site, dpid)),
    [],
  );
  t.strictSame(
    [1, 2, 3].flatMap(dpid => [...site.program(dpid).learned]),
    [],
    'and they forget it',
  );
  t.match(site.problems(), [
    /MAC 02:00:00:00:00:01 has gone to v1 on kvm2, and its port v1 on kvm1 is still there/,
  ]);

  t.strictSame(site.frame(2, 6, mac(1)), [], 'once');
  t.strictSame(site.frame(1, 5, mac(1)), [], 'a late frame of the source changes nothing');
  t.strictSame(site.read('kvm1', {}), [1, 2, 3]);
  t.strictSame(
    site.flows(1).filter(text => /0x1388/.test(text)),
    [
      'priority=100,tun_id=0x1388,in_port=2 actions=set_field:0x1->reg0,write_metadata:0x1388,goto_table:5',
      `table=60, priority=110,reg0=0x1/0x1,metadata=0x1388,dl_dst=02:00:00:00:00:01 actions=${again},${toKvm2},goto_table:95`,
    ],
    'the old host has nothing of the network any more, and still sends on what comes',
  );
  t.strictSame(ways(site, 2), ['100 set_field:0x6->reg1']);
  t.strictSame(ways(site, 3), [`100 ${toKvm2}`]);
  t.strictSame(site.problems(), []);
  t.end();
});

t.test('and back again', t => {
  const site = start();
  site.read('kvm2', vm(6));
  site.frame(2, 6, mac(1));
  site.read('kvm1', {});
  site.read('kvm1', vm(7));
  t.strictSame(ways(site, 3), [`100 ${toKvm2}${orSeen}`]);
  t.strictSame(site.frame(2, 6, mac(1)), []);
  t.strictSame(site.frame(1, 7, mac(1)), [1, 2, 3]);
  t.strictSame(ways(site, 1), ['100 set_field:0x7->reg1'], 'no two hosts send to each other');
  t.strictSame(ways(site, 2), [`100 ${toKvm1}`, `110 ${again},${toKvm1}`]);
  // On to a third, while its port on the second has not gone.
  site.read('kvm3', { ...onlooker, ...vm(8) });
  t.strictSame(site.frame(3, 8, mac(1)), [3, 1, 2]);
  for (const dpid of [1, 2]) t.match(ways(site, dpid), [/10\.97\.0\.3/, /^110 .*10\.97\.0\.3/]);
  t.end();
});

t.test('a migration that fails, and one whose VM says nothing', t => {
  const site = start();
  site.read('kvm2', vm(6));
  site.read('kvm2', {});
  t.strictSame(ways(site, 1), ['100 set_field:0x5->reg1']);
  site.read('kvm2', vm(6));
  site.read('kvm1', {});
  t.strictSame(ways(site, 3), [`100 ${toKvm2}`], 'with the source gone, nobody else can have it');
  t.strictSame(awaited(site, 2), []);
  t.end();
});

t.test('one MAC with two identities is a mistake, and no migration', t => {
  const site = start();
  site.read('kvm2', vm(6, 'fw2'));
  t.strictSame(awaited(site, 2), []);
  t.strictSame(site.frame(2, 6, mac(1)), []);
  t.match(site.problems(), [/is attached twice, to v1 on kvm1 and to v1 on kvm2: the first gets/]);
  t.end();
});

t.test('read in the middle of a migration: whoever is heard', t => {
  const site = new Site(hosts(3) + twoNetworks);
  site.read('kvm1', vm(5));
  site.read('kvm2', vm(6));
  site.read('kvm3', onlooker);
  const [both, early] = [
    `${toKvm1},resubmit(,95),${toKvm2},resubmit(,95)`,
    'set_field:0x5->reg1,resubmit(,95)',
  ];
  const actions = (dpid: number) => ways(site, dpid).map(text => text.replace(/.* actions=/, ''));
  t.strictSame(actions(3), [both], 'to both, as each may be the one');
  t.strictSame(
    actions(1),
    [`${early},${toKvm2},resubmit(,95)`, early],
    'from a tunnel to its own port alone',
  );
  t.match(site.problems(), [/its frames go to both until it sends one from either$/]);
  t.equal(awaited(site, 1).length + awaited(site, 2).length, 2);
  t.strictSame(site.frame(2, 6, mac(1)), [2, 1, 3], 'it runs on kvm2');
  t.strictSame(ways(site, 3), [`100 ${toKvm2}${orSeen}`]);
  t.equal(awaited(site, 1).length, 1, 'and kvm1 may well be where it goes');
  t.strictSame(site.frame(1, 5, mac(1)), [1, 2, 3]);
  t.strictSame(ways(site, 3), [`100 ${toKvm1}`]);
  t.strictSame([awaited(site, 1), awaited(site, 2)], [[], []]);
  t.strictSame(site.frame(2, 6, mac(1)), []);
  t.end();
});

t.test('a host that is read again in between, with nothing new of the network', t => {
  const site = start();
  site.read('kvm2', vm(6));
  site.read('kvm2', { ...vm(6), red2: { ofport: 7 } });
  site.read('kvm1', { ...vm(5), red3: { ofport: 8 } });
  t.strictSame(site.frame(2, 6, mac(1)), [2, 1, 3]);
  t.strictSame(ways(site, 3), [`100 ${toKvm2}`]);
  t.end();
});

t.test('brought in by a new file in the middle of a migration: whoever is heard', t => {
  const others = hosts(3) + '\nnetworks:\n  blue: { vni: 5000, ports: [{ iface-id: "fw9" }] }\n';
  for (const first of ['kvm1', 'kvm2']) {
    const site = new Site(others);
    const ports = { kvm1: vm(5), kvm2: vm(6), kvm3: onlooker };
    for (const name of ['kvm3', first, 'kvm1', 'kvm2'] as const) site.read(name, {});
    for (const name of ['kvm3', first, 'kvm1', 'kvm2'] as const)
      site.read(name, ports[name as keyof typeof ports]);
    site.reload(hosts(3) + twoNetworks);
    t.match(site.problems(), [/to v1 on kvm1, .* v1 on kvm2, .* its frames go to both until it sends one/]);
    t.match(
      ways(site, 3),
      [/10\.97\.0\.1.*10\.97\.0\.2/],
      'in an order that does not hang on who was read first',
    );
    t.equal(awaited(site, 1).length + awaited(site, 2).length, 2);
    t.strictSame(site.frame(2, 6, mac(1)), [2, 1, 3], 'it runs on kvm2');
    t.strictSame(ways(site, 3), [`100 ${toKvm2}${orSeen}`]);
    t.strictSame(site.frame(1, 5, mac(1)), [1, 2, 3], 'or did, until now');
    t.strictSame(ways(site, 3), [`100 ${toKvm1}`]);
    t.strictSame([awaited(site, 1), awaited(site, 2)], [[], []]);
  }
  t.end();
});

t.test(
  'the old host sends on until all switches of the network have what is wanted, or for half a minute',
  t => {
    const onward = (site: Site): number => ways(site, 1).filter(text => text.startsWith('110 ')).length;
    const moved = (): Site => {
      const site = start();
      site.read('kvm2', vm(6));
      site.frame(2, 6, mac(1));
      site.read('kvm1', {});
      return site;
    };
    const site = moved();
    const settled = new Set([2n]);
    site.settled = settled;
    site.now += 10_000;
    t.strictSame([...site.tick().changed], []);
    t.equal(onward(site), 1, 'kvm3 does not say that it has it');
    settled.add(3n);
    t.strictSame([...site.tick().changed], [1]);
    t.equal(onward(site), 0);

    const early = moved();
    early.settled = new Set([2n, 3n]);
    early.now += 1_000;
    early.tick();
    t.equal(onward(early), 1, 'what is on its way needs some time');

    const mute = moved();
    mute.settled = new Set();
    mute.now += 29_000;
    mute.tick();
    t.equal(onward(mute), 1);
    mute.now += 1_000;
    t.strictSame([...mute.tick().changed], [1]);
    t.equal(onward(mute), 0, 'one that does not answer');
    t.end();
  },
);

t.test('on to a third host while the first still sends on, and back to the first', t => {
  const site = start();
  site.read('kvm2', vm(6));
  site.frame(2, 6, mac(1));
  site.read('kvm1', {});
  site.read('kvm3', { ...onlooker, ...vm(8) });
  t.match(ways(site, 1), [/^110 .*10\.97\.0\.2/], 'to where it is, until it is elsewhere');
  t.ok(site.frame(3, 8, mac(1)).includes(1), 'the first is told, too');
  t.match(ways(site, 1), [/^110 .*10\.97\.0\.3/]);
  site.read('kvm2', {});
  t.match(ways(site, 2), [/^110 .*10\.97\.0\.3/]);
  site.read('kvm1', vm(5));
  t.match(ways(site, 1), [/^100 .*10\.97\.0\.3/, '110 set_field:0x5->reg1'], 'its port is there again');
  site.read('kvm3', onlooker);
  t.match(ways(site, 1), ['100 set_field:0x5->reg1']);
  t.match(ways(site, 2), [], 'to a port that nobody has heard it from nothing is sent on');
  t.end();
});

t.test('nothing is sent on to a switch that is not served', t => {
  const site = start();
  site.read('kvm2', vm(6));
  site.frame(2, 6, mac(1));
  const kvm2 = site.switches.get(2n)!;
  site.switches.delete(2n);
  t.strictSame([...(site.event({ type: 'switch-down', dpid: 2n }).changed ?? [])], [1n]);
  t.strictSame([...(site.event({ type: 'switch-down', dpid: 3n }).changed ?? [])], []);
  t.match(ways(site, 1), [/^100 /, '110 set_field:0x5->reg1']);
  site.switches.set(2n, kvm2);
  t.strictSame([...(site.event({ type: 'switch-up', dpid: 2n, reactive: [] }).changed ?? [])], [2n, 1n]);
  t.match(ways(site, 1), [/^100 /, `110 ${again},${toKvm2}`]);
  t.end();
});
