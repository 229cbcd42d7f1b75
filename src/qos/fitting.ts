import type { ClassConfig, LimitConfig, PolicyConfig, Treatment } from '../config/config.js';
import { meterIds } from '../intent/index.js';
import { OFPMF, type SwitchFeatures } from '../openflow/index.js';

/** What is known of a host that policies are to hold on. */
export interface Host {
  readonly datapath: 'system' | 'netdev';
  /** Left out while the switch is not connected: then nothing is held against it. */
  readonly features?: SwitchFeatures;
  readonly name: string;
  /** The names of its queues. */
  readonly queues: Pick<ReadonlySet<string>, 'has'>;
}

/** A policy, without what the host cannot do, and what that is: in words, with the nearest thing that it can. */
export interface Fitted {
  readonly policy: PolicyConfig;
  readonly misfits: readonly string[];
}

export function fitPolicy(policy: PolicyConfig, host: Host): Fitted {
  const misfits = new Set<string>();
  /** Ingress policing is the kernel datapath's, and of no effect in userspace. */
  const metered = (limit: LimitConfig): LimitConfig => {
    if (limit.police === undefined || host.datapath === 'system') return limit;
    misfits.add('police: ingress has no effect in userspace: a meter holds this rate here');
    return { rate: limit.rate, burst: limit.burst };
  };
  const held = (limit?: LimitConfig): LimitConfig | undefined => {
    const why = limit && whyNoMeter(limit, host);
    if (why !== undefined) misfits.add(why);
    return why === undefined ? limit : undefined;
  };
  const fit = <T extends Treatment>({ fromVm, toVm, queue, ...rest }: T) => {
    const noQueue = queue === undefined ? undefined : whyNoQueue(queue, host);
    if (noQueue !== undefined) misfits.add(noQueue);
    const [from, to] = [held(fromVm && metered(fromVm)), held(toVm)];
    return {
      ...rest,
      ...(from && { fromVm: from }),
      ...(to && { toVm: to }),
      ...(queue !== undefined && noQueue === undefined && { queue }),
    };
  };
  const { classes, ...whole } = policy;
  const fitted = fit(whole);
  const parts = classes?.map((one): ClassConfig => fit(one));
  return misfits.size === 0
    ? { policy, misfits: [] }
    : { policy: { ...fitted, ...(parts && { classes: parts }) }, misfits: [...misfits] };
}

function whyNoQueue(queue: string, { datapath, name, queues }: Host): string | undefined {
  if (!queues.has(queue)) return `${name} has no queue ${queue} (hypervisors.${name}.egress.queues)`;
  return datapath === 'netdev'
    ? `queue ${queue} is not used on ${name}: in userspace Open vSwitch sends everything by one queue; egress.max-rate holds for all of it together`
    : undefined;
}

const dropBand = 1;

/** [OF1.3.5 7.3.5.14] Only bands that drop: neither of Open vSwitch's datapaths has others. */
function whyNoMeter({ rate, shape, police }: LimitConfig, { datapath, features }: Host): string | undefined {
  if (features === undefined || shape !== undefined || police !== undefined) return undefined;
  const { meters } = features;
  if (meters === undefined || meters.most === 0)
    return datapath === 'system'
      ? 'rates are not held here: this kernel has no meters (they need Linux 4.18); `police: ingress` in from-vm limits what a VM sends, and `shape: linux-htb` in to-vm what it gets'
      : 'rates are not held here: this switch has no meters (Open vSwitch has them in userspace from 2.7 on)';
  if ((meters.bandTypes & (1 << dropBand)) === 0)
    return 'rates are not held here: the meters of this switch cannot drop';
  const unit = rate.unit === 'kbit' ? OFPMF.KBPS : OFPMF.PKTPS;
  if ((meters.capabilities & unit) === 0)
    return rate.unit === 'kbit'
      ? 'rates in bits are not held here: the meters of this switch count packets only; say pps'
      : 'rates in packets are not held here: the meters of this switch count bits only; say kbit, mbit or gbit';
  if ((meters.capabilities & OFPMF.BURST) === 0)
    return 'rates are not held here: the meters of this switch take no burst, and TCP would get a small part of its rate';
  return undefined;
}

/** Of a total of 1,000, which the app `overlay` needs some of, too. */
const mostWhereTheyBreak: number = meterIds.most;
/** What is left to other apps where a switch says how many it has. */
const others = 500;

/** How many meters this app may have on a host, and why no more. */
export function meterBudget({ datapath, features = {} }: Host): {
  readonly most: number;
  readonly why: string;
} {
  const { meters, ovsVersion } = features;
  if (datapath === 'system' && breaksWithManyMeters(ovsVersion))
    return {
      most: mostWhereTheyBreak,
      why: `Open vSwitch ${ovsVersion ?? 'of an unknown version'} loses all meters of the kernel's datapath when it is restarted with more than about 1,000 (repaired in 3.3.7, 3.4.5, 3.5.3, 3.6.1 and 3.7.0)`,
    };
  const room =
    meters === undefined ? meterIds.places : Math.max(meters.most - others, Math.floor(meters.most / 2));
  return room < meterIds.places
    ? { most: room, why: `this switch has ${meters?.most ?? 0} meters in all` }
    : { most: meterIds.places, why: 'Heddle numbers no more for one app' };
}

/** The first release of each series that starts with more than 1,017 meters in the kernel. */
const repaired: Readonly<Record<string, number>> = { '3.3': 7, '3.4': 5, '3.5': 3, '3.6': 1 };

/** One that cannot be read counts as one that does. */
function breaksWithManyMeters(version = ''): boolean {
  const [, major = '0', minor = '0', patch = '0'] = /^(\d+)\.(\d+)\.(\d+)/.exec(version) ?? [];
  const [release, fix] = [Number(major) * 1_000 + Number(minor), repaired[`${major}.${minor}`]];
  return fix === undefined ? release < 3_007 : Number(patch) < fix;
}
