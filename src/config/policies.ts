import * as z from 'zod';
import type { LimitConfig, PolicyConfig, Rate } from './config.js';
import { readDscp } from './dscp.js';
import { type Burst, formatBits, readBurst, readRate } from './quantities.js';
import { section } from './section.js';
import { reading } from './values.js';

/** What a service level may say: rates in both directions, or for each, and the mark of what a VM sends. */

/** YAML reads a number without a unit as a number. */
const rate = z
  .unknown()
  .transform(reading(value => readRate(typeof value === 'number' ? String(value) : value)));
const burst = z
  .unknown()
  .transform(reading(value => readBurst(typeof value === 'number' ? String(value) : value)));
const dscp = z.unknown().transform(reading(readDscp));

const limit = section({ rate, burst: burst.optional() }).transform((read, context) => toLimit(read, context));

export const policy = section({
  rate: rate.optional(),
  burst: burst.optional(),
  'from-vm': limit.optional(),
  'to-vm': limit.optional(),
  dscp: dscp.optional(),
}).transform((read, context): Omit<PolicyConfig, 'name'> => {
  // What is wrong further in was told already.
  if (context.issues.length > 0) return z.NEVER;
  const { rate, burst, dscp } = read;
  const directions = { fromVm: read['from-vm'], toVm: read['to-vm'] };
  const oneWay = directions.fromVm ?? directions.toVm;
  const refuse = (message: string, ...path: string[]) => {
    context.addIssue({ code: 'custom', message, path });
    return z.NEVER;
  };
  if (rate !== undefined && oneWay !== undefined)
    return refuse('expected either rate, which is for both directions, or from-vm and to-vm');
  if (rate === undefined && burst !== undefined) return refuse('expected a rate beside it', 'burst');
  if (rate === undefined && oneWay === undefined && dscp === undefined)
    return refuse('expected a rate, from-vm, to-vm or dscp: this says nothing');
  const both = rate === undefined ? undefined : toLimit({ rate, burst }, context);
  const fromVm = both ?? directions.fromVm;
  const toVm = both ?? directions.toVm;
  return {
    ...(fromVm && { fromVm }),
    ...(toVm && { toVm }),
    ...(dscp !== undefined && { dscp }),
  };
});

/** The largest frame of an Ethernet with no jumbo frames, rounded up: a bucket that holds less lets none of them pass. kbit. */
const largestFrame = 13;

/** Of the rate, in seconds: of 20 mbit, TCP got 1 with a burst of 0.01 s, 9 with 0.1 s, 18 with 0.25 s, and all with this. */
const defaultBurst = 0.5;

function toLimit(
  { rate, burst }: { readonly rate: Rate; readonly burst?: Burst | undefined },
  context: z.core.$RefinementCtx,
): LimitConfig {
  const least = rate.unit === 'kbit' ? largestFrame : 1;
  if (burst === undefined) return { rate, burst: Math.max(least, Math.ceil(rate.perSecond * defaultBurst)) };
  const refuse = (message: string) => {
    context.addIssue({ code: 'custom', message, path: ['burst'] });
    return z.NEVER;
  };
  if (burst.unit !== 'ms' && burst.unit !== rate.unit)
    return refuse(
      rate.unit === 'kbit'
        ? 'expected a burst in bits, bytes or time, as the rate is one of bits'
        : 'expected a burst in packets or time, as the rate is one of packets',
    );
  const amount = Math.ceil(burst.unit === 'ms' ? (rate.perSecond * burst.amount) / 1000 : burst.amount);
  if (amount < least)
    return refuse(
      rate.unit === 'kbit'
        ? `expected a burst of at least ${formatBits(largestFrame)}: less than one full frame lets no such frame pass`
        : 'expected a burst of at least 1 packet',
    );
  return amount < 2 ** 32 ? { rate, burst: amount } : refuse('expected a burst below 2^32 kbit or packets');
}
