import type {
  HypervisorView,
  LimitReport,
  Membership,
  PolicingIntent,
  Problem,
  QosIntent,
  QueueReport,
  Setup,
} from '../intent/index.js';
import type { NetworkConfig, PolicyConfig } from '../config/config.js';
import { glob } from '../lib/glob.js';
import type { SwitchFeatures } from '../openflow/index.js';
import { groupBy } from '../lib/group-by.js';
import { fitPolicy, type Fitted, type Host, meterBudget } from './fitting.js';
import { qosProgram, type QosProgram } from './program.js';
import { queueNumbers, shapingOf } from './shaping.js';
import { type Limited, limitsOf, type Subject } from './subject.js';
import type { TableNumbers } from './tables.js';

/** What policies come to on one host. */
export interface HostProgram extends Pick<QosProgram, 'program'> {
  /** What is not as the file says, and what somebody else has done beside it. */
  readonly problems: readonly Problem[];
  readonly limits: readonly LimitReport[];
  /** How ports are to send. */
  readonly shaping: readonly QosIntent[];
  readonly policing: readonly PolicingIntent[];
  readonly queues: readonly QueueReport[];
}

export interface HostProgramInput {
  readonly view: HypervisorView;
  /** Of its switch; left out while that is not connected. */
  readonly features?: SwitchFeatures;
  readonly membership: Membership;
  readonly networks: readonly NetworkConfig[];
  readonly tables: TableNumbers;
  readonly numberMeters: Setup['numberMeters'];
}

/** From policies to what is wanted on a host, and what it cannot do of it. */
export function hostProgram(input: HostProgramInput): HostProgram {
  const { view, features, membership, networks, tables, numberMeters } = input;
  const { name: hypervisor, datapath, egress } = view.config;
  const queues = queueNumbers(egress);
  const host: Host = { name: hypervisor, datapath, queues, ...(features && { features }) };
  const asked = subjectsOf(view, membership);
  const fitted = new Map<string, Fitted>();
  for (const { policy } of asked)
    if (!fitted.has(policy.name)) fitted.set(policy.name, fitPolicy(policy, host));
  const subjects = asked.map(one => ({ ...one, policy: fitted.get(one.policy.name)?.policy ?? one.policy }));
  const budget = meterBudget(host);
  const { program, unlimited, meterFor } = qosProgram({
    subjects,
    tables,
    numberMeters,
    mostMeters: budget.most,
    queues,
  });
  const shaping = shapingOf(view, subjects);
  const about = { hypervisor };
  /** What holds a limit, given the port with what the host can do of its policy. */
  const holder = ({ way, part, limit }: Limited, fitted: Subject): Holder => {
    const meter = meterFor(fitted, way, part);
    if (meter !== undefined) return { meter };
    if (limit.shape !== undefined && shaping.isShaped(fitted)) return { queue: 0 };
    return limit.police !== undefined && shaping.isPoliced(fitted) ? { policed: true } : {};
  };
  return {
    program,
    shaping: shaping.intents,
    queues: shaping.queues,
    policing: shaping.policing,
    limits: asked.flatMap((subject, index) =>
      limitsOf(subject).map(one => limitReport(one, holder(one, subjects[index] ?? subject), view)),
    ),
    problems: [
      ...[...fitted].flatMap(([name, { misfits }]) =>
        misfits.map(message => ({ ...about, message: `policy ${name}: ${message}` })),
      ),
      ...(features === undefined
        ? []
        : [...groupBy(unlimited, ({ subject }) => subject.policy.name)].map(([name, left]) => ({
            ...about,
            message: `policy ${name}: no meter is left for ${tellLeft(left)}: the app has ${budget.most} here, as ${budget.why}`,
          }))),
      ...shaping.problems,
      ...bandwidthProblems(view, asked),
      ...meshProblems(view, asked, networks),
    ],
  };
}

type Holder = Pick<LimitReport, 'meter' | 'queue' | 'policed'>;

function limitReport(
  { subject, way, part, limit: { rate, burst } }: Limited,
  holder: Holder,
  { config }: HypervisorView,
): LimitReport {
  return {
    hypervisor: config.name,
    port: subject.port,
    network: subject.network,
    policy: subject.policy.name,
    ...(part && { class: part.name }),
    direction: way === 'fromVm' ? 'from-vm' : 'to-vm',
    ...rate,
    burst,
    ...holder,
  };
}

/** So many ports are named. */
const named = 3;

function tellLeft(left: readonly Limited[]): string {
  const ports = [...new Set(left.map(({ subject }) => subject.port))];
  const names = ports.slice(0, named).join(', ') + (ports.length > named ? ', …' : '');
  return `${left.length} of its limits, on ${ports.length === 1 ? 'port' : `${ports.length} ports:`} ${names}`;
}

/** A port counts once in each network, by however many of its VLANs. */
function subjectsOf({ config, ports }: HypervisorView, membership: Membership): readonly Subject[] {
  const subjects = new Map<string, Subject>();
  for (const port of ports.values()) {
    if (port.ofport === undefined) continue;
    for (const { network, policy } of membership(config.name, port)) {
      const key = `${network.vni} ${port.name}`;
      if (policy === undefined || subjects.has(key)) continue;
      const metadata = BigInt(network.vni);
      subjects.set(key, { port: port.name, ofport: port.ofport, network: network.name, metadata, policy });
    }
  }
  return [...subjects.values()];
}

/** Tunnels that somebody has made, and that show the underlay none of the marks that policies speak of. */
function meshProblems(
  { config, ports }: HypervisorView,
  asked: readonly Subject[],
  networks: readonly NetworkConfig[],
): readonly Problem[] {
  const marked = new Map(
    asked.filter(({ policy }) => speaksOfMarks(policy)).map(({ network, policy }) => [network, policy]),
  );
  const told = new Map<string, Problem>();
  for (const { name, mesh } of networks) {
    const policy = marked.get(name);
    if (policy === undefined) continue;
    for (const { name: port, vxlan } of ports.values())
      if (vxlan !== undefined && vxlan.copiesDscp !== true && mesh.some(one => glob(one).matches(port)))
        told.set(port, {
          hypervisor: config.name,
          port,
          message: `policy ${policy.name}: this tunnel, which Heddle did not make, shows the underlay no marks: \`ovs-vsctl set Interface ${port} options:tos=inherit\``,
        });
  }
  return [...told.values()];
}

const speaksOfMarks = ({ dscp, classes = [] }: PolicyConfig): boolean =>
  [dscp, ...classes.map(one => one.dscp)].some(mark => mark !== undefined);

/** Somebody else's limits on a port stay, and the lower one is what a VM gets. */
function bandwidthProblems({ config, ports }: HypervisorView, asked: readonly Subject[]): readonly Problem[] {
  return [...new Map(asked.map(one => [one.port, one])).values()].flatMap(({ port, policy }) => {
    const { ingressPolicing, qos } = ports.get(port)?.bandwidth ?? {};
    const found = [
      ...(ingressPolicing === undefined ? [] : [`ingress_policing_rate ${ingressPolicing} kbit/s`]),
      ...(qos === undefined ? [] : [`a QoS of type ${qos}`]),
    ];
    if (found.length === 0) return [];
    return {
      hypervisor: config.name,
      port,
      message: `beside policy ${policy.name} it has limits that Heddle did not set, as libvirt does for a <bandwidth>: ${found.join(' and ')}; they are left alone, and the lower limit holds`,
    };
  });
}
