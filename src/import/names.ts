/** What hosts are called in the file. */
import type { Endpoint } from '../config/config.js';
import type { HostIdentity } from './facts.js';

/** A name that the file takes: letters, digits, dots, hyphens and underscores, at most 64. */
const pattern = /^[A-Za-z0-9_.-]{1,64}$/;

export interface NameHints {
  /** What the person calls it. */
  readonly given?: string;
  readonly identity?: HostIdentity;
  readonly endpoint: Endpoint;
}

/**
 * One name for each, all different: as given, else the host name without its domain (with it, where two would be the same),
 * else the system id, else the address. A given name comes before all others.
 */
export function nameHosts(hints: readonly NameHints[]): readonly string[] {
  const names = new Array<string>(hints.length).fill('');
  const taken = new Set<string>();
  const take = (index: number, wishes: readonly (string | undefined)[]): void => {
    const usable = wishes.filter(wish => wish !== undefined).filter(wish => pattern.test(wish));
    const free = usable.find(wish => !taken.has(wish)) ?? numbered(usable[0] ?? 'host', taken);
    names[index] = free;
    taken.add(free);
  };
  for (const [index, { given }] of hints.entries()) if (given !== undefined) take(index, [given]);
  const hostnames = hints.map(({ identity }) => realName(identity?.hostname));
  const shorts = hostnames.map(shortName);
  for (const [index, hint] of hints.entries()) {
    if (hint.given !== undefined) continue;
    const [hostname, short, systemId] = [hostnames[index], shorts[index], hint.identity?.systemId];
    const shared = shorts.filter(other => other === short).length > 1;
    const known = shared ? [hostname, systemId, short] : [short, hostname, systemId];
    take(index, [...known, nameOfEndpoint(hint.endpoint)]);
  }
  return names;
}

/** What every host could be called is no name. */
const realName = (hostname: string | undefined): string | undefined =>
  hostname === undefined || /^localhost(\.|$)/.test(hostname) ? undefined : hostname;

/** The first label; an address has none. */
const shortName = (hostname: string | undefined): string | undefined =>
  hostname === undefined || /^[\d.]+$/.test(hostname) ? hostname : hostname.split('.')[0];

function nameOfEndpoint(endpoint: Endpoint): string {
  if (endpoint.transport === 'unix') return 'localhost';
  return endpoint.host.replaceAll(/[^A-Za-z0-9_.-]/g, '-').slice(0, 64);
}

function numbered(name: string, taken: ReadonlySet<string>): string {
  const short = name.slice(0, 58);
  for (let number = 2; ; number++) {
    const numbered = `${short}-${number}`;
    if (!taken.has(numbered)) return numbered;
  }
}

const collator = new Intl.Collator('en', { numeric: true });

/** As people sort: vnet2 before vnet10. */
export const compareNames = (a: string, b: string): number =>
  collator.compare(a, b) || (a < b ? -1 : a > b ? 1 : 0);
