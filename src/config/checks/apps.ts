import { nearMiss } from '../../lib/near-miss.js';
import { isAppPath } from '../apps.js';
import type { Facts } from '../facts.js';
import { formatPath, quoted, type Finding } from '../mistake.js';
import type { LineOf } from '../source.js';
import { repeats } from './repeats.js';

/** An app runs once: its name is its part of the cookies and its tables. And what needs an app must have it. */
export const checkApps = (facts: Facts, lineOf: LineOf): Finding[] => [
  ...checkOverlay(facts),
  ...checkQos(facts),
  ...repeats(
    facts.apps,
    app => app.name,
    (app, first) => ({
      path: app.path,
      message: `the app ${quoted(app.name)} is in the list already, on line ${lineOf(first.path)}`,
    }),
  ),
];

/** Without it, Heddle would empty the hypervisors' bridges. A module of the user's own may stand in for it. */
function checkOverlay({ apps, appsListed, hypervisors, networks }: Facts): Finding[] {
  const needing = networks.length > 0 ? 'networks' : 'hypervisors';
  if (!appsListed || networks.length + hypervisors.length === 0) return [];
  // A misspelt one is told where apps are looked up.
  const isMeant = (name: string): boolean => isAppPath(name) || nearMiss(name, ['overlay']) !== undefined;
  if (apps.some(({ name }) => name === 'overlay' || isMeant(name))) return [];
  return [
    {
      path: ['apps'],
      message: `this file has ${needing}, which need the app overlay, and this list leaves it out: what it has programmed would be taken away; add "overlay" to the list, or leave \`apps\` out to have the usual ones`,
    },
  ];
}

/** A limit that is written down and holds nobody back is worse than none. */
function checkQos({ apps, appsListed, hypervisors, networks }: Facts): Finding[] {
  const [policy] = networks.flatMap(({ policies }) => policies);
  const shaped = hypervisors.find(host => host.shaped);
  const named = policy?.path ?? (shaped && [...shaped.path, 'egress']);
  const isMeant = (name: string): boolean => isAppPath(name) || nearMiss(name, ['qos']) !== undefined;
  if (!appsListed || named === undefined) return [];
  if (apps.some(({ name }) => name === 'qos' || isMeant(name))) return [];
  return [
    {
      path: ['apps'],
      message: `${formatPath(named)} ${policy === undefined ? 'says how a host sends' : 'names a policy'}, which the app qos applies, and this list leaves it out: add "qos" to the list, or leave \`apps\` out to have the usual ones`,
    },
  ];
}
