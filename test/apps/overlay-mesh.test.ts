/** VXLAN ports that somebody made by hand: taken in, used where both ends agree, and replaced. */
import t from 'tap';
import { hosts, mac, type PortText, Site } from '../support/overlay-world.js';

const networks = `
networks:
  blue: { vni: 5000, ports: [{ iface-id: "fw*" }], mesh: ["vx*"] }
  red: { vni: 6000, ports: [{ port: "red?" }] }
`;
const vx = (ofport: number, options: string): PortText => ({ ofport, vxlan: options });
const vm = (host: number): Readonly<Record<string, PortText>> => ({
  [`v${host}`]: { ofport: 50 + host, id: `fw${host}`, mac: mac(host) },
});

/** Two hosts with a VM of blue each, and a tunnel each to the other. */
function pair(
  there = 'remote_ip=10.97.0.2 key=10',
  back = 'remote_ip=10.97.0.1 key=10',
  text = networks,
): Site {
  const site = new Site(hosts(2) + text);
  site.read('kvm1', { vx2: vx(12, there), ...vm(1) });
  site.read('kvm2', { vx1: vx(11, back), ...vm(2) });
  return site;
}

/** Where kvm1 sends the frames to a MAC, and its broadcasts. */
const sends = (site: Site, host = 2): readonly string[] => [
  site
    .flows(1, 60)
    .find(text => text.includes(`dl_dst=${mac(host)}`))
    ?.replace(/.*actions=/, '') ?? '',
  site
    .groups(1)
    .find(text => text.includes(`group_id=${0x49000000 + 5000},`))
    ?.replace(/.*?group:\d+/, '') ?? '',
];
const byMesh = [
  'set_field:10.97.0.2->tun_dst,set_field:0xc->reg1,goto_table:95',
  ',bucket=actions=set_field:10.97.0.2->tun_dst,set_field:0xc->reg1,resubmit(,95)',
];
const byFlow = byMesh.map(text => text.replace('0xc', '0x2'));

t.test('a tunnel with a key: frames come in, and go out by it', t => {
  const site = pair();
  t.strictSame(site.problems(), []);
  t.strictSame(sends(site), byMesh);
  t.ok(
    site
      .flows(1, 0)
      .includes('priority=100,in_port=12 actions=set_field:0x1->reg0,write_metadata:0x1388,goto_table:60'),
    'from a managed host: nothing is learned',
  );
  t.ok(
    site.flows(1, 0).some(text => text.includes('tun_id=0x1388,in_port=2 ')),
    'and still by the flow-based port',
  );
  t.strictSame(
    site.flows(1, 95).filter(text => text.includes('output:12')),
    ['table=95, priority=100,reg0=0,reg1=0xc,metadata=0x1388 actions=output:12'],
    'split horizon: only what comes from local ports',
  );
  t.match(site.report().ports?.[0], { port: 'vx2', role: 'mesh', network: 'blue', remote: '10.97.0.2' });
  t.end();
});

t.test('key=flow: the network’s VNI, for all networks', t => {
  const site = new Site(hosts(2) + networks);
  site.read('kvm1', { vx2: vx(12, 'remote_ip=10.97.0.2 key=flow'), ...vm(1), red1: { ofport: 61 } });
  site.read('kvm2', { vx1: vx(11, 'remote_ip=10.97.0.1 key=flow'), ...vm(2), red2: { ofport: 62 } });
  t.strictSame(sends(site), byMesh);
  const ins = site.flows(1, 0).filter(text => text.includes('in_port=12'));
  t.match(ins, [/tun_id=0x1388,.*write_metadata:0x1388/, /tun_id=0x1770,.*write_metadata:0x1770/]);
  t.match(
    site.flows(1, 95).filter(text => text.includes('output:12')),
    [/reg0=0,reg1=0xc,metadata=0x1388 actions=move:.*METADATA.*->.*TUNNEL_ID.*,output:12/],
    'one that is alone',
  );
  const red = site.groups(1).find(text => text.includes(`group_id=${0x49000000 + 6000},`));
  t.match(red, /set_field:0x2->reg1/, 'a network that does not name it does not send by it');
  t.strictSame(site.problems(), []);
  t.end();
});

t.test('a tunnel over IPv6', t => {
  const six = (text: string): string => text.replaceAll('10.97.0.', 'fd00::');
  const site = new Site(six(hosts(2)) + networks);
  site.read('kvm1', { vx2: vx(12, 'remote_ip=fd00:0::2 key=10'), ...vm(1) });
  site.read('kvm2', { vx1: vx(11, 'remote_ip=fd00::1 key=10'), ...vm(2) });
  t.strictSame(site.problems(), []);
  t.strictSame(
    sends(site),
    byMesh.map(text => six(text).replace('tun_dst', 'tun_ipv6_dst')),
  );
  t.end();
});

