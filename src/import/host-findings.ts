/** What there is on a host that the file has no place for, and what does not work there. */
import { canBeNamed, membersOf } from './choose-bridge.js';
import type { BridgeFacts, HostFacts, PortFacts } from './facts.js';
import { type Finding, listed, some } from './finding.js';

export interface HostContext {
  /** The bridge that was asked for by name. */
  readonly wanted?: string;
}

export function hostFindings(host: HostFacts, { wanted }: HostContext): readonly Finding[] {
  const { bridge, bridges } = host;
  const findings = bridges.flatMap(one => one.ports.flatMap(port => portFindings(host, one, port)));
  if (bridge === undefined) return [...withoutBridge(host, wanted), ...findings];
  return [
    ...otherBridges(host, bridge, wanted),
    ...bridgeFindings(host, bridge),
    ...findings,
    ...together(host, bridge),
  ];
}

function withoutBridge({ name, bridges }: HostFacts, wanted: string | undefined): readonly Finding[] {
  const names = bridges.map(bridge => bridge.name);
  const unnamed = bridges.filter(bridge => !canBeNamed(bridge));
  return [
    {
      level: bridges.length > 0 ? 'broken' : 'note',
      code: 'bridge-missing',
      host: name,
      what: `there is no bridge ${wanted ?? 'at all'} here${names.length === 0 ? '' : `, but ${some(names)}`}; with this file, Heddle makes one`,
      todo: 'name the bridge that the VMs are on, if that is not what is meant',
    },
    ...unnamed.map((bridge): Finding => ({
      level: 'broken',
      code: 'bridge-name',
      host: name,
      bridge: bridge.name,
      what: "the file cannot hold this bridge's name, which is longer than 15 characters or has others than letters, digits, dots, hyphens and underscores",
      todo: 'give the bridge another name',
    })),
  ];
}

function otherBridges(host: HostFacts, chosen: BridgeFacts, wanted: string | undefined): readonly Finding[] {
  const others = host.bridges.filter(bridge => bridge !== chosen);
  const busy = others.filter(
    bridge => membersOf(bridge) > 0 || bridge.ports.some(({ role }) => role === 'vxlan'),
  );
  const count = (bridge: BridgeFacts): string => {
    const tunnels = bridge.ports.filter(({ role }) => role === 'vxlan').length;
    const parts = [
      ...(membersOf(bridge) > 0 ? [plural(membersOf(bridge), 'VM port')] : []),
      ...(tunnels > 0 ? [plural(tunnels, 'tunnel')] : []),
    ];
    return `${bridge.name} (${parts.join(', ')})`;
  };
  return busy.length === 0
    ? []
    : [
        {
          level: 'note',
          code: wanted === undefined ? 'bridge-choice' : 'other-bridge',
          host: host.name,
          bridge: chosen.name,
          what: `this is the bridge that the file names, and there is more on ${listed(busy.map(count))}, which is left as it is`,
          todo: 'import with --bridge NAME to take another one, or move those ports to this bridge',
        },
      ];
}

function bridgeFindings({ name: host }: HostFacts, bridge: BridgeFacts): readonly Finding[] {
  const place = { host, bridge: bridge.name };
  const { controllers, failMode, spanningTree, mirrors, exporters, datapathType } = bridge;
  const findings: Finding[] = [];
  if (controllers.length > 0)
    findings.push({
      level: 'note',
      code: 'controller',
      ...place,
      what: `${listed(controllers)} ${controllers.length === 1 ? 'is its controller' : 'are its controllers'}: what its ports are to each other is for that one's flows to say, which OVSDB does not show`,
      todo: 'compare the networks of this file with what it does, and take it away before Heddle comes',
    });
  else if (failMode === 'secure')
    findings.push({
      level: 'note',
      code: 'controller',
      ...place,
      what: 'fail_mode is secure, and it has no controller: it forwards by flows that somebody has put there, which OVSDB does not show',
      todo: `compare the networks of this file with ovs-ofctl dump-flows ${bridge.name}`,
    });
  if (spanningTree !== undefined)
    findings.push({
      level: 'note',
      code: 'spanning-tree',
      ...place,
      what: `${spanningTree} is on, which Heddle leaves as it is`,
      todo: 'turn it off once Heddle has the bridge: tunnels are no loop then, and a port that it blocks stays blocked',
    });
  if (mirrors.length + exporters.length > 0)
    findings.push({
      level: 'note',
      code: 'mirror',
      ...place,
      what: `there ${mirrors.length + exporters.length === 1 ? 'is' : 'are'} ${listed([...mirrors.map(mirror => `the mirror ${mirror}`), ...exporters])}, which Heddle leaves as it is`,
      todo: 'nothing',
    });
  if (!['', 'system', 'netdev'].includes(datapathType))
    findings.push({
      level: 'broken',
      code: 'bridge-choice',
      ...place,
      what: `its datapath_type is ${datapathType}, which the file has no word for`,
      todo: 'let it be system or netdev',
    });
  if (membersOf(bridge) === 0)
    findings.push({
      level: 'note',
      code: 'no-vms',
      ...place,
      what: 'it has no VM',
      todo: 'nothing, if none runs now',
    });
  return findings;
}

