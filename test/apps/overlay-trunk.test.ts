/** VLANs of a trunk, each a network. */
import t from 'tap';
import { overlay } from '../../src/apps/overlay/overlay.js';
import { numberTables } from '../../src/intent/index.js';
import { parseMac } from '../../src/lib/addresses.js';
import { missFlows } from '../../src/reconcile/pipeline.js';
import { hosts, mac, type PortText, Site } from '../support/overlay-world.js';
import { Fabric } from '../support/switch-model/fabric.js';

const networks = `
networks:
  blue: { vni: 5000, ports: [{ iface-id: "vm*" }, { port: "tr*", vlan: 10 }, { iface-id: "fw*", vlan: 10 }] }
  red: { vni: 6000, ports: [{ port: "r*" }, { port: "tr*", vlan: 20 }, { iface-id: "fw*", vlan: 20 }] }
  plain: { vni: 7000, ports: [{ port: "p*" }, { port: "tr*" }] }
`;
const broadcast = parseMac('ff:ff:ff:ff:ff:ff')!;
const macAt = (last: number): number => parseMac(mac(last))!;
const tag = (vlan: number): { readonly vlan_tci: number } => ({ vlan_tci: 0x1000 | vlan });

type Ports = Readonly<Record<string, Readonly<Record<string, PortText & { readonly ofport: number }>>>>;

const ports: Ports = {
  kvm1: {
    tr1: { ofport: 12 },
    b1: { ofport: 10, id: 'vm1', mac: mac(1) },
    r1: { ofport: 11, mac: mac(2) },
    p1: { ofport: 13, mac: mac(3) },
  },
  kvm2: {
    tr2: { ofport: 22 },
    fw: { ofport: 23, id: 'fw1', mac: mac(9) },
    b2: { ofport: 20, id: 'vm2' },
    r2: { ofport: 21 },
  },
};

const siteOf = (text = networks): Site => {
  const site = new Site(hosts(2) + text);
  for (const [name, its] of Object.entries(ports)) site.read(name, its);
  return site;
};

function fabricOf(site: Site): Fabric {
  const fabric = new Fabric(
    site.config.hypervisors.map(({ name, vtep }) => ({
      name,
      vtep: Number(vtep),
      tunnelPort: 2,
      ports: Object.fromEntries(
        Object.entries(ports[name] ?? {}).map(([port, { ofport }]) => [port, ofport]),
      ),
    })),
  );
  const pipeline = { flows: missFlows(numberTables([overlay])), groups: [], learned: new Set<bigint>() };
  site.config.hypervisors.forEach(({ name, dpid }) =>
    fabric.program(name, [
      { app: 'overlay', number: 1, program: site.program(Number(dpid)) },
      { app: 'pipeline', number: 0, program: pipeline },
    ]),
  );
  return fabric;
}

t.test('in: the tag ends at the switch; out: it is put on again', t => {
  const fabric = fabricOf(siteOf());
  const hears = (port: string, frame: object, to = broadcast) =>
    fabric.hears('kvm1', port, { eth_src: macAt(50), eth_dst: to, ...frame });
  t.strictSame(hears('tr1', tag(10)), ['kvm1 b1', 'kvm2 b2', 'kvm2 fw vlan 10', 'kvm2 tr2 vlan 10']);
  t.strictSame(hears('tr1', tag(20)), ['kvm1 r1', 'kvm2 fw vlan 20', 'kvm2 r2', 'kvm2 tr2 vlan 20']);
  t.strictSame(hears('tr1', {}), ['kvm1 p1', 'kvm2 tr2'], 'its untagged frames are a network, too');
  t.strictSame(hears('tr1', tag(30)), [], 'a VLAN of nobody');
  t.strictSame(hears('b1', {}), ['kvm1 tr1 vlan 10', 'kvm2 b2', 'kvm2 fw vlan 10', 'kvm2 tr2 vlan 10']);
  t.strictSame(hears('p1', {}), ['kvm1 tr1', 'kvm2 tr2']);
  t.strictSame(hears('b1', tag(20)), [], 'no port but a trunk says a VLAN');
  t.end();
});

