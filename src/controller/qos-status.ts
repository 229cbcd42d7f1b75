import type { HypervisorView, LimitReport, QueueReport } from '../intent/index.js';
import type { Dpid } from '../lib/addresses.js';
import type { MeterStats, QueueStats } from '../openflow/index.js';
import type { SwitchCounters } from './switch-counters.js';

/** What GET /v1/qos tells. All values are plain JSON; counters go on from whenever the switch began to count. */
export interface QosStatus {
  readonly limits: readonly LimitStatus[];
  readonly ports: readonly PortTraffic[];
  readonly queues: readonly QueueStatus[];
}

/** A limit, and what its meter or queue has counted; left out where there is none, or its switch is not connected. */
export interface LimitStatus extends LimitReport {
  readonly counted?: LimitCounters;
}

export interface LimitCounters {
  /** When, in milliseconds of Heddle's own clock. */
  readonly at: number;
  readonly passedPackets: number;
  readonly passedBytes: number;
  readonly droppedPackets: number;
  readonly droppedBytes: number;
}

/** A queue of a host's way out, and what it has sent. */
export interface QueueStatus extends QueueReport {
  readonly counted?: LimitCounters;
}

/** What went through a port that has limits: `received` is what its VM has sent. */
export interface PortTraffic {
  readonly hypervisor: string;
  readonly port: string;
  readonly at: number;
  readonly receivedBytes: number;
  readonly sentBytes: number;
  readonly receiveDropped: number;
  readonly sendDropped: number;
}

export function qosStatus(
  { limits, queues }: { readonly limits: readonly LimitReport[]; readonly queues: readonly QueueReport[] },
  counters: ReadonlyMap<Dpid, SwitchCounters>,
  views: ReadonlyMap<string, HypervisorView>,
): QosStatus {
  const of = (hypervisor: string): SwitchCounters | undefined => {
    const view = views.get(hypervisor);
    return view && counters.get(view.config.dpid);
  };
  const portOf = ({ hypervisor, port }: PortName): number | undefined =>
    views.get(hypervisor)?.ports.get(port)?.ofport;
  const ofQueue = (of: PortName, queue: number | undefined): LimitCounters | undefined => {
    const all = queue === undefined ? undefined : counters.get(views.get(of.hypervisor)?.config.dpid ?? -1n);
    const stats = all?.queues.find(one => one.queueId === queue && one.portNo === portOf(of));
    return all && stats && queueCounters(stats, all.at);
  };
  const ports = new Map(limits.map(one => [`${one.hypervisor} ${one.port}`, one]));
  return {
    limits: limits.map(one => {
      const all = of(one.hypervisor);
      const stats = one.meter === undefined ? undefined : all?.meters.get(one.meter);
      const counted = all && stats ? countersOf(stats, all.at) : ofQueue(one, one.queue);
      return { ...one, ...(counted && { counted }) };
    }),
    queues: queues.map(one => {
      const counted = ofQueue(one, one.number);
      return { ...one, ...(counted && { counted }) };
    }),
    ports: [...ports.values()].flatMap(({ hypervisor, port }): PortTraffic[] => {
      const all = of(hypervisor);
      const stats = all?.ports.get(portOf({ hypervisor, port }) ?? -1);
      if (all === undefined || stats === undefined) return [];
      return [
        {
          hypervisor,
          port,
          at: all.at,
          receivedBytes: Number(stats.rxBytes),
          sentBytes: Number(stats.txBytes),
          receiveDropped: Number(stats.rxDropped),
          sendDropped: Number(stats.txDropped),
        },
      ];
    }),
  };
}

interface PortName {
  readonly hypervisor: string;
  readonly port: string;
}

/** What did not fit into the queue counts as errors [OF1.3.5 7.3.5.8]; how many bytes that were is not told. */
const queueCounters = ({ txPackets, txBytes, txErrors }: QueueStats, at: number): LimitCounters => ({
  at,
  passedPackets: Number(txPackets),
  passedBytes: Number(txBytes),
  droppedPackets: isCounted(txErrors) ? Number(txErrors) : 0,
  droppedBytes: 0,
});

/** All ones: the switch does not keep this counter. */
const isCounted = (counter: bigint): boolean => counter !== 0xffffffffffffffffn;

/** A meter counts what comes to it, and each of its bands what it drops [OF1.3.5 7.3.5.12]. */
function countersOf({ packetInCount, byteInCount, bandStats }: MeterStats, at: number): LimitCounters {
  const droppedPackets = bandStats.reduce((sum, band) => sum + band.packetBandCount, 0n);
  const droppedBytes = bandStats.reduce((sum, band) => sum + band.byteBandCount, 0n);
  return {
    at,
    passedPackets: Number(packetInCount - droppedPackets),
    passedBytes: Number(byteInCount - droppedBytes),
    droppedPackets: Number(droppedPackets),
    droppedBytes: Number(droppedBytes),
  };
}
