/** The YAML file that the lab gives to Heddle: what an operator with these hosts would write. Pure. */
export interface FileHypervisor {
  readonly name: string;
  readonly management: string;
  readonly vtep: string;
  /** netdev unless said. */
  readonly datapath?: 'netdev' | 'system';
  /** The NIC that is a port of the bridge. */
  readonly uplink?: string;
  /** What leaves by it, as YAML's flow style has it: `{ max-rate: 10mbit }`. */
  readonly egress?: string;
}

export type FilePort =
  | { readonly ifaceId: string; readonly addresses?: readonly string[] }
  | { readonly port: string; readonly on: string; readonly maxMacs?: number; readonly vlan?: number };

export interface FileNetwork {
  readonly name: string;
  readonly vni: number;
  readonly ports: readonly FilePort[];
  /** VTEPs that Heddle does not manage. */
  readonly remotes?: readonly string[];
  /** Limits of what is flooded, by their kinds. */
  readonly flood?: Readonly<Record<string, string>>;
  /** Seconds that a learned MAC stays. */
  readonly macAge?: number;
  /** Whether it is noted which addresses MACs have. */
  readonly learnIps?: boolean;
}

export interface HeddleFile {
  readonly listen: string;
  readonly ovsdbPort: number;
  readonly hypervisors: readonly FileHypervisor[];
  readonly networks: readonly FileNetwork[];
  /** Copies of one packet that a switch makes, at most: as many as it can unless said. */
  readonly maxCopies?: number;
}

/** The text of heddle.yaml. */
export function heddleYaml(file: HeddleFile): string {
  const lines = [
    `openflow: { listen: ${file.listen} }`,
    ...(file.maxCopies === undefined ? [] : [`apps: [{ overlay: { max-copies: ${file.maxCopies} } }]`]),
    '',
    'hypervisors:',
    ...file.hypervisors.flatMap(({ name, management, vtep, datapath = 'netdev', uplink, egress }) => [
      `  ${name}:`,
      `    ovsdb: tcp:${management}:${file.ovsdbPort}`,
      '    bridge: br-int',
      `    datapath: ${datapath}`,
      `    vtep: ${JSON.stringify(vtep)}`,
      ...(uplink === undefined ? [] : [`    uplink: ${uplink}`]),
      ...(egress === undefined ? [] : [`    egress: ${egress}`]),
    ]),
    '',
    'networks:',
    ...file.networks.flatMap(({ name, vni, ports, remotes = [], flood = {}, macAge, learnIps }) => [
      `  ${name}:`,
      `    vni: ${vni}`,
      ...(macAge === undefined ? [] : [`    mac-age: ${macAge}`]),
      ...(learnIps === undefined ? [] : [`    learn-ips: ${learnIps}`]),
      '    ports:',
      ...ports.map(port => `      - ${portYaml(port)}`),
      ...(remotes.length === 0 ? [] : [`    remotes: ${JSON.stringify(remotes)}`]),
      ...Object.entries(flood).map(
        ([kind, limit], index) => `${index === 0 ? '    flood:\n' : ''}      ${kind}: ${limit}`,
      ),
    ]),
  ];
  return `${lines.join('\n')}\n`;
}

const portYaml = (port: FilePort): string =>
  'ifaceId' in port
    ? `{ iface-id: ${JSON.stringify(port.ifaceId)}${addressesYaml(port.addresses)} }`
    : `{ port: ${JSON.stringify(port.port)}, on: ${port.on}${valueYaml('vlan', port.vlan)}${valueYaml('max-macs', port.maxMacs)} }`;

const valueYaml = (key: string, value: number | undefined): string =>
  value === undefined ? '' : `, ${key}: ${value}`;

const addressesYaml = (addresses: readonly string[] | undefined): string =>
  addresses === undefined ? '' : `, addresses: ${JSON.stringify(addresses)}`;
