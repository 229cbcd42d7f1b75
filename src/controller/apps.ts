import type { Config } from '../config/config.js';
import {
  type AppEvent,
  type AppMessage,
  type AppModule,
  emptyProgram,
  type HostIntent,
  hashText,
  makeCookie,
  maxApps,
  numberTables,
  type Pipeline,
  type PortIntent,
  type Problem,
  type Program,
  type Report,
  type Scope,
  tablesOf,
  type World,
} from '../intent/index.js';
import { type Dpid, formatDpid } from '../lib/addresses.js';
import { HeddleError, messageOf } from '../lib/errors.js';
import type { FlowStats } from '../openflow/index.js';
import { type CheckedPart, checkPart } from '../reconcile/compile.js';
import { deleteByCookie } from '../reconcile/order.js';
import { checkPorts, checkReport, checkStep } from './app-answers.js';
import type { Log } from './effects.js';

/** An app as the file asks for it, its options checked against its own schema. */
export interface LoadedApp {
  readonly module: AppModule;
  readonly options: unknown;
}

interface Running {
  readonly number: number;
  readonly reactiveCookie: bigint;
  readonly module: AppModule;
  state: unknown;
  /** The last program of each switch that could be made: an app that throws never empties a switch. */
  readonly lastGood: Map<Dpid, CheckedPart>;
  /** As `lastGood`, of each hypervisor. */
  readonly lastPorts: Map<string, readonly PortIntent[]>;
  /** What it threw last, and how often it has thrown. */
  failure?: { readonly message: string; readonly count: number };
}

/** Numbers in cookies: the built-in apps have theirs for good, so that an upgrade finds its flows again. */
const fixedNumbers: ReadonlyMap<string, number> = new Map([
  ['overlay', 1],
  ['learning-switch', 2],
]);
const firstFreeNumber = 8;
/** The cookie number of flows that belong to no app: the way from one table to the next. */
export const pipelineNumber = 0;

/** Runs the apps of the file. An app is a guest: whatever it throws is caught, told, and costs that app alone. */
export class Apps {
  readonly #running: readonly Running[];
  readonly #pipelines: Readonly<Record<Scope, Pipeline>>;
  readonly #log: Log;

