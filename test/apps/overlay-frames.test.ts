/** The overlay's programs at work: who hears whom, in a model of the switches (test/support/switch-model). */
import t from 'tap';
import { overlay } from '../../src/apps/overlay/overlay.js';
import { numberTables } from '../../src/intent/index.js';
import { parseIpv4, parseMac } from '../../src/lib/addresses.js';
import { missFlows } from '../../src/reconcile/pipeline.js';
import { hosts, mac, Site } from '../support/overlay-world.js';
import { Fabric } from '../support/switch-model/fabric.js';

const file = `
networks:
  blue: { vni: 5000, ports: [{ port: "b*" }], remotes: [10.97.0.9] }
  red: { vni: 6000, ports: [{ port: "r*" }] }
`;
const broadcast = parseMac('ff:ff:ff:ff:ff:ff')!;
const macAt = (last: number): number => parseMac(mac(last))!;
const foreign = parseIpv4('10.97.0.9')!;

/** Blue is on all hosts, red on the first two; b1, b2 and the reds have MACs that are known, b3 and b4 have not. */
const ports = {
  kvm1: { b1: { ofport: 10, mac: mac(1) }, r1: { ofport: 11, mac: mac(1) }, r3: { ofport: 12, mac: mac(3) } },
  kvm2: { b2: { ofport: 20, mac: mac(2) }, r2: { ofport: 21, mac: mac(2) } },
  kvm3: { b3: { ofport: 30 }, b4: { ofport: 31 } },
} as const;

