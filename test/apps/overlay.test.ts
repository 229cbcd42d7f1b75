/** The overlay's programs, in ovs-ofctl's notation. */
import t from 'tap';
import { overlay } from '../../src/apps/overlay/overlay.js';
import { tunnelName } from '../../src/apps/overlay/ports.js';
import { emptyProgram, groupIds, hashText, makeCookie, type Program } from '../../src/intent/index.js';
import { formatVtep } from '../../src/lib/vtep.js';
import { checkPart } from '../../src/reconcile/check.js';
import { combine } from '../../src/reconcile/compile.js';
import { hosts, mac, Site, twoNetworks } from '../support/overlay-world.js';

/** What stays though it is not wanted. */
const kept = ({ keep }: Program): string =>
  keep === 'all' ? keep : [...(keep ?? [])].map(formatVtep).join(' ') || 'nothing';

const learned = (key: string): string => makeCookie(1, 'learned', hashText(key)).toString(16);

t.test('two hosts, two networks with the same MACs', t => {
  const site = new Site(hosts(2) + twoNetworks);
  site.read('kvm1', { v1: { ofport: 10, id: 'fw1', mac: mac(1) }, red1: { ofport: 11, mac: mac(1) } });
  site.read('kvm2', { v2: { ofport: 20, id: 'fw2', mac: mac(2) }, red2: { ofport: 21, mac: mac(2) } }, 3);

  t.strictSame(site.flows(1), [
    'priority=100,in_port=10,vlan_tci=0x0000/0x1fff actions=write_metadata:0x1388,goto_table:40',
    'priority=100,tun_id=0x1388,in_port=2 actions=set_field:0x1->reg0,write_metadata:0x1388,goto_table:5',
    'priority=100,in_port=11,vlan_tci=0x0000/0x1fff actions=write_metadata:0x1770,goto_table:40',
    'priority=100,tun_id=0x1770,in_port=2 actions=set_field:0x1->reg0,write_metadata:0x1770,goto_table:5',
    'table=5, priority=100,tun_src=10.97.0.2 actions=goto_table:60',
    'table=50, priority=0 actions=goto_table:60',
    'table=60, priority=100,metadata=0x1388,dl_dst=02:00:00:00:00:01 actions=set_field:0xa->reg1,goto_table:95',
    'table=60, priority=100,metadata=0x1388,dl_dst=02:00:00:00:00:02 actions=set_field:10.97.0.2->tun_dst,set_field:0x2->reg1,goto_table:95',
    'table=60, priority=100,metadata=0x1770,dl_dst=02:00:00:00:00:01 actions=set_field:0xb->reg1,goto_table:95',
    'table=60, priority=100,metadata=0x1770,dl_dst=02:00:00:00:00:02 actions=set_field:10.97.0.2->tun_dst,set_field:0x2->reg1,goto_table:95',
    'table=60, priority=0 actions=resubmit(,70),goto_table:80',
    'table=80, priority=100,reg0=0,reg1=0,metadata=0x1388 actions=group:1224741768',
    'table=80, priority=90,reg1=0,metadata=0x1388 actions=group:1207964552',
    'table=80, priority=100,reg0=0,reg1=0,metadata=0x1770 actions=group:1224742768',
    'table=80, priority=90,reg1=0,metadata=0x1770 actions=group:1207965552',
    'table=95, priority=100,reg1=0xa,metadata=0x1388 actions=output:10',
    'table=95, priority=100,reg1=0xb,metadata=0x1770 actions=output:11',
    'table=95, priority=100,reg0=0,reg1=0x2 actions=move:OXM_OF_METADATA[]->OXM_OF_TUNNEL_ID[],output:2',
  ]);
  t.strictSame(site.groups(1), [
    `group_id=${groupIds.local(5000)},type=all,bucket=actions=set_field:0xa->reg1,resubmit(,95)`,
    `group_id=${groupIds.flood(5000)},type=all,bucket=actions=group:1207964552,bucket=actions=set_field:10.97.0.2->tun_dst,set_field:0x2->reg1,resubmit(,95)`,
    `group_id=${groupIds.local(6000)},type=all,bucket=actions=set_field:0xb->reg1,resubmit(,95)`,
    `group_id=${groupIds.flood(6000)},type=all,bucket=actions=group:1207965552,bucket=actions=set_field:10.97.0.2->tun_dst,set_field:0x2->reg1,resubmit(,95)`,
  ]);
  t.strictSame(
    site.flows(2, 60),
    [
      'table=60, priority=100,metadata=0x1388,dl_dst=02:00:00:00:00:01 actions=set_field:10.97.0.1->tun_dst,set_field:0x3->reg1,goto_table:95',
      'table=60, priority=100,metadata=0x1388,dl_dst=02:00:00:00:00:02 actions=set_field:0x14->reg1,goto_table:95',
      'table=60, priority=100,metadata=0x1770,dl_dst=02:00:00:00:00:01 actions=set_field:10.97.0.1->tun_dst,set_field:0x3->reg1,goto_table:95',
      'table=60, priority=100,metadata=0x1770,dl_dst=02:00:00:00:00:02 actions=set_field:0x15->reg1,goto_table:95',
      'table=60, priority=0 actions=resubmit(,70),goto_table:80',
    ],
    "the other host's own tunnel port",
  );
  for (const dpid of [1, 2]) {
    const program = site.program(dpid);
    t.equal(kept(program), 'nothing');
    t.equal(program.learned.size, 0, 'all MACs are known, so none is learned');
    t.strictSame(combine([checkPart({ app: 'overlay', number: 1, program })]).conflicts, []);
  }
  t.strictSame(site.problems(), []);
  t.end();
});

