import { isMap } from './apps.js';
import type { OvsdbSource } from './config.js';
import { formatEndpoint, readOvsdb } from './endpoint.js';
import { describe, didYouMean, type Finding } from './mistake.js';
import { nearMiss } from '../lib/near-miss.js';

const expected = 'expected tcp:HOST:PORT, unix:PATH, or { system-id: ID } for a host that dials in';
const key = 'system-id';

/** An entry `ovsdb:` of a hypervisor; what is wrong is told with its path within the entry. */
export function readOvsdbSource(entry: unknown): { readonly value: OvsdbSource } | Finding {
  if (typeof entry === 'string') {
    const read = readOvsdb(entry);
    if ('value' in read) return read;
    const { problem, ...hint } = read;
    return { path: [], message: problem, ...hint };
  }
  if (!isMap(entry)) return { path: [], found: describe(entry), message: expected };
  const strange = Object.keys(entry).find(name => name !== key);
  if (strange !== undefined) {
    const hint = didYouMean(nearMiss(strange, [key]));
    return {
      path: [strange],
      at: 'key',
      found: describe(strange),
      message: `expected the key ${key} alone`,
      ...hint,
    };
  }
  if (!(key in entry)) return { path: [], found: 'an empty map', message: expected };
  const systemId = entry[key];
  // As a host's Open_vSwitch row has it; it is shown in terminals and logs.
  return typeof systemId === 'string' && /^[\x21-\x7e]{1,255}$/.test(systemId)
    ? { value: { transport: 'dial-in', systemId } }
    : {
        path: [key],
        found: describe(systemId),
        message:
          'expected the id that `ovs-vsctl get Open_vSwitch . external_ids:system-id` tells, in quotes: 1 to 255 characters with no spaces',
      };
}

/** As people write it: `tcp:10.98.0.1:6640`, or `system-id kvm1`. */
export const formatOvsdbSource = (source: OvsdbSource): string =>
  source.transport === 'dial-in' ? `system-id ${source.systemId}` : formatEndpoint(source);
