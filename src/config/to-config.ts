import { isMap, readAppEntry, type AppEntry } from './apps.js';
import type { TrafficText } from './classes.js';
import type {
  AppConfig,
  Config,
  HypervisorConfig,
  NetworkConfig,
  PolicyConfig,
  TrafficConfig,
} from './config.js';
import { wireNumber } from './config.js';
import { dpidOfName } from './dpid.js';
import type { TcpEndpoint } from './endpoint.js';
import type { PolicyText } from './policies.js';
import type { FileValue } from './schema.js';
import * as leaf from './values.js';

const openflowListen: TcpEndpoint = { transport: 'tcp', host: '127.0.0.1', port: 6653 };
const apiListen: TcpEndpoint = { transport: 'tcp', host: '127.0.0.1', port: 8653 };

/** A file's checked value with the defaults that depend on its other parts. */
export function toConfig(file: FileValue): Config {
  const listen = file.openflow?.listen ?? openflowListen;
  const hypervisors = Object.entries(file.hypervisors);
  const networks = Object.entries(file.networks);
  const vnis = new Map(networks.map(([name, network]) => [name, numberOf(network)]));
  const policies = new Map(
    Object.entries(file.qos?.policies ?? {}).map(([name, policy]) => [name, toPolicy(name, policy, vnis)]),
  );
  const overlay = hypervisors.length > 0 || networks.length > 0;
  return {
    openflow: { listen, advertise: file.openflow?.advertise ?? listen },
    ...(file.ovsdb !== undefined && { ovsdb: file.ovsdb }),
    api: { listen: file.api?.listen ?? apiListen },
    apps:
      file.apps === undefined
        ? defaultApps(
            overlay,
            policies.size > 0 || hypervisors.some(([, { egress }]) => egress !== undefined),
          )
        : file.apps.map((app, index) => toApp(app, index)),
    hypervisors: hypervisors.map(([name, host]) => toHypervisor(name, host)),
    networks: networks.map(([name, network]) => toNetwork(name, network, policies)),
  };
}

const defaultApps = (overlay: boolean, qos: boolean): AppConfig[] =>
  [...(overlay ? ['overlay'] : []), ...(qos ? ['qos'] : []), 'learning-switch'].map(name => ({
    name,
    options: {},
    path: ['apps'],
  }));

/** The apps that a file names, also where other parts of it are wrong: what cannot be read is left out. */
export function readableApps(file: unknown): AppConfig[] {
  const entries: unknown = isMap(file) ? file['apps'] : undefined;
  if (!Array.isArray(entries)) return [];
  return entries.flatMap((entry: unknown, index) => {
    const read = readAppEntry(entry);
    return 'value' in read ? [toApp(read.value, index)] : [];
  });
}

/** Where a Heddle that runs with an earlier form of the file is most likely to be asked. */
export function readableApi(file: unknown): TcpEndpoint {
  const api = isMap(file) ? file['api'] : undefined;
  const read = leaf.apiListen.safeParse(isMap(api) ? api['listen'] : undefined);
  return read.success ? read.data : apiListen;
}

const toApp = (app: AppEntry, index: number): AppConfig => ({
  name: app.name,
  options: app.options,
  path: app.keyed ? ['apps', index, app.name] : ['apps', index],
});

function toHypervisor(name: string, host: FileValue['hypervisors'][string]): HypervisorConfig {
  const { ovsdb, bridge, datapath, vtep, uplink, egress } = host;
  const dpid = host['datapath-id'] ?? dpidOfName(name);
  return {
    name,
    ovsdb,
    bridge,
    datapath,
    vtep,
    ...(uplink !== undefined && { uplink }),
    ...(egress && { egress }),
    dpid,
  };
}

function toPolicy(
  name: string,
  { classes, ...policy }: PolicyText,
  vnis: ReadonlyMap<string, number>,
): PolicyConfig {
  const withVnis = ({ networks, ...traffic }: TrafficText): TrafficConfig => ({
    ...traffic,
    // A network that is named and is not there is a mistake of the file, which is told (checks/policies.ts).
    ...(networks && { networks: networks.flatMap(network => vnis.get(network) ?? []) }),
  });
  return {
    name,
    ...policy,
    ...(classes && {
      classes: classes.map(({ traffic, ...one }) => ({
        ...one,
        ...(traffic && { traffic: withVnis(traffic) }),
      })),
    }),
  };
}

type Policies = ReadonlyMap<string, PolicyConfig>;

function toNetwork(
  name: string,
  {
    vni,
    vlan,
    ports,
    remotes,
    mesh,
    flood,
    'mac-age': macAge,
    'learn-ips': learnIps,
    qos,
  }: FileValue['networks'][string],
  policies: Policies,
): NetworkConfig {
  return {
    name,
    vni: numberOf({ vni, vlan }),
    ...(vlan !== undefined && { wire: vlan }),
    ports: ports.map(({ qos, ...selector }) => ({ ...selector, ...policyOf(qos, policies) })),
    remotes,
    mesh,
    flood: Object.fromEntries(Object.entries(flood).filter(([, limit]) => limit !== undefined)),
    ...(macAge !== undefined && { macAge }),
    ...(learnIps && { learnIps }),
    ...policyOf(qos, policies),
  };
}

/** One of them is there, or the file has a mistake (checks/networks.ts). */
const numberOf = ({ vni, vlan }: Pick<FileValue['networks'][string], 'vni' | 'vlan'>): number =>
  vni ?? wireNumber(vlan ?? 0);

/** A policy that is named and is not there is a mistake of the file, which is told (checks/policies.ts). */
function policyOf(name: string | undefined, policies: Policies): { policy?: PolicyConfig } {
  const policy = name === undefined ? undefined : policies.get(name);
  return policy === undefined ? {} : { policy };
}