t.test('flows to MACs are made once, and are the same objects while nothing is said anew of them', t => {
  const site = new Site(hosts(3) + twoNetworks);
  site.read('kvm1', { v1: { ofport: 10, id: 'fw1', mac: mac(1) } });
  site.read('kvm2', {
    v2: { ofport: 20, id: 'fw2', mac: mac(2) },
    v3: { ofport: 21, id: 'fw3', mac: mac(3) },
  });
  site.read('kvm3', { v4: { ofport: 30, id: 'fw4', mac: mac(4) } });
  const toMacs = (dpid: number) =>
    site.allFlows(dpid).filter(({ table, priority }) => table === 60 && priority === 100);
  const before = toMacs(1);
  t.equal(before.length, 4);
  t.ok(toMacs(1).every((flow, index) => flow === before[index]));
  const elsewhere = toMacs(3);
  t.equal(before.filter(flow => elsewhere.includes(flow)).length, 2, 'one for both hosts that see kvm2');
  site.read('kvm3', { v4: { ofport: 30, id: 'fw4', mac: mac(5) } });
  const after = toMacs(1);
  t.equal(after.filter(flow => !before.includes(flow)).length, 1, 'what is new is new');
  t.equal(after.length, 4);
  t.end();
});

t.test('a program is the same object until something is another', t => {
  const site = new Site(hosts(2) + twoNetworks);
  site.read('kvm1', { v1: { ofport: 10, id: 'fw1', mac: mac(1) } });
  const alone = site.program(1);
  t.equal(site.program(1), alone, 'while another host has not been read, too');
  site.read('kvm2', { v2: { ofport: 20, id: 'fw2', mac: mac(2) } });
  const first = site.program(1);
  t.not(first, alone);
  t.equal(site.program(1), first);
  t.not(site.program(2), first);
  site.read('kvm2', { v2: { ofport: 21, id: 'fw2', mac: mac(3) } });
  const second = site.program(1);
  t.not(second, first);
  t.match(site.flows(1, 60).join('\n'), /dl_dst=02:00:00:00:00:03/);
  site.meshSending = 'flow';
  t.not(site.program(1), second);
  t.end();
});

t.test('three hosts: only those that have a network are in its list', t => {
  const site = new Site(hosts(3) + twoNetworks);
  site.read('kvm1', { v1: { ofport: 10, id: 'fw1' }, red1: { ofport: 11 } });
  site.read('kvm2', { red1: { ofport: 20 } });
  site.read('kvm3', { v3: { ofport: 30, id: 'fw3' }, red1: { ofport: 31 }, red2: { ofport: 32 } });
  const flood = (dpid: number, vni: number) =>
    site.groups(dpid).find(group => group.startsWith(`group_id=${groupIds.flood(vni)},`));
  t.match(
    flood(1, 5000),
    /group:\d+,bucket=actions=set_field:10\.97\.0\.3->tun_dst,set_field:0x2->reg1,resubmit\(,95\)$/,
    'kvm3 alone',
  );
  t.match(flood(1, 6000), /10\.97\.0\.2->tun_dst.*10\.97\.0\.3->tun_dst/);
  t.equal(flood(2, 5000), undefined, 'a network that is not here has no group');
  t.match(
    site.groups(3)[2],
    /bucket=actions=set_field:0x1f->reg1,resubmit\(,95\),bucket=actions=set_field:0x20->reg1/,
  );
  t.strictSame(
    site.flows(2, 0).filter(text => text.includes('tun_id')),
    ['priority=100,tun_id=0x1770,in_port=2 actions=set_field:0x1->reg0,write_metadata:0x1770,goto_table:5'],
    'nor is its VNI taken from the tunnel',
  );
  t.strictSame(site.flows(2, 5), [
    'table=5, priority=100,tun_src=10.97.0.1 actions=goto_table:60',
    'table=5, priority=100,tun_src=10.97.0.3 actions=goto_table:60',
  ]);
  t.end();
});

