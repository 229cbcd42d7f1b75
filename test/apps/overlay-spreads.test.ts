/** What is kept from change to change is what would be made anew. */
import t from 'tap';
import { spreadsAfter, noSpreads, type Spreads } from '../../src/apps/overlay/spreads.js';
import type { Host, Member } from '../../src/apps/overlay/members.js';
import type { NetworkConfig } from '../../src/config/config.js';
import { hosts, mac, Site } from '../support/overlay-world.js';
import fc from '../support/fast-check.js';

const networks = `
networks:
  blue: { vni: 5000, ports: [{ iface-id: "b*" }] }
  red: { vni: 6000, ports: [{ iface-id: "r*" }], flood: { broadcast: 100pps } }
  green: { vni: 7000, ports: [{ iface-id: "g*" }], remotes: [10.97.0.9] }
`;

const port = fc.record(
  {
    ofport: fc.integer({ min: 10, max: 13 }),
    id: fc.constantFrom('b1', 'b2', 'r1', 'r2', 'g1', 'x'),
    mac: fc.constantFrom(mac(1), mac(2), mac(3)),
  },
  { requiredKeys: ['ofport', 'id'] },
);
const ports = fc.dictionary(fc.constantFrom('v1', 'v2', 'v3', 'v4'), port, { maxKeys: 4 });
const step = fc.record({
  host: fc.constantFrom('kvm1', 'kvm2', 'kvm3'),
  ports,
  tunnelPort: fc.option(fc.constantFrom(2, 3)),
});

t.test('programs that were asked for after each change, and at the end alone', t => {
  const property = fc.property(fc.array(step, { maxLength: 12 }), steps => {
    const [often, once] = [new Site(hosts(3) + networks), new Site(hosts(3) + networks)];
    const told = (site: Site): readonly unknown[] =>
      [1, 2, 3].map(dpid => {
        const { meters, learned, keep } = site.program(dpid);
        return [site.flows(dpid), site.groups(dpid), meters, learned, keep];
      });
    for (const { host, ports, tunnelPort } of steps) {
      for (const site of [often, once]) site.read(host, ports, tunnelPort);
      told(often);
    }
    t.strictSame(told(often), told(once));
  });
  fc.assert(property, { numRuns: 150 });
  t.end();
});

const [blue, red, green] = ['blue', 'red', 'green'].map(name => ({ name }) as NetworkConfig);
const member = fc
  .record({
    port: fc.constantFrom('v1', 'v2', 'v3'),
    network: fc.constantFrom(blue!, red!, green!),
    since: fc.integer({ min: 0, max: 1 }),
  })
  .map(({ port, network, since }) => ({ port, network, age: { since, heard: 0 } }) as Member);
const hostsOfSome = fc
  .dictionary(
    fc.constantFrom('kvm1', 'kvm2', 'kvm3'),
    fc.record({ members: fc.array(member, { maxLength: 4 }), tunnelPort: fc.constantFrom(1, 2) }),
  )
  .map(
    found =>
      new Map(
        Object.entries(found).map(([name, host]) => [
          name,
          { name, known: true, mesh: [], ...host } as never,
        ]),
      ) as ReadonlyMap<string, Host>,
  );

const shown = (spreads: Spreads): readonly unknown[] =>
  [...spreads]
    .map(([{ name }, { parts }]) => [
      name,
      [...parts].map(([on, { host, members }]) => [on, host.tunnelPort, members]).sort(),
    ])
    .sort();

t.test('where a network is', t => {
  const property = fc.property(fc.array(hostsOfSome, { minLength: 1, maxLength: 6 }), states => {
    let before: ReadonlyMap<string, Host> = new Map();
    let spreads = noSpreads;
    for (const after of states) {
      const next = spreadsAfter(spreads, before, after);
      const anew = spreadsAfter(noSpreads, new Map(), after);
      t.strictSame(shown(next), shown(anew));
      for (const [network, spread] of next) {
        const same = JSON.stringify(shown(new Map([[network, spread]])));
        const old = spreads.get(network);
        if (old !== undefined && JSON.stringify(shown(new Map([[network, old]]))) === same)
          t.equal(spread, old, 'the same object for as long as nothing is said anew');
      }
      [before, spreads] = [after, next];
    }
  });
  fc.assert(property, { numRuns: 150 });
  t.end();
});

t.test('a port that comes is news to its own network alone', t => {
  const site = new Site(hosts(2) + networks);
  site.read('kvm1', { v1: { ofport: 10, id: 'b1', mac: mac(1) }, v2: { ofport: 11, id: 'r1', mac: mac(1) } });
  site.read('kvm2', { v1: { ofport: 10, id: 'b2', mac: mac(2) }, v2: { ofport: 11, id: 'r2', mac: mac(2) } });
  const before = [site.program(1), site.program(2)];
  site.read('kvm2', {
    v1: { ofport: 10, id: 'b2', mac: mac(2) },
    v2: { ofport: 11, id: 'r2', mac: mac(2) },
    v3: { ofport: 12, id: 'r3', mac: mac(3) },
  });
  // Of each network: what its ports here say alone, and what all of its ports do.
  const areSame = before.map(({ blocks: old = [] }, index) =>
    site.program(index + 1).blocks?.map(block => old.includes(block)),
  );
  t.strictSame(areSame, [
    [true, true, true, false],
    [true, true, false, false],
  ]);
  t.end();
});
