import type { EgressConfig, LimitConfig, Shaper } from '../config/config.js';
import type {
  HypervisorView,
  PolicingIntent,
  Problem,
  QosIntent,
  QueueIntent,
  QueueReport,
} from '../intent/index.js';
import type { Subject } from './subject.js';

/** What ports of a host are to send by queues: its uplink, and those whose VMs' traffic waits where it is too much. */
export interface Shaping {
  readonly intents: readonly QosIntent[];
  readonly policing: readonly PolicingIntent[];
  readonly queues: readonly QueueReport[];
  readonly problems: readonly Problem[];
  /** Whether this subject's port is shaped as its policy says. */
  readonly isShaped: (subject: Subject) => boolean;
  /** Whether what comes in by it is policed so. */
  readonly isPoliced: (subject: Subject) => boolean;
}

/** The queue of all that no flow gives to another one [ovs-vswitchd.conf.db(5), QoS: queues]. */
const others = 0;
/** Of htb: what has no priority of its own comes last. */
const last = 7;

export function shapingOf(view: HypervisorView, subjects: readonly Subject[]): Shaping {
  const { config, ports } = view;
  const { name: hypervisor, uplink, egress } = config;
  const problems: Problem[] = [];
  const shaped = new Map<string, Subject>();
  for (const subject of subjects) {
    const { port, policy } = subject;
    if (policy.toVm?.shape === undefined) continue;
    const type = ports.get(port)?.unshaped;
    const first = shaped.get(port);
    const why =
      type !== undefined
        ? `a port of type ${type} is not shaped by Open vSwitch; without shape, a meter drops what is over the rate`
        : first !== undefined && first.policy !== policy
          ? `the port is shaped as a whole, and is so by policy ${first.policy.name} of network ${first.network}`
          : undefined;
    if (why === undefined) shaped.set(port, first ?? subject);
    else
      problems.push({ hypervisor, network: subject.network, port, message: `policy ${policy.name}: ${why}` });
  }
  const policed = new Map<string, Subject>();
  for (const subject of subjects) {
    const { port, policy, network } = subject;
    if (policy.fromVm?.police === undefined) continue;
    const first = policed.get(port) ?? subject;
    policed.set(port, first);
    if (first.policy !== policy)
      problems.push({
        hypervisor,
        network,
        port,
        message: `policy ${policy.name}: the port is policed as a whole, and is so by policy ${first.policy.name} of network ${first.network}`,
      });
  }
  const forPorts = [...shaped.values()].flatMap(({ port, policy: { toVm } }): QosIntent[] =>
    toVm?.shape === undefined ? [] : [portIntent(port, toVm, toVm.shape)],
  );
  const kind = uplink === undefined ? undefined : ports.get(uplink)?.unshaped;
  if (uplink !== undefined && egress !== undefined && kind !== undefined)
    problems.push({
      hypervisor,
      port: uplink,
      message: `egress: a port of type ${kind} is not shaped by Open vSwitch: nothing limits what this host sends, and its queues do not count`,
    });
  const forUplink =
    uplink === undefined || egress === undefined || kind !== undefined ? [] : [uplinkIntent(uplink, egress)];
  return {
    intents: [...forUplink, ...forPorts],
    policing: [...policed.values()].flatMap(({ port, policy: { fromVm } }) =>
      fromVm === undefined ? [] : [{ port, rateKbit: fromVm.rate.perSecond, burstKbit: fromVm.burst }],
    ),
    isPoliced: ({ port, policy }) =>
      policed.get(port)?.policy === policy && policy.fromVm?.police !== undefined,
    queues: forUplink.length === 0 || uplink === undefined ? [] : queueReports(hypervisor, uplink, egress),
    problems,
    isShaped: ({ port, policy }) => shaped.get(port)?.policy === policy && policy.toVm?.shape !== undefined,
  };
}

const bits = (kbit: number): string => String(kbit * 1_000);

const portIntent = (port: string, { rate, burst }: LimitConfig, type: Shaper): QosIntent => ({
  port,
  type,
  otherConfig: { 'max-rate': bits(rate.perSecond) },
  queues: [
    {
      number: others,
      otherConfig: {
        'max-rate': bits(rate.perSecond),
        ...(burst > 0 && type === 'linux-htb' && { burst: bits(burst) }),
      },
    },
  ],
});

function uplinkIntent(port: string, { type, maxKbit, queues }: EgressConfig): QosIntent {
  const isHtb = type === 'linux-htb';
  const whole = { 'max-rate': bits(maxKbit) };
  return {
    port,
    type,
    otherConfig: whole,
    queues: [
      { number: others, otherConfig: { ...whole, ...(isHtb && { priority: String(last) }) } },
      ...queues.map(
        ({ minKbit, maxKbit: max = maxKbit, priority = last, burstKbit }, index): QueueIntent => ({
          number: index + 1,
          otherConfig: {
            'max-rate': bits(max),
            ...(minKbit !== undefined && { 'min-rate': bits(minKbit) }),
            ...(isHtb && { priority: String(priority) }),
            ...(isHtb && burstKbit !== undefined && { burst: bits(burstKbit) }),
          },
        }),
      ),
    ],
  };
}

const queueReports = (hypervisor: string, port: string, egress?: EgressConfig): readonly QueueReport[] =>
  egress === undefined
    ? []
    : [
        { hypervisor, port, number: others, name: '(others)', maxKbit: egress.maxKbit },
        ...egress.queues.map(({ name, minKbit, maxKbit = egress.maxKbit }, index) => ({
          hypervisor,
          port,
          number: index + 1,
          name,
          maxKbit,
          ...(minKbit !== undefined && { minKbit }),
        })),
      ];

/** Numbers for `set_queue`, by the names of the file. */
export const queueNumbers = (egress: EgressConfig | undefined): ReadonlyMap<string, number> =>
  new Map((egress?.queues ?? []).map(({ name }, index) => [name, index + 1]));
