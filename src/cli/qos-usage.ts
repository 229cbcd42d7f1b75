import type { LimitCounters, LimitStatus, QosStatus, QueueStatus } from '../controller/qos-status.js';

/** Whether anything on the host holds this limit. */
export const isHeld = ({ meter, queue, policed }: LimitStatus): boolean =>
  meter !== undefined || queue !== undefined || policed === true;

/** A limit with what passed of late. */
export interface LimitUsage extends LimitStatus {
  /** kbit/s or packets/s, as the limit is; left out while it is not known. */
  readonly passing?: number;
  readonly dropping?: number;
}

export interface PortUsage {
  readonly hypervisor: string;
  readonly port: string;
  /** kbit/s, seen from the VM. */
  readonly fromVm: number;
  readonly toVm: number;
  /** Frames that the port itself has dropped, in both directions, since it is there. */
  readonly dropped: number;
}

/** A queue of a host's way out, with what it sent of late. kbit/s. */
export interface QueueUsage extends QueueStatus {
  readonly sending?: number;
}

export interface QosUsage {
  readonly queues: readonly QueueUsage[];
  readonly limits: readonly LimitUsage[];
  readonly ports: readonly PortUsage[];
}

/** What passed between two answers. A counter that went back, as after a restart of the switch, begins anew. */
export function usageBetween(before: QosStatus, after: QosStatus): QosUsage {
  const old = new Map(before.limits.map(one => [keyOf(one), one.counted]));
  const oldQueues = new Map(before.queues.map(one => [queueKey(one), one.counted]));
  const oldPorts = new Map(before.ports.map(one => [`${one.hypervisor} ${one.port}`, one]));
  return {
    queues: after.queues.map(one => {
      const { passing } = ratesOf({ unit: 'kbit', ...one }, oldQueues.get(queueKey(one)));
      return { ...one, ...(passing !== undefined && { sending: passing }) };
    }),
    limits: after.limits.map(one => ({ ...one, ...ratesOf(one, old.get(keyOf(one))) })),
    ports: after.ports.flatMap((now): PortUsage[] => {
      const { hypervisor, port, at } = now;
      const then = oldPorts.get(`${hypervisor} ${port}`);
      if (then === undefined || at <= then.at) return [];
      const kbit = (bytes: number): number => (Math.max(0, bytes) * 8) / (at - then.at);
      return [
        {
          hypervisor,
          port,
          fromVm: kbit(now.receivedBytes - then.receivedBytes),
          toVm: kbit(now.sentBytes - then.sentBytes),
          dropped: now.receiveDropped + now.sendDropped,
        },
      ];
    }),
  };
}

const queueKey = ({ hypervisor, port, number }: QueueStatus): string =>
  JSON.stringify([hypervisor, port, number]);

const keyOf = ({ hypervisor, port, network, class: part = '', direction }: LimitStatus): string =>
  JSON.stringify([hypervisor, port, network, part, direction]);

function ratesOf(
  { unit, counted: now }: Pick<LimitStatus, 'unit' | 'counted'>,
  then: LimitCounters | undefined,
): Pick<LimitUsage, 'passing' | 'dropping'> {
  if (now === undefined || then === undefined || now.at <= then.at) return {};
  const milliseconds = now.at - then.at;
  const each = (packets: number, bytes: number): number =>
    unit === 'kbit' ? (Math.max(0, bytes) * 8) / milliseconds : (Math.max(0, packets) * 1_000) / milliseconds;
  return {
    passing: each(now.passedPackets - then.passedPackets, now.passedBytes - then.passedBytes),
    dropping: each(now.droppedPackets - then.droppedPackets, now.droppedBytes - then.droppedBytes),
  };
}
