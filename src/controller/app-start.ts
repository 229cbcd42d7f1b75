import { isDeepStrictEqual } from 'node:util';
import {
  type AppModule,
  hashText,
  makeCookie,
  maxApps,
  numberMeters,
  numberTables,
  type Pipeline,
  type HostIntent,
  type Scope,
  type Setup,
  type Step,
  tablesOf,
  type World,
} from '../intent/index.js';
import type { Dpid } from '../lib/addresses.js';
import { HeddleError, messageOf } from '../lib/errors.js';
import type { CheckedPart } from '../reconcile/check.js';
import { checkStep } from './app-answers.js';

/** An app as the file asks for it, its options checked against its own schema. */
export interface LoadedApp {
  readonly module: AppModule;
  readonly options: unknown;
}

export interface Running extends LoadedApp {
  readonly number: number;
  readonly reactiveCookie: bigint;
  state: unknown;
  /** The last program of each switch that could be made: an app that throws never empties a switch. */
  readonly lastGood: Map<Dpid, CheckedPart>;
  /** As `lastGood`, of each hypervisor. */
  readonly lastHost: Map<string, HostAnswer>;
  /** Switches that were up when the app was started, until it has been told of them. */
  readonly unmet: Set<Dpid>;
  /** What it threw last, and how often it has thrown. */
  failure?: { readonly message: string; readonly count: number };
}

/** What an app wants on a hypervisor; undefined what it cannot say. */
export interface HostAnswer {
  readonly ports: HostIntent['ports'];
  readonly qos: HostIntent['qos'] | undefined;
  readonly policing: HostIntent['policing'] | undefined;
}

/** The apps of one reading of the file. */
export interface Generation {
  readonly running: readonly Running[];
  readonly pipelines: Readonly<Record<Scope, Pipeline>>;
}

/** What a new file does to the apps. */
export interface NextGeneration extends Generation {
  /** Those that are started by it: they know of nothing yet. */
  readonly fresh: readonly Running[];
  /** Where an app has come, gone, or been started anew: what earlier ones left in the switches has to be read again. */
  readonly scopes: ReadonlySet<Scope>;
  /** Switches whose programs may be others now; not those of `scopes`. */
  readonly changed: ReadonlySet<Dpid>;
}

/** Numbers in cookies: the built-in apps have theirs for good, so that an upgrade finds its flows again. */
export const fixedNumbers: ReadonlyMap<string, number> = new Map([
  ['overlay', 1],
  ['learning-switch', 2],
  ['qos', 3],
]);
const firstFreeNumber = 8;

/** @throws HeddleError APP_THREW or APP_INVALID: an app that cannot start is a mistake to be told at once. */
export function startApps(apps: readonly LoadedApp[], world: World): Generation {
  return nextApps(apps, world, { running: [], pipelines: { hypervisors: [], others: [] } }, false);
}

/**
 * The apps of a new file. Those that stay keep their numbers and their state; nothing of `before` is changed, so that a file
 * of which an app wants nothing can be refused.
 *
 * @param worldChanged whether networks or hypervisors are others than before
 * @throws HeddleError APP_THREW, APP_INVALID
 */