t.test('learning: ports with no attached-mac, and foreign VTEPs', t => {
  const text = `
networks:
  blue: { vni: 5000, ports: [{ iface-id: "fw*" }], remotes: [10.97.0.9, 10.97.0.8] }
  red: { vni: 6000, ports: [{ port: "red?" }] }
`;
  const site = new Site(hosts(2) + text);
  site.read('kvm1', {
    v1: { ofport: 10, id: 'fw1' },
    v2: { ofport: 11, id: 'fw2', mac: mac(2) },
    red1: { ofport: 12, mac: mac(9) },
  });
  site.read('kvm2', { v3: { ofport: 20, id: 'fw3', mac: mac(3) }, red2: { ofport: 21 } });
  const learn = (key: string, loads: string) =>
    `learn(table=70,hard_timeout=300,priority=100,cookie=0x${learned(key)},limit=1024,OXM_OF_METADATA[],OXM_OF_ETH_DST[]=OXM_OF_ETH_SRC[],${loads})`;
  const remote = 'load:NXM_NX_TUN_IPV4_SRC[]->NXM_NX_TUN_IPV4_DST[],load:0x2->NXM_NX_REG1[0..15]';
  t.strictSame(site.flows(1, 40), [
    'table=40, priority=110,metadata=0x1388,dl_src=01:00:00:00:00:00/01:00:00:00:00:00 actions=drop',
    `table=40, priority=50,metadata=0x1388,in_port=10 actions=${learn('port 5000 v1 10', 'load:NXM_OF_IN_PORT[]->NXM_NX_REG1[0..15]')},goto_table:50`,
    `table=40, priority=60,reg0=0x3,tun_src=10.97.0.9,metadata=0x1388 actions=${learn('remote 5000 174129161', remote)},goto_table:50`,
    `table=40, priority=60,reg0=0x3,tun_src=10.97.0.8,metadata=0x1388 actions=${learn('remote 5000 174129160', remote)},goto_table:50`,
    'table=40, priority=100,metadata=0x1388,dl_src=02:00:00:00:00:02 actions=goto_table:50',
    'table=40, priority=100,metadata=0x1388,dl_src=02:00:00:00:00:03 actions=goto_table:50',
  ]);
  t.strictSame(
    [...site.program(1).learned].map(cookie => cookie.toString(16)),
    ['port 5000 v1 10', 'remote 5000 174129161', 'remote 5000 174129160'].map(learned),
    'one cookie for each, so that one can be forgotten',
  );
  t.strictSame(site.flows(1, 5), [
    'table=5, priority=100,tun_src=10.97.0.9,metadata=0x1388 actions=set_field:0x3->reg0,goto_table:40',
    'table=5, priority=100,tun_src=10.97.0.8,metadata=0x1388 actions=set_field:0x3->reg0,goto_table:40',
    'table=5, priority=100,tun_src=10.97.0.2 actions=goto_table:60',
  ]);
  t.match(
    site.groups(1)[1],
    /10\.97\.0\.2->tun_dst.*10\.97\.0\.8->tun_dst.*10\.97\.0\.9->tun_dst/,
    'foreign VTEPs are flooded to as well, in one order whatever the file has',
  );
  t.strictSame(
    [...site.program(2).learned].map(cookie => cookie.toString(16)).sort(),
    ['port 6000 red2 21', 'remote 5000 174129161', 'remote 5000 174129160'].map(learned).sort(),
  );

  const before = site.program(1).learned;
  site.read('kvm1', { v1: { ofport: 15, id: 'fw1' } });
  t.notOk(
    [...site.program(1).learned].every(cookie => before.has(cookie)),
    'another ofport has another cookie',
  );
  t.end();
});

