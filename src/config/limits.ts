import * as z from 'zod';
import type { LimitConfig, Rate, Shaper } from './config.js';
import { type Burst, formatBits, readBurst, readRate } from './quantities.js';
import { section } from './section.js';
import { reading } from './values.js';

/** Rates with their bursts. */

const shapers = ['linux-htb', 'linux-hfsc'] as const satisfies readonly Shaper[];
export const shaper = z.enum(shapers, { error: `expected ${shapers.join(' or ')}` });

/** YAML reads a number without a unit as a number. */
const textOf = (value: unknown): unknown => (typeof value === 'number' ? String(value) : value);

export const rate = z.unknown().transform(reading(value => readRate(textOf(value))));
export const burst = z.unknown().transform(reading(value => readBurst(textOf(value))));

const police = z.enum(['ingress'], { error: 'expected ingress, which is ingress policing of the port' });

/** What a VM sends may also be policed by its port. */
export const limitFromVm = section({ rate, burst: burst.optional(), police: police.optional() }).transform(
  ({ police, ...read }, context): LimitConfig => {
    // What is wrong further in was told already.
    if (context.issues.length > 0) return z.NEVER;
    if (police !== undefined && read.rate.unit === 'packet') {
      const message = 'expected a rate in bits beside it: ports are not policed by packets';
      context.addIssue({ code: 'custom', message, path: ['police'] });
      return z.NEVER;
    }
    return { ...toLimit(read, context), ...(police && { police }) };
  },
);

/** What a VM gets may also wait. */
export const limitToVm = section({ rate, burst: burst.optional(), shape: shaper.optional() }).transform(
  ({ shape, ...read }, context): LimitConfig => {
    // What is wrong further in was told already.
    if (context.issues.length > 0) return z.NEVER;
    if (shape !== undefined && read.rate.unit === 'packet') {
      const message = 'expected a rate in bits beside it: packets are not shaped';
      context.addIssue({ code: 'custom', message, path: ['shape'] });
      return z.NEVER;
    }
    if (shape === undefined) return toLimit(read, context);
    return read.burst === undefined
      ? { rate: read.rate, burst: 0, shape }
      : { ...toLimit(read, context), shape };
  },
);

/** The largest frame of an Ethernet with no jumbo frames, rounded up: a bucket that holds less lets none of them pass. kbit. */
const largestFrame = 13;

/** Of the rate, in seconds: of 20 mbit, TCP got 1 with a burst of 0.01 s, 9 with 0.1 s, 18 with 0.25 s, and all with this. */
const defaultBurst = 0.5;

export function toLimit(
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
