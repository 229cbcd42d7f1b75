import { z } from 'zod';
import { Apps, type LoadedApp } from '../../src/controller/apps.js';
import {
  type AppEvent,
  type AppModule,
  defineApp,
  emptyProgram,
  type Program,
  type World,
} from '../../src/intent/index.js';
import { match } from '../../src/openflow/index.js';
import { FakeLog } from './fake-effects.js';

export const world: World = { networks: [], hypervisors: new Map(), switches: new Map(), now: () => 0 };
export const flow = (priority: number) => ({
  table: 0,
  priority,
  match: match({ in_port: 1 }),
  instructions: [],
});
export const program = (...priorities: number[]): Program => ({
  ...emptyProgram,
  flows: priorities.map(flow),
});

/** An app that does nothing, but for what is said. */
export const app = (name: string, does: Partial<AppModule> = {}): LoadedApp => ({
  module: defineApp<unknown, unknown>({
    name,
    scope: 'others',
    options: z.unknown(),
    tables: [],
    init: () => ({}),
    on: (_event, state) => ({ state }),
    desired: () => emptyProgram,
    ...does,
  }),
  options: {},
});
export const start = (...apps: readonly LoadedApp[]) => {
  const log = new FakeLog();
  return { apps: new Apps(apps, world, log), log };
};
export const down: AppEvent = { type: 'switch-down', dpid: 1n };
export const fail = (what: string) => (): never => {
  throw new Error(what);
};
export const problemsOf = (apps: Apps): string[] =>
  apps
    .report(world)
    .flatMap(({ problems = [] }) => problems.map(({ app, message }) => `${app ?? ''}: ${message}`));
export const priorities = (apps: Apps, dpid = 1n): number[] =>
  apps.desired(dpid, 'others', world).flatMap(({ program }) => program.flows.map(({ priority }) => priority));