t.test('membership', t => {
  const text = `
networks:
  blue: { vni: 5000, ports: [{ iface-id: "fw*" }, { port: "fw1-?" }, { port: eth1, on: kvm2 }] }
  red: { vni: 6000, ports: [{ port: "*-p", on: kvm1 }, { iface-id: "web-??" }] }
`;
  const site = new Site(hosts(2) + text);
  const ports = {
    tap0: { ofport: 1, id: 'fw1' },
    tap1: { ofport: 2, id: 'web-01' },
    tap2: { ofport: 3, id: 'web-1' },
    'fw1-p': { ofport: 4 },
    'x-p': { ofport: 5, id: 'fw9' },
    eth1: { ofport: 6 },
    fw7: { ofport: 7 },
  };
  site.read('kvm1', ports, 20);
  site.read('kvm2', ports, 20);
  const members = (hypervisor: string) =>
    (site.report().ports ?? [])
      .filter(one => one.hypervisor === hypervisor)
      .map(one => `${one.port} ${one.network ?? '-'}`);
  t.strictSame(members('kvm1'), ['tap0 blue', 'tap1 red', 'tap2 -', 'fw1-p -', 'x-p -', 'eth1 -', 'fw7 -']);
  t.strictSame(
    members('kvm2'),
    ['tap0 blue', 'tap1 red', 'tap2 -', 'fw1-p blue', 'x-p blue', 'eth1 blue', 'fw7 -'],
    'on: names one host',
  );
  const conflict = 'claimed by networks blue and red: it is in neither until one selector is narrowed';
  t.strictSame(site.problems(), [`kvm1: fw1-p: ${conflict}`, `kvm1: x-p: ${conflict}`]);
  t.notOk(site.flows(1).some(text => text.includes('in_port=4,') || text.includes('in_port=5,')));
  t.end();
});

t.test('ports that cannot be served', t => {
  const site = new Site(hosts(1) + twoNetworks);
  site.read(
    'kvm1',
    {
      v1: { id: 'fw1', error: 'could not open network device v1 (No such device)' },
      v2: { id: 'fw2' },
      v3: { ofport: 3, id: 'fw3' },
    },
    null,
  );
  t.strictSame(site.problems(), [
    'kvm1: blue: v1: could not open network device v1 (No such device)',
    'kvm1: blue: v2: Open vSwitch has not given it an OpenFlow port yet',
    'kvm1: its VXLAN port is not there yet: no traffic to or from other hosts',
  ]);
  t.strictSame(site.flows(1, 0), [
    'priority=100,in_port=3,vlan_tci=0x0000/0x1fff actions=write_metadata:0x1388,goto_table:40',
  ]);
  t.strictSame(
    site.groups(1)[1],
    `group_id=${groupIds.flood(5000)},type=all,bucket=actions=group:${groupIds.local(5000)}`,
    'the host serves its own ports without a tunnel',
  );
  const view = site.hypervisors.get('kvm1')!;
  site.hypervisors.set('kvm1', {
    ...view,
    tunnelError: 'could not add network device heddle-vxlan (File exists)',
  });
  t.match(
    site.problems()[2],
    /not there yet \(could not add network device heddle-vxlan \(File exists\)\): no/,
  );
  t.end();
});

t.test('one MAC twice in a network', t => {
  const site = new Site(hosts(2) + twoNetworks);
  site.read('kvm1', { v1: { ofport: 1, id: 'fw1', mac: mac(7) }, v2: { ofport: 3, id: 'fw2', mac: mac(7) } });
  site.read('kvm2', { v3: { ofport: 1, id: 'fw3', mac: mac(7) }, red1: { ofport: 4, mac: mac(7) } });
  const twice = (at: string) =>
    `blue: MAC 02:00:00:00:00:07 is attached twice, to v1 on kvm1 and to ${at}: the first gets its frames until its port goes`;
  t.strictSame(site.problems(), [twice('v2 on kvm1'), twice('v3 on kvm2')]);
  const unicast = (dpid: number) => site.flows(dpid, 60).filter(text => text.includes('metadata=0x1388'));
  t.strictSame(unicast(1), [
    'table=60, priority=100,metadata=0x1388,dl_dst=02:00:00:00:00:07 actions=set_field:0x1->reg1,goto_table:95',
  ]);
  t.strictSame(
    unicast(2),
    [
      'table=60, priority=100,metadata=0x1388,dl_dst=02:00:00:00:00:07 actions=set_field:10.97.0.1->tun_dst,set_field:0x2->reg1,goto_table:95',
      'table=60, priority=110,reg0=0x1/0x1,metadata=0x1388,dl_dst=02:00:00:00:00:07 actions=set_field:0x1->reg1,goto_table:95',
    ],
    'its own port is for what a tunnel brings, which could go nowhere else',
  );
  for (const dpid of [1, 2])
    t.strictSame(combine([checkPart({ app: 'o', number: 1, program: site.program(dpid) })]).conflicts, []);
  t.end();
});

