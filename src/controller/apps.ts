import {
  type AppEvent,
  type AppMessage,
  appOfCookie,
  emptyProgram,
  type HostIntent,
  type LearnedNews,
  type MacReport,
  type PacketBytes,
  type Pipeline,
  type Problem,
  type Program,
  type Report,
  type Scope,
  type World,
} from '../intent/index.js';
import { type Dpid, formatDpid } from '../lib/addresses.js';
import { messageOf } from '../lib/errors.js';
import type { FlowStats, Writer } from '../openflow/index.js';
import { type CheckedPart, checkPart } from '../reconcile/check.js';
import { deleteByCookie } from '../reconcile/order.js';
import {
  checkMacs,
  checkNames,
  checkPolicing,
  checkPorts,
  checkQos,
  checkReport,
  checkSending,
  checkStep,
  checkWritten,
} from './app-answers.js';
import {
  fixedNumbers,
  type Generation,
  type LoadedApp,
  nextApps,
  type Running,
  startApps,
} from './app-start.js';
import type { Log } from './effects.js';

export type { LoadedApp } from './app-start.js';

/** The cookie number of flows that belong to no app: the way from one table to the next. */
export const pipelineNumber = 0;

/** What apps have answered to an event. */
export interface Told {
  /** For the switch that it came from. */
  readonly send: AppMessage[];
  readonly sendTo: (readonly [Dpid, readonly AppMessage[]])[];
  /** Switches to look at again. */
  readonly changed: Set<Dpid>;
  /** Switches to ask for all that they have learned. */
  readonly tellAnew: Set<Dpid>;
}

const told = (changed: Iterable<Dpid> = []): Told => ({
  ...{ send: [], sendTo: [], changed: new Set(changed) },
  tellAnew: new Set(),
});

/** What becomes of the world by a new file, once the apps have taken it. */
export interface Reconfigured {
  /** Switches whose programs may be others now. */
  readonly changed: ReadonlySet<Dpid>;
  /** Where what earlier apps left in the switches has to be read again, and told by `greet`. */
  readonly scopes: ReadonlySet<Scope>;
}

/** Runs the apps of the file. An app is a guest: whatever it throws is caught, told, and costs that app alone. */
export class Apps {
  readonly #log: Log;
  #generation: Generation;

  /** @throws HeddleError APP_THREW or APP_INVALID: an app that cannot start is a mistake to be told at once. */
  constructor(apps: readonly LoadedApp[], world: World, log: Log) {
    this.#log = log;
    this.#generation = startApps(apps, world);
    this.#findOnly();
  }