function fabricOf(): Fabric {
  const site = new Site(hosts(3) + file);
  for (const [name, its] of Object.entries(ports)) site.read(name, its);
  const fabric = new Fabric(
    site.config.hypervisors.map(({ name, vtep }) => ({
      name,
      vtep: Number(vtep),
      tunnelPort: 2,
      ports: Object.fromEntries(
        Object.entries(ports[name as keyof typeof ports]).map(([port, { ofport }]) => [port, ofport]),
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

const toForeign = `vtep 10.97.0.9 vni 5000`;

t.test('unicast to a MAC that is known: its port alone', t => {
  const fabric = fabricOf();
  const frame = (from: number, to: number) => ({ eth_src: macAt(from), eth_dst: macAt(to) });
  t.strictSame(fabric.hears('kvm1', 'b1', frame(1, 2)), ['kvm2 b2']);
  t.strictSame(fabric.hears('kvm2', 'b2', frame(2, 1)), ['kvm1 b1']);
  t.strictSame(fabric.hears('kvm1', 'r1', frame(1, 2)), ['kvm2 r2'], 'the same MACs, another network');
  t.strictSame(fabric.hears('kvm1', 'r1', frame(1, 3)), ['kvm1 r3'], 'on one host');
  t.strictSame(fabric.hears('kvm1', 'b1', frame(1, 1)), [], 'to itself');
  t.end();
});

t.test('broadcasts and what is not known: all of the network, each once, and none of another', t => {
  const fabric = fabricOf();
  for (const to of [broadcast, macAt(99), parseMac('33:33:00:00:00:01')!]) {
    const heard = (host: string, port: string, from: number) =>
      fabric.hears(host, port, { eth_src: macAt(from), eth_dst: to });
    t.strictSame(heard('kvm1', 'b1', 1), ['kvm2 b2', 'kvm3 b3', 'kvm3 b4', toForeign]);
    t.strictSame(heard('kvm2', 'b2', 2), ['kvm1 b1', 'kvm3 b3', 'kvm3 b4', toForeign]);
    t.strictSame(heard('kvm3', 'b3', 33), ['kvm1 b1', 'kvm2 b2', 'kvm3 b4', toForeign]);
    t.strictSame(heard('kvm1', 'r1', 1), ['kvm1 r3', 'kvm2 r2']);
    t.strictSame(heard('kvm2', 'r2', 2), ['kvm1 r1', 'kvm1 r3']);
  }
  t.end();
});

t.test('what the switch has learned is flooded no more', t => {
  const fabric = fabricOf();
  const toThird = { eth_src: macAt(4), eth_dst: macAt(33) };
  t.strictSame(fabric.hears('kvm3', 'b4', toThird).length, 4, 'not known yet');
  fabric.hears('kvm3', 'b3', { eth_src: macAt(33), eth_dst: broadcast });
  t.strictSame(fabric.hears('kvm3', 'b4', toThird), ['kvm3 b3']);
  t.strictSame(
    fabric.hears('kvm1', 'b1', { eth_src: macAt(1), eth_dst: macAt(33) }),
    ['kvm2 b2', 'kvm3 b3', toForeign],
    'another host has not learned it, and floods; kvm3 has',
  );
  const claimed = { eth_src: macAt(1), eth_dst: broadcast };
  fabric.hears('kvm3', 'b3', claimed);
  t.strictSame(
    fabric.hears('kvm3', 'b4', { eth_src: macAt(4), eth_dst: macAt(1) }),
    ['kvm1 b1'],
    'nobody can claim a MAC that is known',
  );
  t.end();
});

t.test('out of the tunnel: to local ports only, from known VTEPs only', t => {
  const fabric = fabricOf();
  const [kvm2, nobody] = [parseIpv4('10.97.0.2')!, parseIpv4('10.97.0.77')!];
  const frame = { eth_src: macAt(50), eth_dst: broadcast };
  t.strictSame(fabric.hearsFromTunnel('kvm1', kvm2, 5000, frame), ['kvm1 b1'], 'split horizon');
  t.strictSame(fabric.hearsFromTunnel('kvm1', kvm2, 6000, frame), ['kvm1 r1', 'kvm1 r3']);
  t.strictSame(
    fabric.hearsFromTunnel('kvm1', kvm2, 5000, { ...frame, eth_dst: macAt(2) }),
    [],
    'a MAC of a third host does not go on through the tunnel',
  );
  t.strictSame(fabric.hearsFromTunnel('kvm1', kvm2, 7000, frame), [], 'a VNI of nobody');
  t.strictSame(fabric.hearsFromTunnel('kvm3', kvm2, 6000, frame), [], 'a network that is not here');
  t.strictSame(fabric.hearsFromTunnel('kvm1', nobody, 5000, frame), []);
  t.strictSame(fabric.hearsFromTunnel('kvm1', foreign, 5000, frame), ['kvm1 b1'], 'a foreign VTEP');
  t.strictSame(fabric.hearsFromTunnel('kvm1', foreign, 6000, frame), [], 'in the networks that list it');
  t.strictSame(
    fabric.hears('kvm1', 'b1', { eth_src: macAt(1), eth_dst: macAt(50) }),
    [toForeign],
    'what came from it has been learned',
  );
  t.end();
});

t.test('a frame with a tag goes nowhere', t => {
  const fabric = fabricOf();
  for (const vlan_tci of [0x1000, 0x1005, 0x3005])
    t.strictSame(fabric.hears('kvm1', 'b1', { eth_src: macAt(1), eth_dst: broadcast, vlan_tci }), []);
  t.end();
});

t.test('whatever a group or a flow before says, a port gets frames of its own network alone', t => {
  const fabric = fabricOf();
  for (const [name, its] of Object.entries(ports))
    for (const port of Object.keys(its))
      for (const to of [broadcast, ...[1, 2, 3, 33, 50].map(macAt)])
        for (const place of fabric.hears(name, port, { eth_src: macAt(60), eth_dst: to }))
          t.ok(
            place.startsWith('vtep')
              ? port.startsWith('b') && place === toForeign
              : place.split(' ')[1]?.startsWith(port.charAt(0)),
            `${name} ${port} to ${to.toString(16)}: ${place}`,
          );
  t.end();
});
