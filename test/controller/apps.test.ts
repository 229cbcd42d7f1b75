/** Apps are guests: what they get wrong costs nobody else anything. */
import t from 'tap';
import { z } from 'zod';
import { parseConfig } from '../../src/config/parse.js';
import { Apps, type LoadedApp } from '../../src/controller/apps.js';
import {
  type AppEvent,
  type AppModule,
  defineApp,
  emptyProgram,
  hashText,
  makeCookie,
  type Program,
  type Setup,
  type World,
} from '../../src/intent/index.js';
import { type FlowStats, formatFlow, match, OFPTT } from '../../src/openflow/index.js';
import { combine } from '../../src/reconcile/compile.js';
import { FakeLog } from '../support/fake-effects.js';

const config = (() => {
  const parsed = parseConfig('', 'none');
  if (!parsed.ok) throw new Error('the defaults are no file');
  return parsed.config;
})();
const world: World = { networks: [], hypervisors: new Map(), switches: new Map() };
const flow = (priority: number) => ({ table: 0, priority, match: match({ in_port: 1 }), instructions: [] });
const program = (...priorities: number[]): Program => ({ ...emptyProgram, flows: priorities.map(flow) });

/** An app that does nothing, but for what is said. */
const app = (name: string, does: Partial<AppModule> = {}): LoadedApp => ({
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
const start = (...apps: readonly LoadedApp[]) => {
  const log = new FakeLog();
  return { apps: new Apps(apps, config, log), log };
};
const down: AppEvent = { type: 'switch-down', dpid: 1n };
const fail = (what: string) => (): never => {
  throw new Error(what);
};
const problemsOf = (apps: Apps): string[] =>
  apps
    .report(world)
    .flatMap(({ problems = [] }) => problems.map(({ app, message }) => `${app ?? ''}: ${message}`));
const priorities = (apps: Apps, dpid = 1n): number[] =>
  apps.desired(dpid, 'others', world).flatMap(({ program }) => program.flows.map(({ priority }) => priority));

t.test('starting', t => {
  t.throws(() => start(app('a'), app('bad', { init: fail('no licence') })), {
    code: 'APP_THREW',
    message: 'app bad failed to start: no licence',
    cause: { message: 'no licence' },
  });
  t.throws(() => start(app('x', { init: (_, { tables }) => tables.number('nowhere') })), {
    code: 'APP_THREW',
    message: /no table called nowhere/,
  });
  const apps = (count: number) => Array.from({ length: count }, (_, index) => app(`app${index}`));
  t.doesNotThrow(() => start(...apps(24)));
  t.throws(() => start(...apps(25)), { code: 'APP_INVALID', message: 'more than 24 apps' });

  const setups = new Map<string, Setup>();
  const names = ['mine', 'learning-switch', 'constructor', 'overlay'];
  const tables = [{ name: 't', stage: 'filter', miss: 'next' }] as const;
  const { apps: running } = start(
    ...names.map(name => app(name, { tables, init: (_, setup) => setups.set(name, setup) })),
    app('over', { tables, scope: 'hypervisors' }),
  );
  t.strictSame(
    names.map(name => setups.get(name)?.reactiveCookie),
    [8, 2, 9, 1].map((number, index) => makeCookie(number, 'reactive', hashText(names[index] ?? ''))),
    'built-in apps have their numbers for good; names are names',
  );
  t.equal(setups.get('mine')?.learnedCookie('port 1'), makeCookie(8, 'learned', hashText('port 1')));
  t.strictSame(
    running.pipeline('others').map(({ app, number }) => [app, number]),
    [
      ['mine', 0],
      ['learning-switch', 31],
      ['constructor', 32],
      ['overlay', 33],
    ],
  );
  t.strictSame(
    running.pipeline('hypervisors').map(({ number }) => number),
    [0],
    'each scope has its own',
  );
  t.equal(setups.get('overlay')?.tables.number('t'), 33);
  t.end();
});

t.test('an app that throws at an event', t => {
  const heard: string[] = [];
  const { apps, log } = start(
    app('bad', { on: fail('oh no') }),
    app('good', {
      on: (event, state) => {
        heard.push(event.type);
        return { state, changed: [7n] };
      },
    }),
  );
  for (let count = 1; count <= 9; count++) {
    const { send, changed } = apps.dispatch(down, 'others', world);
    t.strictSame([send, [...changed]], [[], [7n]]);
  }
  t.equal(heard.length, 9, 'others hear of it');
  t.equal(log.told.length, 4, 'told at the 1st, 2nd, 4th and 8th time');
  t.strictSame(problemsOf(apps), ['bad: threw 9 times, last: oh no']);
  t.end();
});

t.test('an app that answers nonsense', t => {
  const state = { kept: true };
  let answer: unknown;
  let seen: unknown;
  const { apps } = start(
    app('odd', {
      init: () => state,
      on: (_event, before) => {
        seen = before;
        return answer as never;
      },
    }),
  );
  for (const [nonsense, message] of [
    [undefined, '`on` must return { state, … }'],
    [null, '`on` must return { state, … }'],
    ['x', '`on` must return { state, … }'],
    [{ send: [] }, '`on` must return { state, … }'],
    [Promise.resolve({ state }), '`on` must return { state, … }: it must not be async'],
    [{ state, send: {} }, '`send` must be a list'],
    [{ state, changed: 7n }, '`changed` must be a list of datapath ids'],
  ] as const) {
    answer = nonsense;
    t.strictSame(apps.dispatch(down, 'others', world), { send: [], changed: new Set() });
    t.match(problemsOf(apps), [new RegExp(`last: ${message.replace(/[{}]/g, '\\$&')}$`)]);
    t.equal(seen, state, 'its state is the one from before');
  }
  t.end();
});

t.test('the last good program is kept', t => {
  let wanted: () => Program = () => program(1, 2);
  const { apps } = start(
    app('moody', { desired: () => wanted() }),
    app('steady', { desired: () => program(9) }),
  );
  t.strictSame(priorities(apps), [1, 2, 9]);
  const nonsense: unknown[] = [
    undefined,
    { ...emptyProgram, keep: true },
    { ...emptyProgram, flows: [{ ...flow(1), priority: -1 }] },
    { ...emptyProgram, groups: [{ id: 5, groupType: 'all', buckets: [] }] },
  ];
  for (const bad of [...nonsense.map(one => () => one as Program), fail('oops')]) {
    wanted = bad;
    t.strictSame(priorities(apps), [1, 2, 9]);
    const unknown = apps.desired(2n, 'others', world);
    t.strictSame(
      unknown.map(({ program }) => program.keep),
      ['all', undefined],
      'a switch that it never served',
    );
    t.strictSame([...combine(unknown).keep.values()], ['all'], 'where nothing of its own is taken away then');
  }
  t.match(problemsOf(apps), [/^moody: threw 10 times, last: oops$/]);
  wanted = () => program(3);
  t.strictSame(priorities(apps), [3, 9], 'until it knows again');
  wanted = fail('again');
  apps.forget(1n);
  t.strictSame(priorities(apps), [9], 'a switch that has gone is forgotten');
  t.end();
});

t.test('ports', t => {
  let wanted: (hypervisor: string) => unknown = () => [{ name: 'p', type: 'patch', options: {} }];
  const { apps } = start(
    app('plain'),
    app('ports', { scope: 'hypervisors', ports: (_state, _world, name) => wanted(name) as never }),
  );
  const names = (hypervisor: string) => {
    const { ports, complete } = apps.ports(hypervisor, world);
    return [ports.map(({ name }) => name), complete];
  };
  t.strictSame(names('kvm1'), [['p'], true]);
  for (const nonsense of [
    'p',
    [{ type: 'patch', options: {} }],
    [{ name: '', type: 'patch', options: {} }],
    [{ name: 'p', options: {} }],
    [{ name: 'p', type: 'patch' }],
    [{ name: 'p', type: 'patch', options: { key: 7 } }],
    [null],
  ]) {
    wanted = () => nonsense;
    t.strictSame(names('kvm1'), [['p'], true], 'the last good ones');
    t.strictSame(names('kvm2'), [[], false], 'none were ever said: none is taken away');
  }
  wanted = fail('oops');
  t.strictSame(names('kvm1'), [['p'], true]);
  wanted = () => [];
  t.strictSame(names('kvm2'), [[], true]);
  t.strictSame(names('kvm1'), [[], true], 'none is an answer too');
  t.end();
});

t.test('reports', t => {
  for (const report of [fail('oops'), () => 7, () => ({ problems: 'many' }), () => ({ ports: [null] })]) {
    const { apps } = start(
      app('bad', { report: report as never }),
      app('good', { report: () => ({ problems: [{ message: 'low on paint' }] }) }),
    );
    t.match(problemsOf(apps), [/^bad: threw once, last: /, ': low on paint']);
  }
  t.end();
});

t.test('who hears what', t => {
  const heard: string[] = [];
  const listener = (name: string, scope: AppModule['scope']): LoadedApp =>
    app(name, {
      scope,
      on: (event, state) => {
        const reactive =
          event.type === 'switch-up' ? ` ${event.reactive.map(({ priority }) => priority).join()}` : '';
        heard.push(`${name} ${event.type}${reactive}`);
        return { state, send: [] };
      },
      desired: () => program(scope === 'others' ? 1 : 2),
    });
  const { apps } = start(
    listener('over', 'hypervisors'),
    listener('first', 'others'),
    listener('second', 'others'),
  );
  apps.dispatch(down, 'others', world);
  apps.dispatch({ type: 'hypervisor-changed', name: 'kvm1' }, 'hypervisors', world);
  apps.dispatch(down, undefined, world);
  t.strictSame(heard.splice(0), [
    'first switch-down',
    'second switch-down',
    'over hypervisor-changed',
    'over switch-down',
    'first switch-down',
    'second switch-down',
  ]);
  t.strictSame(
    apps.desired(1n, 'hypervisors', world).map(({ app }) => app),
    ['over'],
  );
  t.strictSame(
    apps.desired(1n, 'others', world).map(({ app }) => app),
    ['first', 'second'],
  );

  const left = (cookie: bigint, priority: number): FlowStats => ({
    tableId: 0,
    durationSec: 0,
    durationNsec: 0,
    priority,
    idleTimeout: 300,
    hardTimeout: 0,
    flags: 0,
    cookie,
    packetCount: 0n,
    byteCount: 0n,
    match: [],
    instructions: [],
  });
  const of = (number: number, name: string) => makeCookie(number, 'reactive', hashText(name));
  const reactive = [
    left(of(9, 'first'), 1),
    left(of(10, 'second'), 2),
    left(of(9, 'first'), 3),
    left(of(9, 'gone'), 4),
    left(of(9, 'gone'), 5),
    left(of(8, 'over'), 6),
  ];
  const { send } = apps.dispatch({ type: 'switch-up', dpid: 1n, reactive }, 'others', world);
  t.strictSame(heard, ['first switch-up 1,3', 'second switch-up 2'], 'each app gets its own flows back');
  t.match(
    send,
    [of(9, 'gone'), of(8, 'over')].map(cookie => ({
      type: 'flow_mod',
      command: 'delete',
      tableId: OFPTT.ALL,
      cookie,
      cookieMask: 0xffff_ffff_ffff_ffffn,
    })),
    'those of apps that do not run here go',
  );
  t.end();
});

t.test('two apps on one flow', t => {
  const { apps } = start(app('a', { desired: () => program(1) }), app('b', { desired: () => program(1) }));
  const wanted = combine(apps.desired(1n, 'others', world));
  t.strictSame([...wanted.flows.values()].map(formatFlow), ['table=0,priority=1,in_port=1 actions=drop']);
  t.match(wanted.conflicts, [{ first: 'a', second: 'b' }]);
  t.end();
});
