import * as z from 'zod';
import type { Marking, Treatment } from './config.js';
import { readDscp } from './dscp.js';
import type { Reading } from './endpoint.js';
import { burst, limitFromVm, limitToVm, rate, toLimit } from './limits.js';
import { name, reading } from './values.js';

/** What policies and their classes say alike: rates in both directions, or for each, and the mark of what a VM sends. */

const marking = z
  .unknown()
  .transform(reading((value): Reading<Marking> => (value === 'trust' ? { value } : readDscp(value))));

export const treatmentKeys = {
  rate: rate.optional(),
  burst: burst.optional(),
  'from-vm': limitFromVm.optional(),
  'to-vm': limitToVm.optional(),
  dscp: marking.optional(),
  queue: name.optional(),
};

type Keys = typeof treatmentKeys;
type Read = { readonly [Key in keyof Keys]?: z.output<Keys[Key]> | undefined };

/** @param says whether what is read says something in another way, too */
export function treatment(read: Read, context: z.core.$RefinementCtx, says = false): Treatment {
  const { rate, burst, dscp, queue } = read;
  const directions = { fromVm: read['from-vm'], toVm: read['to-vm'] };
  const oneWay = directions.fromVm ?? directions.toVm;
  const refuse = (message: string, ...path: string[]) => {
    context.addIssue({ code: 'custom', message, path });
    return z.NEVER;
  };
  if (rate !== undefined && oneWay !== undefined)
    return refuse('expected either rate, which is for both directions, or from-vm and to-vm');
  if (rate === undefined && burst !== undefined) return refuse('expected a rate beside it', 'burst');
  if (!says && [rate, oneWay, dscp, queue].every(one => one === undefined))
    return refuse('expected a rate, from-vm, to-vm, dscp or queue: this says nothing');
  const both = rate === undefined ? undefined : toLimit({ rate, burst }, context);
  const fromVm = both ?? directions.fromVm;
  const toVm = both ?? directions.toVm;
  return {
    ...(fromVm && { fromVm }),
    ...(toVm && { toVm }),
    ...(dscp !== undefined && { dscp }),
    ...(queue !== undefined && { queue }),
  };
}
