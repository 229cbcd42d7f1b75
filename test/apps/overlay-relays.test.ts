/** Networks on more hosts than one packet is copied to: who hears what is for all. */
import fc from '../support/fast-check.js';
import t from 'tap';
import { overlay } from '../../src/apps/overlay/overlay.js';
import { groupIds, numberTables } from '../../src/intent/index.js';
import { formatIpv4, parseIpv4, parseMac } from '../../src/lib/addresses.js';
import { missFlows } from '../../src/reconcile/pipeline.js';
import { type PortText, Site } from '../support/overlay-world.js';
import { Fabric } from '../support/switch-model/fabric.js';

const pipeline = { flows: missFlows(numberTables([overlay])), groups: [], learned: new Set<bigint>() };
const broadcast = { eth_src: parseMac('02:00:00:00:01:01')!, eth_dst: 0xffff_ffff_ffff };
const toNobody = { ...broadcast, eth_dst: parseMac('02:00:00:00:09:09')! };

interface Spec {
  readonly vteps: readonly string[];
  readonly mostCopies: number;
  /** Each host has one or two ports of it. */
  readonly hasTwo: (index: number) => boolean;
  readonly networks?: string;
}

const blue = 'blue: { vni: 5000, ports: [{ iface-id: "fw*" }], remotes: [10.99.0.9] }';

function open({ vteps, mostCopies, hasTwo, networks = `{ ${blue} }` }: Spec): Site {
  const hosts = vteps.map(
    (vtep, index) =>
      `  kvm${index + 1}: { ovsdb: tcp:192.0.2.1:${index + 1000}, vtep: ${vtep}, datapath-id: "${(index + 1).toString(16).padStart(16, '0')}" }`,
  );
  const listen = 'openflow: { listen: tcp:0.0.0.0:6653, advertise: tcp:192.0.2.1:6653 }';
  const site = new Site([listen, 'hypervisors:', ...hosts, `networks: ${networks}`].join('\n'), {
    'max-copies': mostCopies,
  });
  vteps.forEach((_, index) => {
    const port = (ofport: number): PortText => ({ ofport, id: `fw${index}-${ofport}` });
    site.read(`kvm${index + 1}`, { a: port(5), ...(hasTwo(index) && { b: port(6) }) });
  });
  return site;
}

function fabricOf(site: Site): Fabric {
  const { hypervisors } = site.config;
  const fabric = new Fabric(
    hypervisors.map(({ name, vtep }) => ({
      ...{ name, vtep: Number(vtep), tunnelPort: 2, ports: { a: 5, b: 6 } },
    })),
  );
  for (const { name, dpid } of hypervisors)
    fabric.program(name, [
      { app: 'overlay', number: 1, program: site.program(Number(dpid)) },
      { app: 'pipeline', number: 0, program: pipeline },
    ]);
  return fabric;
}

const allPorts = (count: number, hasTwo: (index: number) => boolean): string[] =>
  Array.from({ length: count }, (_, index) => [
    `kvm${index + 1} a`,
    ...(hasTwo(index) ? [`kvm${index + 1} b`] : []),
  ])
    .flat()
    .sort();
const foreign = 'vtep 10.99.0.9 vni 5000';

const sites = fc
  .record({
    count: fc.integer({ min: 5, max: 18 }),
    hasTwo: fc.func(fc.boolean()),
    isGone: fc.func(fc.boolean()),
    // Addresses one after the other, or one in each of several networks.
    isSpread: fc.boolean(),
  })
  .map(({ count, hasTwo, isGone, isSpread }) => ({
    hasTwo: (index: number) => hasTwo(index),
    gone: Array.from({ length: count }, (_, index) => index + 1).filter(index => isGone(index)),
    vteps: Array.from({ length: count }, (_, index) =>
      isSpread ? `10.97.${index}.1` : `10.97.0.${index + 1}`,
    ),
  }));

t.test(
  'each port gets one copy, and a VTEP of somebody else one from whoever sends, whatever switches are away',
  t => {
    fc.assert(
      fc.property(sites, ({ vteps, hasTwo, gone }) => {
        const mostCopies = 12;
        const site = open({ vteps, mostCopies, hasTwo });
        for (const dpid of gone) site.switches.delete(BigInt(dpid));
        const fabric = fabricOf(site);
        const all = allPorts(vteps.length, hasTwo);
        const isRelayed = site.report().networks?.[0]?.relayParts !== undefined;
        vteps.forEach((_, index) => {
          const name = `kvm${index + 1}`;
          for (const frame of [broadcast, toNobody]) {
            const heard = fabric.hears(name, 'a', frame);
            const wanted = [...all.filter(one => one !== `${name} a`), foreign].sort();
            if (JSON.stringify(heard) !== JSON.stringify(wanted))
              throw new Error(`${name} of ${vteps.length}: ${heard.join()}`);
          }
          const flood = site.program(index + 1).groups.find(({ id }) => id === groupIds.flood(5000));
          const locals = hasTwo(index) ? 2 : 1;
          if (gone.length === 0 && (flood?.buckets.length ?? 99) - 1 + locals > mostCopies)
            throw new Error(`${name} of ${vteps.length} makes too many copies: ${flood?.buckets.length}`);
        });
        const ports = vteps.some((_, index) => hasTwo(index)) ? 2 : 1;
        return isRelayed === vteps.length + ports > mostCopies;
      }),
      { numRuns: 12 },
    );
    t.end();
  },
);