t.test('MACs are learned for each network, and known ones are known in all of the port’s', t => {
  const site = siteOf();
  const fabric = fabricOf(site);
  const hears = (host: string, port: string, from: number, to: number, frame: object = {}) =>
    fabric.hears(host, port, { eth_src: macAt(from), eth_dst: macAt(to), ...frame });
  fabric.hears('kvm1', 'tr1', { eth_src: macAt(60), eth_dst: broadcast, ...tag(10) });
  t.strictSame(hears('kvm1', 'b1', 1, 60), ['kvm1 tr1 vlan 10']);
  t.strictSame(
    hears('kvm1', 'r1', 2, 60),
    ['kvm1 tr1 vlan 20', 'kvm2 fw vlan 20', 'kvm2 r2', 'kvm2 tr2 vlan 20'],
    'another network does not know it',
  );
  t.strictSame(hears('kvm1', 'b1', 1, 9), ['kvm2 fw vlan 10'], 'attached-mac');
  t.strictSame(hears('kvm1', 'r1', 2, 9), ['kvm2 fw vlan 20']);
  fabric.hears('kvm2', 'fw', { eth_src: macAt(61), eth_dst: broadcast, ...tag(20) });
  t.strictSame(hears('kvm2', 'r2', 5, 61), ['kvm2 fw vlan 20'], 'and there may be others behind it');
  t.strictSame(hears('kvm1', 'tr1', 50, 1, tag(10)), ['kvm1 b1']);
  t.end();
});

t.test('flows of a trunk', t => {
  const site = siteOf();
  t.strictSame(
    site.flows(1, 0).filter(text => text.includes('in_port=12')),
    [
      'priority=100,in_port=12,dl_vlan=10 actions=pop_vlan,write_metadata:0x1388,goto_table:40',
      'priority=100,in_port=12,dl_vlan=20 actions=pop_vlan,write_metadata:0x1770,goto_table:40',
      'priority=100,in_port=12,vlan_tci=0x0000/0x1fff actions=write_metadata:0x1b58,goto_table:40',
    ],
  );
  t.match(
    site.flows(1, 95).find(text => text.includes('output:12') && text.includes('0x1388')),
    /actions=push_vlan:0x8100,set_field:4106->vlan_vid,output:12$/,
  );
  t.strictSame(
    (site.report().ports ?? [])
      .filter(({ port }) => port === 'tr1')
      .map(({ network, vlan }) => [network, vlan]),
    [
      ['blue', 10],
      ['red', 20],
      ['plain', undefined],
    ],
  );
  t.end();
});

t.test('claims that do not go together', t => {
  const site = new Site(`${hosts(1)}
networks:
  blue: { vni: 1, ports: [{ port: "a*", vlan: 10 }, { iface-id: "i*", vlan: 30 }] }
  red: { vni: 2, ports: [{ port: "*1", vlan: 10 }, { port: "*2", vlan: 20 }] }
`);
  site.read('kvm1', {
    a1: { ofport: 1 },
    a2: { ofport: 2 },
    a3: { ofport: 3, id: 'i3' },
    b4: { ofport: 4, id: 'i4' },
  });
  t.strictSame(site.problems(), [
    'kvm1: a1: VLAN 10 of it is claimed by networks blue and red: it is in neither until one selector is narrowed',
    'kvm1: a3: claimed by network blue with VLAN 10 and VLAN 30: a network has one VLAN of a port, so it has none of it',
  ]);
  t.strictSame(
    site
      .flows(1, 0)
      .map(text => text.replace(/ actions.*/, ''))
      .filter(text => text.includes('dl_vlan')),
    [
      'priority=100,in_port=2,dl_vlan=10',
      'priority=100,in_port=4,dl_vlan=30',
      'priority=100,in_port=2,dl_vlan=20',
    ],
  );
  t.end();
});

t.test('a new file that gives a trunk another VLAN', t => {
  const site = siteOf();
  t.strictSame(
    site.reload(hosts(2) + networks.replace('port: "tr*", vlan: 10', 'port: "tr1", vlan: 11')),
    [1, 2],
  );
  t.ok(site.flows(1, 0).some(text => text.includes('in_port=12,dl_vlan=11')));
  t.end();
});
