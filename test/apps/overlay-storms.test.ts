/** Limits of what is flooded. */
import t from 'tap';
import { groupIds, meterIds } from '../../src/intent/index.js';
import { hosts, mac, Site } from '../support/overlay-world.js';

const file = (flood: string, more = ''): string => `
networks:
  blue: { vni: 5000, ports: [{ iface-id: "fw*" }], flood: { ${flood} }${more} }
`;
const vm = { v1: { ofport: 5, id: 'fw1', mac: mac(1) } };

const siteOf = (text: string): Site => {
  const site = new Site(hosts(1) + text);
  site.read('kvm1', vm);
  return site;
};

/** What becomes of a flooded frame: its flow's priority, where from and to, and what is done. */
const flooded = (site: Site): readonly string[] =>
  site.flows(1, 80).map(text =>
    text
      .replace(/table=80, priority=(\d+),/, '$1 ')
      .replace(',reg1=0,metadata=0x1388', '')
      .replace('reg1=0,metadata=0x1388', 'any')
      .replace(/meter:\d+/, 'meter')
      .replace(String(groupIds.flood(5000)), 'ALL')
      .replace(String(groupIds.local(5000)), 'LOCAL'),
  );

t.test('no limit costs no flow', t => {
  t.strictSame(flooded(siteOf(file(''))), ['100 reg0=0 actions=group:ALL', '90 any actions=group:LOCAL']);
  t.strictSame(siteOf(file('')).program(1).meters, []);
  t.end();
});

t.test('a rate has a meter, the same after a restart', t => {
  const site = siteOf(file('broadcast: 1000pps'));
  t.strictSame(flooded(site), [
    '130 reg0=0,dl_dst=ff:ff:ff:ff:ff:ff actions=meter,group:ALL',
    '120 reg0=0,dl_dst=01:00:00:00:00:00/01:00:00:00:00:00 actions=group:ALL',
    '110 reg0=0 actions=group:ALL',
    '90 any actions=group:LOCAL',
  ]);
  const [meter] = site.program(1).meters ?? [];
  t.match(meter, { flags: 2 | 4 | 8, bands: [{ type: 'drop', rate: 1000, burstSize: 200 }] });
  t.ok(meterIds.isOurs(meter?.id ?? 0));
  t.ok(site.flows(1, 80)[0]?.includes(`meter:${meter?.id}`));
  t.strictSame(siteOf(file('broadcast: 1000pps')).program(1).meters, site.program(1).meters);
  t.end();
});

t.test('drop has no meter', t => {
  const site = siteOf(file('unknown-unicast: drop, multicast: 1pps'));
  t.strictSame(flooded(site), [
    '130 reg0=0,dl_dst=ff:ff:ff:ff:ff:ff actions=group:ALL',
    '120 reg0=0,dl_dst=01:00:00:00:00:00/01:00:00:00:00:00 actions=meter,group:ALL',
    '110 reg0=0 actions=drop',
    '90 any actions=group:LOCAL',
  ]);
  t.match(site.program(1).meters, [{ bands: [{ rate: 1, burstSize: 1 }] }]);
  t.end();
});

t.test('foreign VTEPs are limited as ports are', t => {
  const site = siteOf(file('unknown-unicast: drop, broadcast: 10pps', ', remotes: [10.97.0.9]'));
  t.strictSame(flooded(site), [
    '130 reg0=0,dl_dst=ff:ff:ff:ff:ff:ff actions=meter,group:ALL',
    '130 reg0=0x2/0x2,dl_dst=ff:ff:ff:ff:ff:ff actions=meter,group:LOCAL',
    '120 reg0=0,dl_dst=01:00:00:00:00:00/01:00:00:00:00:00 actions=group:ALL',
    '120 reg0=0x2/0x2,dl_dst=01:00:00:00:00:00/01:00:00:00:00:00 actions=group:LOCAL',
    '110 reg0=0 actions=drop',
    '110 reg0=0x2/0x2 actions=drop',
    '90 any actions=group:LOCAL',
  ]);
  t.end();
});

t.test('what is not known, and dropped, is told', t => {
  const site = new Site(hosts(1) + file('unknown-unicast: drop'));
  site.read('kvm1', { ...vm, v2: { ofport: 6, id: 'fw2' } });
  t.match(site.problems(), [/^kvm1: blue: v2: it has no attached-mac, and its network drops/]);
  t.end();
});

t.test('more limits than a switch has meters', t => {
  const networks = Array.from(
    { length: 501 },
    (_, i) =>
      `  n${i}: { vni: ${i + 1}, ports: [{ port: p${i} }], flood: { broadcast: 1pps, multicast: 2pps } }\n`,
  );
  const site = new Site(`${hosts(1)}\nnetworks:\n${networks.join('')}`);
  site.read('kvm1', Object.fromEntries(networks.map((_, i) => [`p${i}`, { ofport: i + 1 }])));
  t.match(site.problems(), [
    /^kvm1: its networks need 1002 meters \(flood, addresses\), and the overlay uses 500 at most/,
  ]);
  t.equal(site.program(1).meters?.length, 500);
  t.end();
});

t.test('a new file', t => {
  const site = siteOf(file(''));
  t.strictSame(site.reload(hosts(1) + file('broadcast: 1pps')), [1]);
  t.strictSame(site.reload(hosts(1) + file('broadcast: 2pps')), [1]);
  t.strictSame(site.reload(hosts(1) + file('broadcast: 2pps')), []);
  t.end();
});