t.test('before all hosts have been read', t => {
  const site = new Site(hosts(2) + twoNetworks);
  t.strictSame(site.program(1), { ...emptyProgram, keep: 'all' });
  t.strictSame(site.problems(), [
    'overlay: kvm1, kvm2 have not been read since the start: until then, what is sent to them stays as it is',
  ]);
  t.strictSame(site.read('kvm1', { v1: { ofport: 1, id: 'fw1', mac: mac(1) } }), [1], 'nobody else can care');
  t.equal(kept(site.program(1)), '10.97.0.2', 'what is sent to a host that is not known stays');
  t.ok(site.program(1).flows.length > 0, 'but what is known is programmed');
  t.strictSame(site.program(2).flows, [], 'not so on a host that is unknown');
  t.match(site.problems(), [/^overlay: kvm2 has not been read/]);
  t.strictSame(site.read('kvm2', {}), [1, 2], 'the last one: now things may be taken away everywhere');
  t.equal(kept(site.program(1)), 'nothing');
  t.equal(kept(site.program(2)), 'nothing');
  t.strictSame(site.program(99), { ...emptyProgram, keep: 'all' }, 'no such host');
  t.end();
});

t.test('which switches change', t => {
  const site = new Site(hosts(4) + twoNetworks);
  const blue = { v1: { ofport: 1, id: 'fw1', mac: mac(1) } };
  site.read('kvm1', blue);
  site.read('kvm2', { v2: { ofport: 1, id: 'fw2', mac: mac(2) } });
  site.read('kvm3', { red1: { ofport: 1 } });
  site.read('kvm4', {});
  t.strictSame(site.read('kvm1', { v1: { ofport: 7, id: 'fw1', mac: mac(1) } }), [1], 'an ofport: itself');
  t.strictSame(
    site.read('kvm1', { v1: { ofport: 7, id: 'fw1', mac: mac(3) } }),
    [1, 2],
    'a MAC: the network',
  );
  t.strictSame(site.read('kvm1', {}), [1, 2], 'the last port of a network');
  t.strictSame(site.read('kvm1', { red1: { ofport: 3 } }), [1, 3], 'the first one');
  t.strictSame(site.read('kvm1', { red1: { ofport: 3 }, red2: { ofport: 4 } }), [1], 'one more, with no MAC');
  t.strictSame(site.read('kvm1', { red1: { ofport: 3 } }, 5), [1], 'the tunnel port');
  t.strictSame(site.read('kvm4', { v9: { ofport: 1, id: 'fw9' }, red9: { ofport: 2 } }), [1, 2, 3, 4]);
  t.strictSame(site.read('kvm4', { x: { ofport: 1 } }), [1, 2, 3, 4], 'left by both');
  t.strictSame(site.read('kvm4', { y: { ofport: 1 } }), [4], 'a port of no network');

  const up = site.event({ type: 'switch-up', dpid: 3n, reactive: [] });
  t.strictSame([...(up.changed ?? [])], [3n]);
  for (const event of [
    { type: 'switch-down', dpid: 3n },
    { type: 'hypervisor-changed', name: 'kvm9' },
  ] as const)
    t.strictSame([...(site.event(event).changed ?? [])], []);
  t.end();
});

t.test('a VM that moves keeps its match: the new flow takes the old one’s place', t => {
  const site = new Site(hosts(3) + twoNetworks);
  const vm = { v1: { ofport: 5, id: 'fw1', mac: mac(1) } };
  const stays = { v2: { ofport: 6, id: 'fw2', mac: mac(2) } };
  site.read('kvm1', { ...vm, ...stays });
  site.read('kvm2', {});
  // kvm3 is never read, so that nothing may be deleted.
  const matches = (): string[] => site.flows(1, 60).map(text => text.replace(/ actions.*/, ''));
  const before = matches();
  site.read('kvm2', vm);
  site.read('kvm1', stays);
  t.equal(kept(site.program(1)), '10.97.0.3');
  t.strictSame(matches().sort(), before.sort());
  t.match(site.flows(1, 60), [
    /:02 actions=set_field:0x6->reg1/,
    /:01 actions=set_field:10\.97\.0\.2->tun_dst/,
  ]);
  t.end();
});

