import type { Endpoint } from '../config/config.js';
import { formatEndpoint, readOvsdb } from '../config/endpoint.js';
import { quoted } from '../config/mistake.js';
import { HeddleError } from '../lib/errors.js';

/** A host that is to be read. */
export interface ImportTarget {
  /** What the person calls it. */
  readonly given?: string;
  readonly endpoint: Endpoint;
}

/**
 * `kvm1=tcp:10.98.0.1:6640`, or the address alone.
 *
 * @throws HeddleError CONFIG_INVALID, with a line for each argument that is wrong
 */
export function readTargets(args: readonly string[]): readonly ImportTarget[] {
  const mistakes: string[] = [];
  const names = new Set<string>();
  const addresses = new Set<string>();
  const targets = args.flatMap((text): ImportTarget[] => {
    const [, given, address = text] = /^([A-Za-z0-9_.-]{1,64})=(.*)$/s.exec(text) ?? [];
    const read = readOvsdb(address);
    if (!('value' in read)) {
      const hint = read.hint === undefined ? '' : `; ${read.hint}`;
      mistakes.push(`${quoted(text)}: ${read.problem}, with or without NAME= before it${hint}`);
      return [];
    }
    const where = formatEndpoint(read.value);
    if (given !== undefined && names.has(given)) mistakes.push(`two hosts are called ${given}`);
    if (addresses.has(where)) mistakes.push(`${where} is there twice: each host once`);
    if (given !== undefined) names.add(given);
    addresses.add(where);
    return [{ ...(given !== undefined && { given }), endpoint: read.value }];
  });
  if (mistakes.length > 0) throw new HeddleError('CONFIG_INVALID', mistakes.join('\n'));
  return targets;
}
