/** Whatever tunnels people have made between hosts, each frame reaches whom it is for, once. */
import fc from '../support/fast-check.js';
import t from 'tap';
import { overlay } from '../../src/apps/overlay/overlay.js';
import { numberTables } from '../../src/intent/index.js';
import { parseMac } from '../../src/lib/addresses.js';
import { same } from '../../src/lib/same.js';
import { missFlows } from '../../src/reconcile/pipeline.js';
import { hosts, mac, type PortText, Site } from '../support/overlay-world.js';
import { Fabric, type FixedTunnel } from '../support/switch-model/fabric.js';

const count = 4;
const names = Array.from({ length: count }, (_, index) => `kvm${index + 1}`);
const file = `${hosts(count)}
networks:
  blue: { vni: 5000, ports: [{ port: "b?" }], mesh: ["vx*"] }
  red: { vni: 6000, ports: [{ port: "r?" }] }
`;

/** By host: the VNI of its port to each other one, 'flow', or no port. */
type Tunnels = readonly (readonly (number | 'flow' | undefined)[])[];

const tunnels: fc.Arbitrary<Tunnels> = fc.array(
  fc.array(fc.constantFrom(undefined, 0, 10, 11, 5000, 'flow' as const), {
    minLength: count,
    maxLength: count,
  }),
  { minLength: count, maxLength: count },
);

function fabricOf(made: Tunnels, meshSending: 'mesh' | 'flow'): Fabric {
  const site = new Site(file);
  site.meshSending = meshSending;
  const meshes = made.map((row, from) =>
    row.flatMap((key, to) => (key === undefined || to === from ? [] : [{ name: `vx${to + 1}`, to, key }])),
  );
  names.forEach((name, index) => {
    const ports: Record<string, PortText> = {
      [`b${index + 1}`]: { ofport: 20, mac: mac(index + 1) },
      [`r${index + 1}`]: { ofport: 21, mac: mac(index + 1) },
    };
    for (const { name: port, to, key } of meshes[index] ?? [])
      ports[port] = { ofport: 30 + to, vxlan: `remote_ip=10.97.0.${to + 1} key=${key}` };
    site.read(name, ports);
  });
  const fabric = new Fabric(
    site.config.hypervisors.map(({ name, vtep }, index) => ({
      name,
      vtep: Number(vtep),
      tunnelPort: 2,
      ports: Object.fromEntries([
        [`b${index + 1}`, 20],
        [`r${index + 1}`, 21],
        ...(meshes[index] ?? []).map(({ name: port, to }) => [port, 30 + to] as const),
      ]),
      mesh: Object.fromEntries(
        (meshes[index] ?? []).map(({ name: port, to, key }): [string, FixedTunnel] => [
          port,
          { remote: 0x0a61_0001 + to, key: key === 'flow' ? 'flow' : BigInt(key) },
        ]),
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

const broadcast = parseMac('ff:ff:ff:ff:ff:ff')!;
const macAt = (last: number): number => parseMac(mac(last))!;

/** Who hears each frame, beside who should. */
function* heard(fabric: Fabric): Generator<readonly [string, readonly string[], readonly string[]]> {
  for (const network of ['b', 'r']) {
    for (const [index, name] of names.entries()) {
      const port = `${network}${index + 1}`;
      const others = names.map((other, at) => `${other} ${network}${at + 1}`).filter((_, at) => at !== index);
      const hears = (to: number) => fabric.hears(name, port, { eth_src: macAt(index + 1), eth_dst: to });
      yield [`a broadcast of ${port}`, hears(broadcast), others];
      for (const other of others)
        yield [`${port} to ${other}`, hears(macAt(Number(other.slice(-1)))), [other]];
    }
  }
}

t.test('any tunnels between four hosts', t => {
  const property = fc.property(tunnels, fc.constantFrom('mesh', 'flow'), (made, sending) => {
    for (const [what, found, wanted] of heard(fabricOf(made, sending)))
      if (!same(found, wanted)) throw new Error(`${what} is heard by ${found.join(', ')}`);
  });
  t.doesNotThrow(() => fc.assert(property, { numRuns: 60 }));
  t.end();
});
