/** What becomes of hand-made tunnels that the file cannot use as they are. */
import { familyOf, formatVtep } from '../lib/vtep.js';
import type { PlacedVxlan } from './facts.js';
import { type Finding, some } from './finding.js';
import type { Numbered } from './numbers.js';
import { nameOf, placed } from './peers.js';
import { remoteOf, type Vteps } from './vteps.js';

export function tunnelFindings(name: string, { network, mesh, left, vni }: Numbered): readonly Finding[] {
  const keyed = network.tunnels.filter(
    ({ port, vxlan }) => mesh.includes(port.name) && typeof vxlan.outKey === 'number' && vxlan.outKey !== vni,
  );
  return [
    ...left
      .filter(({ tunnel }) => tunnel.vxlan.remote.kind === 'one')
      .map(({ tunnel, why }): Finding => ({
        level: 'note',
        code: 'vni',
        ...placed(tunnel),
        what: `\`mesh\` of ${name} cannot name this port: ${why}`,
        todo: "nothing: these hosts reach each other by Heddle's own tunnel; take the port away afterwards",
      })),
    ...(keyed.length === 0
      ? []
      : [
          {
            level: 'note' as const,
            code: 'vni' as const,
            what: `${some(keyed.map(nameOf))} ${keyed.length === 1 ? 'has' : 'have'} another key than ${vni}, the VNI of ${name}: it goes on being used as it is`,
            todo: 'nothing',
          },
        ]),
  ];
}

/** The port that VXLAN has, and Heddle's own tunnel [RFC 7348 section 8]. */
const usualPort = 4789;

/**
 * Open vSwitch gives a frame to the port that names its sender before it gives it to one that takes all, and Heddle's own
 * takes all: a tunnel that takes every VNI, and is in no network, would swallow what the other host sends to Heddle's. Those of
 * the other family see nothing of that.
 */
export function shadowFindings(
  tunnels: readonly PlacedVxlan[],
  numbered: readonly Numbered[],
  { owners, family }: Vteps,
): readonly Finding[] {
  const used = new Set(numbered.flatMap(({ mesh }) => mesh));
  return tunnels
    .filter(({ vxlan }) => vxlan.inKey === 'flow' && (vxlan.dstPort ?? usualPort) === usualPort)
    .filter(({ host, bridge, port }) => bridge !== host.bridge || !used.has(port.name))
    .flatMap(tunnel =>
      remoteOf(tunnel)
        .filter(address => familyOf(address) === family)
        .filter(address => owners.has(address) && owners.get(address) !== tunnel.host)
        .map((address): Finding => ({
          level: 'broken',
          code: 'tunnel',
          ...placed(tunnel),
          what: `with key=flow it takes all that ${owners.get(address)?.name ?? ''} (${formatVtep(address)}) sends, and would take it from Heddle's own tunnel, too`,
          todo: 'give it a key of its own, or take it away before Heddle comes',
        })),
    );
}