t.test('a MAC is held by the port that had it first, until that goes', t => {
  const vm = (ofport: number, name = 'v1') => ({ [name]: { ofport, id: 'fw1', mac: mac(1) } });
  const onlooker = { v9: { ofport: 9, id: 'fw9', mac: mac(9) } };
  /** Where a host sends the VM's frames: a port of its own, or a VTEP. */
  const way = (site: Site, dpid: number): string | undefined =>
    site
      .flows(dpid, 60)
      .filter(text => /priority=100,metadata=0x1388,dl_dst=02:00:00:00:00:01 /.test(text))
      .map(text => /set_field:(0x\w+->reg1|[\d.]+)/.exec(text)?.[1])
      .join();
  const ways = (site: Site): (string | undefined)[] => [1, 2, 3].map(dpid => way(site, dpid));
  const start = (): Site => {
    const site = new Site(hosts(4) + twoNetworks);
    site.read('kvm1', {});
    site.read('kvm2', vm(5));
    site.read('kvm3', onlooker);
    site.read('kvm4', { red1: { ofport: 1 } });
    return site;
  };

  for (const [to, index] of [
    ['kvm1', 1],
    ['kvm3', 3],
  ] as const) {
    const site = start();
    const rest = to === 'kvm3' ? onlooker : {};
    const remote = (dpid: number) => (dpid === 2 ? '0x5->reg1' : '10.97.0.2');
    const other = to === 'kvm1' ? 3 : undefined;
    site.read(to, { ...rest, ...vm(6) });
    t.equal(way(site, index), remote(index), `${to}: the destination itself sends to the source`);
    t.equal(way(site, 2), '0x5->reg1', 'where the VM still runs');
    if (other !== undefined) t.equal(way(site, other), remote(other));
    t.match(site.problems(), [
      / to v1 on kvm2, and with the same iface-id to v1 on kvm[13]: its frames follow/,
    ]);
    t.match(
      site.flows(index, 60).filter(text => text.includes('priority=110')),
      [/reg0=0x1\/0x1,.* actions=set_field:0x6->reg1,goto_table:95$/],
      'whoever knows of the move earlier is served',
    );
    site.read(to, { ...rest, ...vm(7) });
    t.equal(way(site, index), remote(index), 'another ofport is no new claim');
    site.read('kvm2', { ...vm(5), other: { ofport: 8 } });
    t.equal(way(site, index), remote(index), 'nor is the holder less old when something beside it changes');
    const changed = site.read('kvm2', {});
    t.strictSame(changed, to === 'kvm1' ? [1, 2, 3] : [2, 3], 'all that have the network, and the source');
    t.equal(way(site, index), '0x7->reg1');
    if (other !== undefined) t.equal(way(site, other), '10.97.0.1');
    t.strictSame(site.problems(), []);
    t.notOk(site.flows(index, 60).some(text => text.includes('priority=110')));
    site.read('kvm2', vm(5));
    t.equal(way(site, index), '0x7->reg1', 'who comes back comes last');
  }

  const passed = start();
  passed.read('kvm1', vm(6));
  t.strictSame(
    passed.read('kvm2', vm(5, 'v2')),
    [1, 2, 3],
    'one port goes and another comes with its MAC, at once',
  );
  t.strictSame(ways(passed), ['0x6->reg1', '10.97.0.1', '10.97.0.1']);

  const first = new Site(hosts(3) + twoNetworks);
  first.read('kvm3', { ...onlooker, v1: { ofport: 6, id: 'fw3', mac: mac(1) } });
  first.read('kvm2', vm(5));
  t.equal(
    way(first, 3),
    '10.97.0.2',
    'of what was there before, the file’s order decides, not that of the answers',
  );
  first.read('kvm1', {});
  t.strictSame(ways(first)[1], '0x5->reg1');

  const same = new Site(hosts(1) + twoNetworks);
  same.read('kvm1', { ...vm(5, 'vb'), ...vm(6, 'va') });
  t.equal(way(same, 1), '0x6->reg1', 'of two on one host that came at once, the name');
  t.end();
});

t.test('a network on more hosts than one packet’s copies reach goes by relays', t => {
  const names = Array.from({ length: 782 }, (_, index) => index + 1);
  const file = (count: number): string =>
    `openflow: { listen: tcp:127.0.0.1:6653 }\nhypervisors:\n${names
      .slice(0, count)
      .map(n => `  h${n}: { ovsdb: tcp:192.0.2.1:${n}, vtep: 10.97.${n >> 8}.${n & 255} }`)
      .join('\n')}${twoNetworks}`;
  const floods = (count: number): unknown => {
    const site = new Site(file(count));
    for (const n of names.slice(0, count)) site.read(`h${n}`, { v: { ofport: 1, id: `fw${n}` } });
    return [site.report().networks?.[0]?.relayParts, site.problems()];
  };
  t.strictSame(floods(780), [undefined, []]);
  t.strictSame(floods(782), [32, []]);
  t.end();
});

