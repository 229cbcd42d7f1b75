import { same } from '../lib/same.js';
import type { AppConfig, Config } from './config.js';

/** Names of what a map or a list of the file has got, has lost, and has with other contents. Its order is of no account. */
export interface Changes {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly string[];
}

/** What a file says differently from the one before it. */
export interface Difference {
  readonly hypervisors: Changes;
  readonly networks: Changes;
  /** By the names that the file calls them by; options as they are written. */
  readonly apps: Changes;
  /** Whether the apps that stay come in another order: the tables of one stage are numbered by it. */
  readonly appOrder: boolean;
  /** Whether `openflow.listen`, `openflow.advertise`, `api.listen` and `ovsdb.listen` are others, as written or by default. */
  readonly listen: boolean;
  readonly advertise: boolean;
  readonly api: boolean;
  readonly ovsdb: boolean;
}

export function difference(before: Config, after: Config): Difference {
  return {
    hypervisors: changes(before.hypervisors, after.hypervisors),
    networks: changes(before.networks, after.networks),
    apps: changes(before.apps.map(unplaced), after.apps.map(unplaced)),
    appOrder: !same(common(before.apps, after.apps), common(after.apps, before.apps)),
    listen: !same(before.openflow.listen, after.openflow.listen),
    advertise: !same(before.openflow.advertise, after.openflow.advertise),
    api: !same(before.api.listen, after.api.listen),
    ovsdb: !same(before.ovsdb, after.ovsdb),
  };
}

/** One short text for each thing, for people: `network red added`. None where both files say the same. */
export function tellDifference(difference: Difference): readonly string[] {
  const { hypervisors, networks, apps, appOrder, listen, advertise, api, ovsdb } = difference;
  const tell = (one: string, { added, removed, changed }: Changes): string[] =>
    Object.entries({ added, removed, changed }).flatMap(([what, names]) =>
      names.length === 0 ? [] : [`${one}${names.length === 1 ? '' : 's'} ${names.join(', ')} ${what}`],
    );
  return [
    ...tell('hypervisor', hypervisors),
    ...tell('network', networks),
    ...tell('app', apps),
    ...(appOrder ? ['order of the apps changed'] : []),
    ...(listen ? ['openflow.listen changed'] : []),
    ...(advertise ? ['openflow.advertise changed'] : []),
    ...(api ? ['api.listen changed'] : []),
    ...(ovsdb ? ['ovsdb.listen changed'] : []),
  ];
}

export const isEmpty = ({ added, removed, changed }: Changes): boolean =>
  added.length + removed.length + changed.length === 0;

interface Named {
  readonly name: string;
}

function changes(before: readonly Named[], after: readonly Named[]): Changes {
  const old = new Map(before.map(one => [one.name, one]));
  const now = new Map(after.map(one => [one.name, one]));
  const names = [...now.keys()];
  return {
    added: names.filter(name => !old.has(name)),
    removed: [...old.keys()].filter(name => !now.has(name)),
    changed: names.filter(name => old.has(name) && !same(old.get(name), now.get(name))),
  };
}

/** Where an app's options stand in the file says nothing of the app. */
const unplaced = ({ name, options }: AppConfig): Named & Pick<AppConfig, 'options'> => ({ name, options });

const common = (apps: readonly Named[], others: readonly Named[]): readonly string[] => {
  const names = new Set(others.map(({ name }) => name));
  return apps.map(({ name }) => name).filter(name => names.has(name));
};