function portFindings(host: HostFacts, bridge: BridgeFacts, port: PortFacts): readonly Finding[] {
  const place = { host: host.name, bridge: bridge.name, port: port.name };
  const findings: Finding[] = [];
  if (port.error !== undefined)
    findings.push({
      level: 'broken',
      code: 'interface-error',
      ...place,
      what: `Open vSwitch could not make it: ${port.error}`,
      todo: 'repair it, or take it away (ovs-vsctl del-port)',
    });
  const remote = port.vxlan?.remote;
  if (remote?.kind === 'none')
    findings.push({
      level: 'broken',
      code: 'tunnel',
      ...place,
      what: 'it is a tunnel with no options:remote_ip, and leads nowhere',
      todo: 'say where it leads, or take it away',
    });
  if (remote?.kind === 'other')
    findings.push({
      level: 'note',
      code: 'tunnel',
      ...place,
      what: `it leads to ${remote.text}, which is no address of one host: the file has no place for it`,
      todo: 'nothing where all hosts are in the file, as Heddle has tunnels of its own',
    });
  if (remote?.kind === 'flow' && bridge === host.bridge)
    findings.push({
      level: 'note',
      code: 'tunnel',
      ...place,
      what: 'its remote_ip is flow: where it leads is for flows to say, which OVSDB does not show',
      todo: 'find out who writes those flows, and take both away before Heddle comes',
    });
  if (port.vxlan !== undefined && (port.vxlan.inKey === undefined || port.vxlan.outKey === undefined))
    findings.push({
      level: 'broken',
      code: 'tunnel',
      ...place,
      what: 'its key is no VNI: a whole number from 0 to 16777215, or flow',
      todo: 'give it one',
    });
  return findings;
}

/** One finding for all ports of a kind: a host may have hundreds. */
function together(host: HostFacts, bridge: BridgeFacts): readonly Finding[] {
  const place = { host: host.name, bridge: bridge.name };
  const names = (of: (port: PortFacts) => boolean): string[] =>
    bridge.ports.filter(of).map(({ name }) => name);
  const note = (code: Finding['code'], ports: readonly string[], what: string, todo: string): Finding[] =>
    ports.length === 0 ? [] : [{ level: 'note', code, ...place, what: what.replace('%', some(ports)), todo }];
  const rated = bridge.ports.filter(({ rates }) => rates.length > 0);
  const tagged = bridge.ports.some(
    ({ role, vlan }) => role === 'member' && vlan.kind === 'access' && vlan.tag !== 0,
  );
  return [
    ...note(
      'rates',
      rated.map(({ name, rates }) => `${name}: ${rates.join(', ')}`),
      'rates are set on its ports (%), and Heddle leaves them as they are: where the file says others, the lower limit holds',
      'nothing, and rates of a whole port go on; or write them as `qos` (docs/qos.md) and take these away. Queues that flows choose do not go on: `egress` of the hypervisor and `queue` of a policy make them anew',
    ),
    ...note(
      'patch',
      names(({ role }) => role === 'patch'),
      'patch ports lead to other bridges (%): Heddle does not serve them, and leaves them as they are',
      'move the ports of that other bridge here, if their VMs are to reach these',
    ),
    ...note(
      'tunnel',
      names(({ role }) => role === 'tunnel'),
      'there are tunnels of other kinds than vxlan (%), which Heddle does not serve',
      'nothing, if all hosts that they lead to are in the file',
    ),
    ...note(
      'stacked-vlans',
      names(({ role, stacked }) => role === 'member' && stacked),
      "ports carry customers' VLANs (vlan_mode=dot1q-tunnel: %), which the file has no word for",
      'nothing, if their frames have no tags',
    ),
    ...note(
      'trunk',
      names(({ role, type, vlan }) => tagged && role === 'member' && type !== 'internal' && isPlain(vlan)),
      'ports have neither tag nor trunks (%): untagged frames are in VLAN 0, and tagged ones in any VLAN',
      'where such a VM tags by itself (a firewall, a router), add its port with `vlan: N` to each of its networks',
    ),
    ...note(
      'heddle',
      names(({ role }) => role === 'heddle'),
      'Heddle has made ports here (%): it manages this host already, or did so once',
      'compare this file with the one that it runs with',
    ),
  ];
}

const isPlain = (vlan: PortFacts['vlan']): boolean =>
  vlan.kind === 'trunk' && vlan.trunks === undefined && vlan.native === 0;

export const plural = (n: number, what: string): string => `${n} ${what}${n === 1 ? '' : 's'}`;