t.test('a bond is in no network', t => {
  const text = 'networks: { blue: { vni: 5000, ports: [{ port: "bond*" }, { port: "eth0" }] } }';
  const site = new Site(`${hosts(1)}\n${text}`);
  const half = (ofport: number) => ({ ofport, bond: 'bond0', mac: mac(ofport) });
  site.read('kvm1', { eth1: half(3), eth2: half(4), eth0: { ofport: 5 } });
  const message = 'bonds are not served yet: this port has several interfaces, and is in no network';
  t.strictSame(site.problems(), [`kvm1: blue: bond0: ${message}`]);
  t.strictSame(site.flows(1, 0), [
    'priority=100,in_port=5,vlan_tci=0x0000/0x1fff actions=write_metadata:0x1388,goto_table:40',
    'priority=100,tun_id=0x1388,in_port=2 actions=set_field:0x1->reg0,write_metadata:0x1388,goto_table:5',
  ]);
  t.strictSame(
    site.groups(1)[0],
    `group_id=${groupIds.local(5000)},type=all,bucket=actions=set_field:0x5->reg1,resubmit(,95)`,
  );
  site.read('kvm1', { eth0: { ...half(3), bond: 'team' } });
  t.strictSame(site.problems(), [`kvm1: blue: team: ${message}`], 'by an interface’s name, too');
  t.end();
});

t.test('ports of a host that is not known any more are not used', t => {
  const site = new Site(hosts(2) + twoNetworks);
  site.read('kvm1', { v1: { ofport: 5, id: 'fw1', mac: mac(1) } });
  site.read('kvm2', { v2: { ofport: 6, id: 'fw2', mac: mac(2) } });
  site.hypervisors.set('kvm2', { ...site.hypervisors.get('kvm2')!, known: false });
  const step = site.change('kvm2');
  t.strictSame(step, [1, 2]);
  t.notOk(site.flows(1, 60).some(text => text.includes('10.97.0.2')));
  t.notOk(site.groups(1).some(text => text.includes('10.97.0.2')));
  t.end();
});

t.test('a new file', t => {
  /** Four hosts, of which the first two have a port of blue, and all have one of red. */
  const fresh = (networks = twoNetworks): Site => {
    const site = new Site(hosts(4) + networks);
    for (const host of [1, 2, 3, 4]) {
      const blue = host < 3 && { v: { ofport: 10, id: `fw${host}`, mac: mac(host) } };
      const later = { late: { ofport: 12, id: `late${host}`, mac: mac(host + 20) } };
      site.read(`kvm${host}`, { ...blue, red1: { ofport: 11 }, ...(host < 3 && later) });
    }
    return site;
  };
  const all = (site: Site) => [1, 2, 3, 4].map(host => [site.flows(host), site.groups(host)]);
  /** Those whose programs are others in truth. */
  const differing = (before: ReturnType<typeof all>, after: ReturnType<typeof all>): number[] =>
    [1, 2, 3, 4].filter(host => JSON.stringify(before[host - 1]) !== JSON.stringify(after[host - 1]));

  const files: Readonly<Record<string, readonly [networks: string, changed: readonly number[]]>> = {
    'the same': [twoNetworks, []],
    'a network more, on two of four hosts': [
      `${twoNetworks}  late: { vni: 7000, ports: [{ iface-id: "late*" }] }\n`,
      [1, 2],
    ],
    'a network less': ['\nnetworks: { red: { vni: 6000, ports: [{ port: "red?" }] } }', [1, 2]],
    'another name': [twoNetworks.replace('blue', 'azure'), []],
    'another VNI': [twoNetworks.replace('5000', '5001'), [1, 2]],
    'two VNIs that take turns': [
      twoNetworks.replace('5000', '0').replace('6000', '5000').replace(': 0', ': 6000'),
      [1, 2, 3, 4],
    ],
    'another selector, which takes a port away': [twoNetworks.replace('fw*', 'fw1'), [1, 2]],
    'another selector, which comes to the same': [twoNetworks.replace('fw*', 'fw?'), []],
    'a VTEP that is not managed': [
      twoNetworks.replace('{ vni: 5000,', '{ vni: 5000, remotes: [10.97.0.9],'),
      [1, 2],
    ],
  };
  for (const [what, [networks, expected]] of Object.entries(files)) {
    const site = fresh();
    const before = all(site);
    t.strictSame(site.reload(hosts(4) + networks), expected, what);
    t.strictSame(differing(before, all(site)), expected, `${what}: and no other program has changed`);
    const anew = fresh(networks);
    t.strictSame(all(site), all(anew), `${what}: as if it had been started with it`);
    t.strictSame(site.report(), anew.report());
    t.strictSame(site.reload(hosts(4) + twoNetworks), expected, `${what}: and back`);
    t.strictSame(all(site), before);
  }

  const site = fresh();
  t.strictSame(site.reload(hosts(3) + twoNetworks), [1, 2, 3, 4], 'a host less: nobody takes frames from it');
  t.notOk(site.flows(1).some(text => text.includes('10.97.0.4')));
  t.strictSame(site.reload(hosts(4) + twoNetworks), [1, 2, 3, 4], 'and back');
  t.equal(kept(site.program(1)), '10.97.0.4', 'not read yet: what was sent to it stays');
  t.strictSame(site.read('kvm4', { red1: { ofport: 11 } }), [1, 2, 3, 4]);
  t.equal(kept(site.program(1)), 'nothing');
  t.strictSame(
    site.reload(hosts(4).replace('vtep: 10.97.0.2', 'vtep: 10.97.0.22') + twoNetworks),
    [1, 2, 3, 4],
    'another address of one',
  );
  t.end();
});