t.test('where the other end does not take it, Heddle’s own is used', t => {
  const ways: [string, string, boolean][] = [
    ['remote_ip=10.97.0.2 key=10', 'remote_ip=10.97.0.1 key=11', false],
    ['remote_ip=10.97.0.2 key=10', 'remote_ip=10.97.0.1', false],
    ['remote_ip=10.97.0.2', 'remote_ip=10.97.0.1', true],
    ['remote_ip=10.97.0.2 key=10', 'remote_ip=10.97.0.1 key=flow', false],
    ['remote_ip=10.97.0.2 key=5000', 'remote_ip=10.97.0.1 key=flow', true],
    ['remote_ip=10.97.0.2 key=10', 'remote_ip=10.97.0.3 key=10', false],
    ['remote_ip=10.97.0.2 key=10 dst_port=8472', 'remote_ip=10.97.0.1 key=10', false],
    ['remote_ip=10.97.0.2 key=10 dst_port=8472', 'remote_ip=10.97.0.1 key=10 dst_port=8472', true],
    ['remote_ip=10.97.0.2 in_key=1 out_key=2', 'remote_ip=10.97.0.1 in_key=2 out_key=1', true],
    ['remote_ip=10.97.0.2 key=5000', 'remote_ip=10.97.0.9 key=1', true],
  ];
  for (const [there, back, used] of ways) {
    const site = pair(there, back);
    t.strictSame(sends(site), used ? byMesh : byFlow, `${there} and ${back}`);
    const told = site
      .problems()
      .some(text => text.startsWith('kvm1: blue: vx2: kvm2 has no port that takes'));
    t.equal(told, !used);
  }
  const site = pair();
  site.read('kvm2', vm(2));
  t.strictSame(sends(site), byFlow, 'none at all');
  t.end();
});

t.test('which switches change with a tunnel', t => {
  const site = pair();
  t.strictSame(site.read('kvm2', { vx1: vx(11, 'remote_ip=10.97.0.1 key=11'), ...vm(2) }), [1, 2]);
  t.strictSame(site.read('kvm2', { vx1: vx(13, 'remote_ip=10.97.0.1 key=10'), ...vm(2) }), [1, 2]);
  t.strictSame(sends(site), byMesh);
  t.strictSame(site.reload(hosts(2) + networks.replace('"vx*"', '"vx2"')), [1, 2]);
  t.strictSame(sends(site), byFlow);
  t.strictSame(site.reload(hosts(2) + networks.replace('vx*', 'no*')), [1]);
  t.notOk(site.flows(1).some(text => text.includes('in_port=12')));
  t.end();
});

t.test('only some pairs of hosts have them', t => {
  const site = new Site(hosts(3) + networks);
  site.read('kvm1', { vx2: vx(12, 'remote_ip=10.97.0.2 key=10'), ...vm(1) });
  site.read('kvm2', { vx1: vx(11, 'remote_ip=10.97.0.1 key=10'), ...vm(2) });
  site.read('kvm3', vm(3));
  t.strictSame(sends(site), [
    byMesh[0],
    `${byMesh[1] ?? ''},bucket=actions=set_field:10.97.0.3->tun_dst,set_field:0x2->reg1,resubmit(,95)`,
  ]);
  t.match(sends(site, 3)[0], 'set_field:10.97.0.3->tun_dst,set_field:0x2->reg1');
  t.end();
});

t.test('a host that has not been read is believed to be where its tunnel leads', t => {
  const site = new Site(hosts(2) + networks);
  site.read('kvm1', { vx2: vx(12, 'remote_ip=10.97.0.2 key=10'), ...vm(1) });
  t.strictSame(sends(site), ['', byMesh[1]]);
  t.match(site.program(1).keep, new Set([0x0a61_0002]), 'and what is sent to it from before stays');
  site.read('kvm2', { vx1: vx(11, 'remote_ip=10.97.0.1 key=10') });
  t.strictSame(sends(site), ['', ''], 'read: it has no VM of the network');
  t.end();
});

