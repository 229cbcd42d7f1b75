/** Requests for addresses that the file says: answered by the switch of whoever asks. */
import t from 'tap';
import { hosts, mac, Site } from '../support/overlay-world.js';

const file = (db = 'addresses: [10.0.0.2, "fd00::2"]'): string => `
networks:
  blue: { vni: 5000, ports: [{ iface-id: "vm*" }, { iface-id: db, ${db} }, { port: tr, vlan: 10 }] }
  red: { vni: 6000, ports: [{ port: "r*" }] }
`;
const db = { db: { ofport: 20, id: 'db', mac: mac(2) } };

function siteOf(text = file()): Site {
  const site = new Site(hosts(2) + text);
  site.read('kvm1', { v1: { ofport: 10, id: 'vm1', mac: mac(1) }, tr: { ofport: 12 }, r1: { ofport: 11 } });
  site.read('kvm2', db);
  return site;
}

t.test('ARP and ND for it, also where it is not', t => {
  const site = siteOf();
  const [meter] = site.program(1).meters ?? [];
  t.match(meter, { bands: [{ type: 'drop', rate: 500 }] }, 'answers take the slow path, and are limited');
  const owner = mac(2);
  const wanted = [
    'table=50, priority=110,arp,reg0=0,metadata=0x1388,arp_spa=10.0.0.2,arp_tpa=10.0.0.2,arp_op=1 actions=goto_table:60',
    `table=50, priority=100,arp,reg0=0,metadata=0x1388,dl_dst=ff:ff:ff:ff:ff:ff,arp_tpa=10.0.0.2,arp_op=1 actions=meter:${meter?.id},move:OXM_OF_ETH_SRC[]->OXM_OF_ETH_DST[],set_field:${owner}->eth_src,set_field:2->arp_op,move:OXM_OF_ARP_SHA[]->OXM_OF_ARP_THA[],set_field:${owner}->arp_sha,move:OXM_OF_ARP_SPA[]->OXM_OF_ARP_TPA[],set_field:10.0.0.2->arp_spa,set_field:0xfff8->reg1,resubmit(,95)`,
    'table=50, priority=110,icmp6,reg0=0,metadata=0x1388,ipv6_src=fd00::2,icmp_type=135,nd_target=fd00::2 actions=goto_table:60',
    `table=50, priority=100,icmp6,reg0=0,metadata=0x1388,dl_dst=33:33:00:00:00:00/ff:ff:00:00:00:00,icmp_type=135,icmp_code=0,nd_target=fd00::2 actions=meter:${meter?.id},move:OXM_OF_ETH_SRC[]->OXM_OF_ETH_DST[],set_field:${owner}->eth_src,move:OXM_OF_IPV6_SRC[]->OXM_OF_IPV6_DST[],set_field:fd00::2->ipv6_src,set_field:136->icmpv6_type,set_field:2->nd_options_type,set_field:1610612736->nd_reserved,goto_table:51`,
  ];
  t.strictSame(site.flows(1, 50), [
    ...wanted,
    'table=50, priority=0 actions=goto_table:60',
    'table=50, priority=200,arp,arp_spa=0.0.0.0,arp_op=1 actions=goto_table:60',
    'table=50, priority=200,icmp6,ipv6_src=::,icmp_type=135 actions=goto_table:60',
  ]);
  t.strictSame(site.flows(2, 50).length, 7, 'on its own host, too');
  t.end();
});

t.test('an address that has no MAC, or no port, is asked for as ever', t => {
  const site = siteOf();
  const count = (): number => site.flows(1, 50).length;
  const all = count();
  t.strictSame(site.read('kvm2', { db: { ofport: 20, id: 'db' } }), [1, 2], 'no attached-mac');
  t.ok(count() < all);
  t.strictSame(site.read('kvm2', db), [1, 2]);
  t.equal(count(), all);
  t.strictSame(site.read('kvm2', {}), [1, 2]);
  t.ok(count() < all);
  t.end();
});

t.test('where the file gives no addresses, nothing but the way on', t => {
  const site = siteOf(file('vlan: 7'));
  t.strictSame(site.flows(1, 50), ['table=50, priority=0 actions=goto_table:60']);
  t.strictSame(site.flows(1, 51), []);
  t.strictSame(site.program(1).meters, []);
  t.notOk(site.flows(1, 95).some(text => text.includes('IN_PORT')));
  t.strictSame(site.reload(hosts(2) + file()), [1, 2], 'until it does');
  t.strictSame(site.flows(1), siteOf().flows(1));
  t.end();
});

t.test('the answer goes back to where the request came from, with its tag', t => {
  const site = siteOf();
  t.strictSame(
    site.flows(1, 95).filter(text => text.includes('IN_PORT')),
    [
      'table=95, priority=100,reg1=0xfff8,metadata=0x1388,in_port=10 actions=IN_PORT',
      'table=95, priority=100,reg1=0xfff8,metadata=0x1388,in_port=12 actions=push_vlan:0x8100,set_field:4106->vlan_vid,IN_PORT',
    ],
  );
  t.end();
});