t.test('a MAC keeps its holder by a new file', t => {
  for (const networks of [
    twoNetworks,
    twoNetworks.replace('blue', 'azure'),
    twoNetworks.replace('5000', '5001'),
  ]) {
    const site = new Site(hosts(2) + twoNetworks);
    site.read('kvm1', {});
    site.read('kvm2', { v2: { ofport: 6, id: 'fw1', mac: mac(1) } });
    site.read('kvm1', { v1: { ofport: 5, id: 'fw1', mac: mac(1) } });
    const holder = (): string =>
      /MAC .* is attached to (\S+ on kvm\d)/.exec(site.problems().join())?.[1] ?? '';
    t.equal(holder(), 'v2 on kvm2');
    site.reload(hosts(2) + networks);
    t.equal(holder(), 'v2 on kvm2');
  }
  t.end();
});

t.test('ports and report', t => {
  const site = new Site(
    `${hosts(2)}\nnetworks:\n  blue: { vni: 5000, ports: [{ iface-id: "fw*" }], remotes: [10.97.0.9] }\n  red: { vni: 6000 }\n`,
  );
  t.strictSame(overlay.ports?.(site.program(1) as never, site.world, 'kvm2'), [
    { name: tunnelName, type: 'vxlan', options: { remote_ip: 'flow', key: 'flow', local_ip: '10.97.0.2' } },
  ]);
  t.ok(tunnelName.length <= 15, 'the longest name of a Linux device');
  t.strictSame(overlay.ports?.(site.program(1) as never, site.world, 'kvm9'), []);
  site.read('kvm1', { v1: { ofport: 1, id: 'fw1', mac: mac(10) }, other: { ofport: 9 } });
  site.read('kvm2', { v2: { id: 'fw2', error: 'oh no' }, v3: { ofport: 3, id: 'fw3' } });
  t.strictSame(site.report().networks, [
    { name: 'blue', vni: 5000, hypervisors: ['kvm1', 'kvm2'], ports: 2, remotes: ['10.97.0.9'] },
    { name: 'red', vni: 6000, hypervisors: [], ports: 0, remotes: [] },
  ]);
  t.strictSame(site.report().ports, [
    { hypervisor: 'kvm1', port: 'v1', network: 'blue', ofport: 1, ifaceId: 'fw1', mac: '02:00:00:00:00:0a' },
    { hypervisor: 'kvm1', port: 'other', ofport: 9 },
    { hypervisor: 'kvm2', port: 'v2', ifaceId: 'fw2', error: 'oh no' },
    { hypervisor: 'kvm2', port: 'v3', network: 'blue', ofport: 3, ifaceId: 'fw3' },
  ]);
  t.end();
});

t.test('its options', t => {
  t.ok(overlay.options.safeParse({}).success);
  t.notOk(overlay.options.safeParse({ vni: 1 }).success);
  t.end();
});