t.test('what a relay is asked for, and by whom', t => {
  const vteps = Array.from({ length: 12 }, (_, index) => `10.97.0.${index + 1}`);
  const site = open({ vteps, mostCopies: 8, hasTwo: () => false });
  const fabric = fabricOf(site);
  const from = (vtep: string, vni: number) =>
    fabric.hearsFromTunnel('kvm1', parseIpv4(vtep)!, vni, broadcast);
  const relayVni = 5000 ^ 0x800000;
  t.strictSame(from('10.97.0.2', 5000), ['kvm1 a'], 'with its own VNI it is sent on by nobody');
  t.strictSame(from('10.97.0.2', relayVni), ['kvm1 a', 'kvm5 a', 'kvm9 a'], 'its part: every fourth host');
  t.strictSame(from('10.99.0.9', relayVni), ['kvm1 a'], 'not for a VTEP that Heddle does not manage');
  t.strictSame(from('10.97.9.9', relayVni), [], 'nor for one that nobody knows');
  const learned = { ...toNobody, eth_src: parseMac('02:00:00:00:05:05')! };
  fabric.hears('kvm1', 'a', learned);
  t.strictSame(
    fabric.hearsFromTunnel('kvm1', parseIpv4('10.97.0.2')!, relayVni, {
      ...toNobody,
      eth_dst: learned.eth_src,
    }),
    ['kvm1 a', 'kvm5 a', 'kvm9 a'],
    'also where the relay knows that it is its own: the others are told by whoever sends, too',
  );
  t.end();
});

t.test('a relay whose switch goes: the others send by another', t => {
  const vteps = Array.from({ length: 12 }, (_, index) => `10.97.0.${index + 1}`);
  const site = open({ vteps, mostCopies: 8, hasTwo: () => false });
  const relays = (dpid: number): string[] =>
    site
      .groups(dpid)
      .flatMap(text => [...text.matchAll(/set_field:([\d.]+)->tun_dst,set_field:0x801388->metadata/g)])
      .map(([, vtep]) => vtep ?? '');
  const before = relays(1);
  t.equal(before.length, 3, 'one in each other part');
  const index = vteps.indexOf(before[0] ?? '') + 1;
  site.switches.delete(BigInt(index));
  const changed = [...(site.event({ type: 'switch-down', dpid: BigInt(index) }).changed ?? [])].map(Number);
  t.ok(changed.includes(1));
  const after = relays(1);
  t.equal(after.length, 3);
  t.notOk(after.includes(before[0] ?? ''));
  t.strictSame(after.slice(1), before.slice(1));
  t.end();
});

t.test('as many hosts as one packet reaches, and some more', t => {
  const vteps = (count: number) =>
    Array.from({ length: count }, (_, index) => formatIpv4(0x0a610001 + index));
  const state = (count: number) => {
    const site = open({ vteps: vteps(count), mostCopies: 12, hasTwo: () => false });
    const has = (id: number) => site.program(1).groups.some(group => group.id === id);
    return [site.report().networks?.[0]?.relayParts, has(groupIds.relay(5000)), site.problems()];
  };
  // Copies: to all others, to the foreign VTEP, and to one port.
  t.strictSame(state(8), [undefined, false, []], 'three quarters');
  t.strictSame(state(9), [undefined, true, []], 'they get ready to be relays');
  t.strictSame(state(11), [undefined, true, []]);
  t.strictSame(state(12), [4, true, []], 'and are');
  const [parts, , problems] = state(80);
  t.equal(parts, 8);
  t.match(problems, [
    /^blue: what is for all takes 18 copies on some host \(17 to other VTEPs, 1 to its own ports\)/,
  ]);
  const many = open({
    vteps: vteps(13),
    mostCopies: 12,
    hasTwo: () => false,
    networks: `{ ${blue}, taken: { vni: ${5000 ^ 0x800000}, ports: [{ port: none }] } }`,
  });
  t.equal(many.report().networks?.[0]?.relayParts, undefined, 'the VNI of relays is a network');
  t.match(many.problems(), [/^blue: what is for all takes 14 copies .* VNI 8393608/]);
  t.end();
});