  /** @throws HeddleError APP_THREW or APP_INVALID: an app that cannot start is a mistake to be told at once. */
  constructor(apps: readonly LoadedApp[], config: Config, log: Log) {
    this.#log = log;
    const inScope = (scope: Scope): AppModule[] =>
      apps.map(app => app.module).filter(module => module.scope === scope);
    this.#pipelines = {
      hypervisors: numberTables(inScope('hypervisors')),
      others: numberTables(inScope('others')),
    };
    let free = firstFreeNumber;
    this.#running = apps.map(({ module, options }): Running => {
      const number = fixedNumbers.get(module.name) ?? free++;
      if (number >= maxApps)
        throw new HeddleError('APP_INVALID', `more than ${maxApps - firstFreeNumber} apps`);
      // With its name in it: the number of a user's own app may be another's in the next run.
      const reactiveCookie = makeCookie(number, 'reactive', hashText(module.name));
      const setup = {
        config,
        tables: tablesOf(this.#pipelines[module.scope], module.name),
        reactiveCookie,
        learnedCookie: (key: string) => makeCookie(number, 'learned', hashText(key)),
      };
      try {
        const state = module.init(options, setup);
        return { number, reactiveCookie, module, state, lastGood: new Map(), lastPorts: new Map() };
      } catch (thrown) {
        throw new HeddleError('APP_THREW', `app ${module.name} failed to start: ${messageOf(thrown)}`, {
          cause: thrown,
        });
      }
    });
  }

  /** The overlay's flows are known for what they are also while it does not run. */
  scopeOf(number: number): Scope | undefined {
    if (number === fixedNumbers.get('overlay')) return 'hypervisors';
    return this.#running.find(app => app.number === number)?.module.scope;
  }

  pipeline(scope: Scope): Pipeline {
    return this.#pipelines[scope];
  }

  /**
   * Tells an event to the apps of a scope (undefined: of both).
   *
   * @returns messages for the switch that the event came from, and the switches whose desired state may have changed
   */
  dispatch(
    event: AppEvent,
    scope: Scope | undefined,
    world: World,
  ): { readonly send: readonly AppMessage[]; readonly changed: ReadonlySet<Dpid> } {
    const apps = this.#running.filter(app => scope === undefined || app.module.scope === scope);
    const send: AppMessage[] = event.type === 'switch-up' ? deleteOrphans(event.reactive, apps) : [];
    const changed = new Set<Dpid>();
    for (const app of apps) {
      this.#guard(app, event.type, undefined, () => {
        const step = checkStep(app.module.on(ownPart(event, app.reactiveCookie), app.state, world));
        app.state = step.state;
        if (step.send !== undefined) for (const message of step.send) send.push(message);
        if (step.changed !== undefined) for (const dpid of step.changed) changed.add(dpid);
      });
    }
    return { send, changed };
  }

  /** What every app of the scope wants in this switch. */
  desired(dpid: Dpid, scope: Scope, world: World): readonly CheckedPart[] {
    return this.#running
      .filter(app => app.module.scope === scope)
      .map(app => {
        const { number, module } = app;
        const part = (program: Program): CheckedPart => checkPart({ app: module.name, number, program });
        const kept = app.lastGood.get(dpid) ?? part({ ...emptyProgram, keep: 'all' });
        const wanted = this.#guard(app, `desired ${formatDpid(dpid)}`, kept, () =>
          part(module.desired(app.state, world, dpid)),
        );
        app.lastGood.set(dpid, wanted);
        return wanted;
      });
  }

  forget(dpid: Dpid): void {
    for (const app of this.#running) app.lastGood.delete(dpid);
  }

  /** Ports that the apps want on a hypervisor's bridge; not complete while one of them never could say. */
  ports(hypervisor: string, world: World): Pick<HostIntent, 'ports' | 'complete'> {
    const wanted = this.#running.map(app => {
      const kept = app.lastPorts.get(hypervisor);
      const ports = this.#guard(app, `ports ${hypervisor}`, kept, () =>
        checkPorts(app.module.ports?.(app.state, world, hypervisor) ?? []),
      );
      if (ports !== undefined) app.lastPorts.set(hypervisor, ports);
      return ports;
    });
    return { ports: wanted.flatMap(ports => ports ?? []), complete: !wanted.includes(undefined) };
  }

  report(world: World): readonly Report[] {
    return this.#running.map(app => {
      const report = this.#guard<Report>(app, 'report', {}, () =>
        checkReport(app.module.report?.(app.state, world) ?? {}),
      );
      return { ...report, problems: [...(report.problems ?? []), ...failureOf(app)] };
    });
  }

  #guard<T>(app: Running, doing: string, otherwise: T, run: () => T): T {
    try {
      return run();
    } catch (thrown) {
      const count = (app.failure?.count ?? 0) + 1;
      app.failure = { message: messageOf(thrown), count };
      // Told at 1, 2, 4, 8 …: an app that throws at every packet must not fill the disk.
      if ((count & (count - 1)) === 0) {
        this.#log.error(
          { app: app.module.name, doing, count, err: thrown },
          `app ${app.module.name} threw: ${messageOf(thrown)}`,
        );
      }
      return otherwise;
    }
  }
}

/** Of the flows that an earlier run left in a switch, each app gets its own. */
function ownPart(event: AppEvent, cookie: bigint): AppEvent {
  if (event.type !== 'switch-up') return event;
  return { ...event, reactive: event.reactive.filter(flow => flow.cookie === cookie) };
}

/** Those of an app that runs no more: used without a pause, they would never go by their own timeouts. */
function deleteOrphans(reactive: readonly FlowStats[], apps: readonly Running[]): AppMessage[] {
  const owned = new Set(apps.map(app => app.reactiveCookie));
  const orphans = new Set(reactive.map(flow => flow.cookie).filter(cookie => !owned.has(cookie)));
  return [...orphans].map(deleteByCookie);
}

function failureOf(app: Running): Problem[] {
  if (app.failure === undefined) return [];
  const { message, count } = app.failure;
  return [
    { app: app.module.name, message: `threw ${count === 1 ? 'once' : `${count} times`}, last: ${message}` },
  ];
}