  get #running(): readonly Running[] {
    return this.#generation.running;
  }

  /** The app of a scope that has no other. */
  #only: Partial<Record<Scope, Running>> = {};

  #findOnly(): void {
    this.#only = {};
    for (const scope of ['hypervisors', 'others'] as const) {
      const [app, another] = this.#running.filter(({ module }) => module.scope === scope);
      if (app !== undefined && another === undefined) this.#only[scope] = app;
    }
  }

  /**
   * Gets the apps of a new file ready; they run when the function that is returned is called, and not before.
   *
   * @throws HeddleError APP_THREW, APP_INVALID; all is as it was then
   */
  prepare(apps: readonly LoadedApp[], world: World, worldChanged: boolean): () => Reconfigured {
    const next = nextApps(apps, world, this.#generation, worldChanged);
    return () => {
      this.#generation = next;
      this.#findOnly();
      const step = told(next.changed);
      // Those that start now hear of the hypervisors as at any start; of switches, when these have been read again.
      for (const app of next.fresh.filter(({ module }) => module.scope === 'hypervisors'))
        for (const [name, { known }] of world.hypervisors)
          if (known) this.#tell(app, { type: 'hypervisor-changed', name }, world, step);
      return { changed: step.changed, scopes: next.scopes };
    };
  }

  /** Whether an app has yet to be told of this switch: nothing is to be sent to it before. */
  awaits(dpid: Dpid): boolean {
    return this.#running.some(({ unmet }) => unmet.has(dpid));
  }

  /** The overlay's flows are known for what they are also while it does not run. */
  scopeOf(number: number): Scope | undefined {
    if (number === fixedNumbers.get('overlay')) return 'hypervisors';
    return this.#running.find(app => app.number === number)?.module.scope;
  }

  pipeline(scope: Scope): Pipeline {
    return this.#generation.pipelines[scope];
  }

  /**
   * Tells an event to the apps of a scope (undefined: of both).
   *
   * @returns messages for the switch that the event came from, and the switches whose desired state may have changed
   */
  dispatch(event: AppEvent, scope: Scope | undefined, world: World): Told {
    const apps = this.#running.filter(app => scope === undefined || app.module.scope === scope);
    const orphans = event.type === 'switch-up' ? deleteOrphans(event.reactive, apps) : [];
    const step = told();
    step.send.push(...orphans);
    const about = event.type === 'hypervisor-changed' ? undefined : event.dpid;
    for (const app of apps) {
      if (about !== undefined && app.unmet.has(about)) {
        // It has not heard of this switch yet, and now never will by `greet`, or need not.
        if (event.type === 'switch-up' || event.type === 'switch-down') app.unmet.delete(about);
        if (event.type !== 'switch-up') continue;
      }
      this.#tell(app, event, world, step);
    }
    return step;
  }

  /**
   * Gives a packet to the apps that answer by its bytes.
   *
   * @returns whether all is done; where not, nothing is, and the packet is to be dispatched
   */
  answerPacket(packet: PacketBytes, scope: Scope, out: Writer): boolean {
    const app = this.#only[scope];
    if (app?.module.onPacketBytes === undefined || app.unmet.has(packet.dpid)) return false;
    const { pos } = out;
    let isDone = false;
    try {
      isDone = app.module.onPacketBytes(packet, app.state, out);
      checkWritten(out, pos);
    } catch (thrown) {
      out.pos = pos;
      this.#failed(app, 'onPacketBytes', thrown);
    }
    return isDone;
  }

  /** A switch has been read again: apps that were started while it was up are told of it. @returns as `dispatch` */
  greet(dpid: Dpid, reactive: readonly FlowStats[], scope: Scope, world: World, news?: LearnedNews): Told {
    const apps = this.#running.filter(app => app.module.scope === scope);
    const step = told([dpid]);
    step.send.push(...deleteOrphans(reactive, apps));
    for (const app of apps) {
      if (!app.unmet.delete(dpid)) continue;
      if (news !== undefined) this.#tellLearned(app, news, world, step);
      this.#tell(app, { type: 'switch-up', dpid, reactive }, world, step);
    }
    return step;
  }

  /** Tells what a switch has learned to the apps whose cookies that bears. @returns as `dispatch` */
  learned(news: LearnedNews, scope: Scope, world: World): Told {
    const step = told();
    for (const app of this.#running)
      if (app.module.scope === scope && !app.unmet.has(news.dpid)) this.#tellLearned(app, news, world, step);
    return step;
  }

  /** The tables that apps want to know what is learned into. */
  learnedTables(scope: Scope): readonly number[] {
    const lookers = this.#running.filter(({ module }) => module.onLearned !== undefined);
    const names = new Set(lookers.map(({ module }) => module.name));
    return this.pipeline(scope)
      .filter(({ app, stage }) => stage === 'learned' && names.has(app))
      .map(({ number }) => number);
  }

  /** @returns as `dispatch`; there is no switch that anything came from */
  tick(world: World): Told {
    const step = told();
    for (const app of this.#running) this.#step(app, 'tick', step, () => app.module.tick?.(app.state, world));
    return step;
  }

  /** Of all apps together; an app that fails tells none. */
  macs(world: World): readonly MacReport[] {
    return this.#running.flatMap(app =>
      this.#guard<readonly MacReport[]>(app, 'macs', [], () =>
        checkMacs(app.module.macs?.(app.state, world) ?? []),
      ),
    );
  }

  #tellLearned(app: Running, { dpid, whole, changes }: LearnedNews, world: World, step: Told): void {
    const its = changes.filter(({ flow }) => appOfCookie(flow.cookie) === app.number);
    if (!whole && its.length === 0) return;
    const news = { dpid, whole, changes: its };
    this.#step(app, 'onLearned', step, () => app.module.onLearned?.(news, app.state, world));
  }

  #tell(app: Running, event: AppEvent, world: World, step: Told): void {
    this.#step(
      app,
      'on',
      step,
      () => app.module.on(ownPart(event, app.reactiveCookie), app.state, world),
      event.type,
    );
  }

  /** @param ask undefined: the app has no such function */
  #step(
    app: Running,
    by: 'on' | 'onLearned' | 'tick',
    { send, sendTo, changed, tellAnew }: Told,
    ask: () => unknown,
    doing: string = by,
  ): void {
    this.#guard(app, doing, undefined, () => {
      if (app.module[by] === undefined) return;
      const step = checkStep(ask(), by);
      app.state = step.state;
      if (step.send !== undefined) for (const message of step.send) send.push(message);
      if (step.sendTo !== undefined) for (const one of step.sendTo) sendTo.push(checkSending(one));
      if (step.changed !== undefined) for (const dpid of step.changed) changed.add(dpid);
      if (step.tellAnew !== undefined) for (const dpid of step.tellAnew) tellAnew.add(dpid);
    });
  }

  /** What every app of the scope wants in this switch. */
  desired(dpid: Dpid, scope: Scope, world: World): readonly CheckedPart[] {
    return this.#running
      .filter(app => app.module.scope === scope)
      .map(app => {
        const { number, module } = app;
        const before = app.lastGood.get(dpid);
        const part = (program: Program): CheckedPart =>
          checkPart({ app: module.name, number, program }, before);
        const kept = before ?? part({ ...emptyProgram, keep: 'all' });
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

  /** Of all other switches, what was wanted is forgotten. */
  keep(has: (dpid: Dpid) => boolean): void {
    for (const { lastGood } of this.#running)
      for (const dpid of lastGood.keys()) if (!has(dpid)) lastGood.delete(dpid);
  }

  /** Ports and their QoS that the apps want on a hypervisor's bridge; not complete while one of them cannot say. */
  host(hypervisor: string, world: World): Pick<HostIntent, 'ports' | 'qos' | 'policing' | 'complete'> {
    const wanted = this.#running.map(app => {
      const kept = app.lastHost.get(hypervisor);
      const host = this.#guard(app, `ports and qos of ${hypervisor}`, kept, () => {
        const { module, state } = app;
        const qos = module.qos === undefined ? [] : module.qos(state, world, hypervisor);
        const policing = module.policing === undefined ? [] : module.policing(state, world, hypervisor);
        return {
          ports: checkPorts(module.ports?.(state, world, hypervisor) ?? []),
          qos: qos === undefined ? undefined : checkQos(qos),
          policing: policing === undefined ? undefined : checkPolicing(policing),
        };
      });
      if (host !== undefined) app.lastHost.set(hypervisor, host);
      return host;
    });
    return {
      ports: wanted.flatMap(host => host?.ports ?? []),
      qos: wanted.flatMap(host => host?.qos ?? []),
      policing: wanted.flatMap(host => host?.policing ?? []),
      complete: wanted.every(host => host?.qos !== undefined && host.policing !== undefined),
    };
  }

  /** Ports of others that the apps can do without (AppModule.replaceable). Of an app that fails: none. */
  replaceable(hypervisor: string, world: World): readonly string[] {
    return this.#running.flatMap(app =>
      this.#guard<readonly string[]>(app, `replaceable ${hypervisor}`, [], () =>
        checkNames(app.module.replaceable?.(app.state, world, hypervisor) ?? []),
      ),
    );
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
      this.#failed(app, doing, thrown);
      return otherwise;
    }
  }

  #failed(app: Running, doing: string, thrown: unknown): void {
    const count = (app.failure?.count ?? 0) + 1;
    app.failure = { message: messageOf(thrown), count };
    // Told at 1, 2, 4, 8 …: an app that throws at every packet must not fill the disk.
    if ((count & (count - 1)) === 0) {
      this.#log.error(
        { app: app.module.name, doing, count, err: thrown },
        `app ${app.module.name} threw: ${messageOf(thrown)}`,
      );
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