t.test('to somebody who is not managed: as remotes are', t => {
  const text = networks.replace('mesh:', 'remotes: [10.97.0.9], mesh:');
  for (const [address, file] of [
    ['10.97.0.9', text],
    ['10.97.0.8', networks],
  ] as const) {
    const site = new Site(hosts(1) + file);
    site.read('kvm1', { vx9: vx(19, `remote_ip=${address} key=10`), ...vm(1) });
    t.ok(
      site
        .flows(1, 0)
        .includes('priority=100,in_port=19 actions=set_field:0x3->reg0,write_metadata:0x1388,goto_table:40'),
    );
    t.match(
      site.flows(1, 40).find(flow => flow.includes('in_port=19')),
      /priority=70,.*learn\(table=70,.*limit=1024.*load:NXM_OF_IN_PORT\[\]->NXM_NX_REG1\[0\.\.15\]\),goto_table:50/,
    );
    t.strictSame(
      sends(site)[1],
      `,bucket=actions=set_field:${address}->tun_dst,set_field:0x13->reg1,resubmit(,95)`,
    );
    t.equal(site.problems().length, address === '10.97.0.9' ? 0 : 1);
    t.strictSame(site.replaceable('kvm1'), [], 'nobody but who made it can do without it');
    site.meshSending = 'flow';
    t.match(sends(site)[1], '0x13->reg1');
  }
  t.end();
});

t.test('replaced: taken from both, sent by Heddle’s own', t => {
  const site = pair();
  const before = site.flows(1, 0);
  t.strictSame(site.replaceable('kvm1'), ['vx2']);
  site.meshSending = 'flow';
  t.strictSame(sends(site), byFlow);
  t.strictSame(site.flows(1, 0), before, 'what is taken in is the same');
  t.strictSame(site.problems(), []);
  const { hypervisors } = site;
  site.read('kvm2', { vx1: vx(11, 'remote_ip=10.97.0.1 key=10'), ...vm(2) }, null);
  t.strictSame(sends(site), byMesh, 'not to a host that has no port of Heddle’s');
  t.strictSame(site.replaceable('kvm1'), []);
  t.equal(hypervisors.size, 2);
  t.end();
});

t.test('what cannot be used is told', t => {
  const told = (port: PortText, text = networks): readonly string[] => {
    const site = new Site(hosts(2) + text);
    site.read('kvm2', {});
    site.read('kvm1', { vx2: port, ...vm(1), red1: { ofport: 61 } });
    t.notOk(
      site.flows(1).some(flow => flow.includes('in_port=12')),
      'and is not used',
    );
    return site.problems();
  };
  const named = 'kvm1: blue: vx2: named in mesh, but';
  const cases: [PortText, string | RegExp][] = [
    [{ ofport: 12 }, `${named} it is not a port of type vxlan`],
    [vx(12, 'remote_ip=flow key=flow'), /with remote_ip=flow it leads nowhere by itself/],
    [vx(12, 'key=1'), `${named} its remote_ip is missing, or is no IP address`],
    [vx(12, 'remote_ip=10.97.0.1'), `${named} its remote_ip 10.97.0.1 is this host's own vtep`],
    [vx(12, 'remote_ip=10.97.0.2 key=ten'), /its key is none that Heddle reads/],
    [vx(12, 'remote_ip=10.97.0.2 key=10 in_key=flow'), /its key is none that Heddle reads/],
    [
      vx(12, 'remote_ip=10.97.0.2 key=6000'),
      /its key 6000 is the VNI of network red, whose frames from 10\.97\.0\.2/,
    ],
    [vx(12, 'remote_ip=10.97.0.2 dst_port=x'), `${named} its dst_port is none that Heddle reads`],
    [{ vxlan: 'remote_ip=10.97.0.2', error: 'exists' }, `${named} exists`],
  ];
  for (const [port, message] of cases) t.match(told(port), [message]);
  const both = networks.replace('["vx*"]', '["vx*"], ').replace('"red?" }]', '"red?" }], mesh: ["vx?"]');
  t.match(told(vx(12, 'remote_ip=10.97.0.2 key=10'), both), [
    /networks blue and red all name it, and it has one VNI/,
  ]);
  const claimed = networks.replace('"red?"', '"vx2"');
  t.match(told(vx(12, 'remote_ip=10.97.0.2 key=10'), claimed), [
    /^kvm1: vx2: named in the mesh of network blue, and claimed as a port by network red/,
  ]);
  t.end();
});

t.test('a tunnel that nobody names, and that takes what peers send', t => {
  const told = (options: string): readonly string[] => {
    const site = new Site(hosts(2) + networks);
    site.read('kvm2', {});
    site.read('kvm1', { old: vx(12, options), ...vm(1) });
    return site.problems();
  };
  t.match(told('remote_ip=10.97.0.2 key=5000'), [
    /^kvm1: old: this VXLAN port takes the frames of network blue that come from kvm2, and they are dropped/,
  ]);
  t.match(told('remote_ip=10.97.0.2 key=flow'), [/takes the frames of all networks/]);
  for (const options of [
    'remote_ip=10.97.0.2 key=10',
    'remote_ip=10.97.0.7 key=5000',
    'remote_ip=10.97.0.2 key=5000 dst_port=8472',
    'remote_ip=flow key=flow',
  ])
    t.strictSame(told(options), [], options);
  t.end();
});