export function nextApps(
  apps: readonly LoadedApp[],
  world: World,
  before: Generation,
  worldChanged: boolean,
): NextGeneration {
  const modules = apps.map(app => app.module);
  const pipelines = {
    hypervisors: numberTables(modules.filter(({ scope }) => scope === 'hypervisors')),
    others: numberTables(modules.filter(({ scope }) => scope === 'others')),
  };
  const stays = new Map(before.running.map(app => [app.module, app]));
  const numberOf = numbering(before.running.filter(({ module }) => modules.includes(module)));
  const fresh: Running[] = [];
  const changed = new Set<Dpid>();
  const running = apps.map((app): Running => {
    const { module, options } = app;
    const { scope } = module;
    const old = stays.get(module);
    const number = numberOf(module);
    const setup = setupOf(module, number, pipelines[scope]);
    const sameOptions = old !== undefined && isDeepStrictEqual(old.options, options);
    const sameTables =
      old !== undefined && placeOf(module, pipelines[scope]) === placeOf(module, before.pipelines[scope]);
    if (sameTables && sameOptions && !worldChanged) return old;
    if (sameTables && (sameOptions || module.reconfigure !== undefined)) {
      const step = reconfigured(app, setup, old.state, world);
      for (const dpid of step.changed ?? switchesOf(scope, world)) changed.add(dpid);
      return { ...old, options, state: step.state };
    }
    const made = {
      ...app,
      number,
      reactiveCookie: setup.reactiveCookie,
      state: started(app, setup, world),
      // What is in the switches stays until the app has been told of them.
      lastGood: new Map(sameTables ? old.lastGood : []),
      lastHost: new Map<string, HostAnswer>(),
      unmet: new Set(switchesOf(scope, world)),
    };
    fresh.push(made);
    return made;
  });
  const stay = new Set(modules);
  const gone = before.running.map(app => app.module).filter(module => !stay.has(module));
  const scopes = new Set([...fresh.map(app => app.module), ...gone].map(module => module.scope));
  return { running, pipelines, fresh, scopes, changed };
}

export const scopeOfSwitch = ({ hypervisor }: { readonly hypervisor?: string }): Scope =>
  hypervisor === undefined ? 'others' : 'hypervisors';

const switchesOf = (scope: Scope, { switches }: World): readonly Dpid[] =>
  [...switches].filter(([, view]) => scopeOfSwitch(view) === scope).map(([dpid]) => dpid);

/** An app that stays keeps its number, since its cookies hold it; each new one gets the lowest that no other has. */
function numbering(kept: readonly Running[]): (module: AppModule) => number {
  const given = new Map(kept.map(({ module, number }) => [module, number]));
  const taken = new Set(given.values());
  return module => {
    let number = given.get(module) ?? fixedNumbers.get(module.name) ?? firstFreeNumber;
    if (!given.has(module) && !fixedNumbers.has(module.name)) while (taken.has(number)) number += 1;
    if (number >= maxApps)
      throw new HeddleError('APP_INVALID', `more than ${maxApps - firstFreeNumber} apps`);
    taken.add(number);
    return number;
  };
}

const setupOf = (module: AppModule, number: number, pipeline: Pipeline): Setup => ({
  tables: tablesOf(pipeline, module.name),
  // With its name in it: the number of a user's own app may be another's in the next run.
  reactiveCookie: makeCookie(number, 'reactive', hashText(module.name)),
  // With the tables in it: what was learned into a table that now is another must not be taken for what is wanted.
  learnedCookie: key => makeCookie(number, 'learned', hashText(`${key} ${placeOf(module, pipeline)}`)),
  numberMeters: (names, most) => numberMeters(number, names, most),
});

function started({ module, options }: LoadedApp, setup: Setup, world: World): unknown {
  try {
    return module.init(options, setup, world);
  } catch (thrown) {
    throw threw(`app ${module.name} failed to start`, thrown);
  }
}

function reconfigured(app: LoadedApp, setup: Setup, state: unknown, world: World): Step<unknown> {
  const { module, options } = app;
  if (module.reconfigure === undefined) return { state };
  try {
    const step = checkStep(module.reconfigure(options, setup, state, world), 'reconfigure');
    return { state: step.state, changed: step.changed ?? [] };
  } catch (thrown) {
    throw threw(`app ${module.name} cannot take the new file`, thrown);
  }
}

const threw = (what: string, cause: unknown): HeddleError =>
  new HeddleError('APP_THREW', `${what}: ${messageOf(cause)}`, { cause });

/** The numbers of an app's own tables and of those that follow them. */
const placeOf = ({ name }: AppModule, pipeline: Pipeline): string =>
  pipeline
    .filter(({ app }, index) => app === name || pipeline[index - 1]?.app === name)
    .map(({ app, name, number }) => (app === name ? `${name}=${number}` : `${number}`))
    .join(' ');
