import * as z from 'zod';
import { classes, type ClassText } from './classes.js';
import type { LimitConfig, Treatment } from './config.js';
import { formatRate } from './quantities.js';
import { section } from './section.js';
import { treatment, treatmentKeys } from './treatment.js';

/** What a service level may say. */

/** With networks by their names. */
export type PolicyText = Treatment & { readonly classes?: readonly ClassText[] };

export const policy = section({ ...treatmentKeys, classes: classes.optional() }).transform(
  (read, context): PolicyText => {
    // What is wrong further in was told already.
    if (context.issues.length > 0) return z.NEVER;
    const { classes } = read;
    const whole = treatment(read, context, classes !== undefined);
    if (context.issues.length > 0) return z.NEVER;
    classes?.forEach((one, index) => {
      for (const way of ['fromVm', 'toVm'] as const) {
        const more = exceeds(one[way], whole[way]);
        if (more !== undefined) context.addIssue({ code: 'custom', message: more, path: ['classes', index] });
      }
    });
    return { ...whole, ...(classes !== undefined && { classes }) };
  },
);

/** A class has its rate within that of all of the port. */
function exceeds(part: LimitConfig | undefined, whole: LimitConfig | undefined): string | undefined {
  if (part === undefined || whole?.rate.unit !== part.rate.unit) return undefined;
  return part.rate.perSecond > whole.rate.perSecond
    ? `expected a rate of at most ${formatRate(whole.rate)}, which is the policy's own for all of a port: ${formatRate(part.rate)} would never be reached`
    : undefined;
}
