import * as z from 'zod';
import type { EgressConfig, QueueConfig } from './config.js';
import { burst, rate, shaper } from './limits.js';
import { formatRate, kbitOf } from './quantities.js';
import { section } from './section.js';
import { name } from './values.js';

/** How a host sends on its way out: `hypervisors.NAME.egress`. */

const bits = rate.refine(({ unit }) => unit === 'kbit', {
  error: 'expected a rate in bits, such as 100mbit: packets are not shaped',
});
const priority = z
  .int({ error: 'expected a whole number from 0 (first) to 7' })
  .min(0, { error: 'expected a whole number from 0 (first) to 7' })
  .max(7, { error: 'expected a whole number from 0 (first) to 7' });

const queue = section({
  min: bits.optional(),
  max: bits.optional(),
  priority: priority.optional(),
  burst: burst.optional(),
});

/** Numbers 1 to this; Linux has classes for many more, and a file with more is most likely wrong. */
const mostQueues = 32;

export const egress = section({
  'max-rate': bits,
  type: shaper.default('linux-htb'),
  queues: z.record(name, queue, { error: 'expected a map of names to queues' }).default({}),
}).transform((read, context): EgressConfig => {
  // What is wrong further in was told already.
  if (context.issues.length > 0) return z.NEVER;
  const { type } = read;
  const whole = read['max-rate'];
  const refuse = (message: string, ...path: string[]): void => {
    context.addIssue({ code: 'custom', message, path });
  };
  const names = Object.keys(read.queues);
  if (names.length > mostQueues) refuse(`expected at most ${mostQueues} queues`, 'queues');
  const queues = Object.entries(read.queues).map(([name, { min, max, priority, burst }]): QueueConfig => {
    const refuseHere = (message: string, key: string): void => refuse(message, 'queues', name, key);
    for (const [key, value] of Object.entries({ min, max }))
      if (value !== undefined && value.perSecond > whole.perSecond)
        refuseHere(`expected a rate of at most ${formatRate(whole)}, which is max-rate`, key);
    if (min !== undefined && max !== undefined && min.perSecond > max.perSecond)
      refuseHere(`expected a rate of at most ${formatRate(max)}, which is the queue's max`, 'min');
    if (type === 'linux-hfsc' && priority !== undefined)
      refuseHere('expected none with linux-hfsc, which has no priorities: linux-htb has', 'priority');
    if (type === 'linux-hfsc' && burst !== undefined)
      refuseHere('expected none with linux-hfsc, which has no bursts: linux-htb has', 'burst');
    if (burst?.unit === 'packet') refuseHere('expected a burst in bits, bytes or time', 'burst');
    const burstKbit = burst && kbitOf(burst, max ?? whole);
    return {
      name,
      ...(min && { minKbit: min.perSecond }),
      ...(max && { maxKbit: max.perSecond }),
      ...(priority !== undefined && { priority }),
      ...(burstKbit !== undefined && { burstKbit }),
    };
  });
  const guaranteed = queues.reduce((sum, { minKbit = 0 }) => sum + minKbit, 0);
  if (guaranteed > whole.perSecond)
    refuse(
      `expected guarantees (min) of at most ${formatRate(whole)} together, which is max-rate: these are ${formatRate({ unit: 'kbit', perSecond: guaranteed })}`,
      'queues',
    );
  return { type, maxKbit: whole.perSecond, queues };
});
