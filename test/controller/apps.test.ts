/** Apps are guests: what they get wrong costs nobody else anything. */
import t from 'tap';
import { z } from 'zod';
import { Apps, type LoadedApp } from '../../src/controller/apps.js';
import {
  appOfCookie,
  type AppEvent,
  type AppModule,
  classOfCookie,
  defineApp,
  emptyProgram,
  type HypervisorView,
  hashText,
  makeCookie,
  type Program,
  type Setup,
  type SwitchView,
  type World,
} from '../../src/intent/index.js';
import { type FlowStats, formatFlow, match, OFPTT, type Port } from '../../src/openflow/index.js';
import { combine } from '../../src/reconcile/compile.js';
import { FakeLog } from '../support/fake-effects.js';

const world: World = { networks: [], hypervisors: new Map(), switches: new Map(), now: () => 0 };
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
  return { apps: new Apps(apps, world, log), log };
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

  const learnedBy = (...before: readonly LoadedApp[]): bigint | undefined => {
    let cookie: bigint | undefined;
    const keep = (_: unknown, { learnedCookie }: Setup): void => void (cookie = learnedCookie('port 1'));
    start(...before, app('overlay', { tables, init: keep }));
    return cookie;
  };
  t.equal(
    learnedBy(),
    learnedBy(app('no tables')),
    'what was learned is wanted as long as it is where it was',
  );
  t.not(learnedBy(), learnedBy(app('first', { tables })), 'and not where its table has another number now');
  const learned = setups.get('mine')?.learnedCookie('port 1') ?? 0n;
  t.strictSame([appOfCookie(learned), classOfCookie(learned)], [8, 'learned']);
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
  const nothing = { send: [], sendTo: [], tellAnew: new Set(), changed: new Set() };
  for (const [nonsense, message] of [
    [undefined, '`on` must return { state, … }'],
    [null, '`on` must return { state, … }'],
    ['x', '`on` must return { state, … }'],
    [{ send: [] }, '`on` must return { state, … }'],
    [Promise.resolve({ state }), '`on` must return { state, … }: it must not be async'],
    [{ state, send: {} }, '`send` must be a list'],
    [{ state, changed: 7n }, '`changed` must be a list of datapath ids'],
    [{ state, sendTo: 7n }, '`sendTo` must be a list of datapath ids with their messages'],
    [{ state, sendTo: [7n] }, '`sendTo` must be a list of datapath ids with their messages'],
    [{ state, sendTo: [[7n, 'x']] }, '`sendTo` must be a list of datapath ids with their messages'],
  ] as const) {
    answer = nonsense;
    t.strictSame(apps.dispatch(down, 'others', world), nothing);
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
  wanted = () => program(4);
  t.strictSame(priorities(apps), [4, 9]);
  wanted = fail('once more');
  apps.keep(dpid => dpid === 1n);
  t.strictSame(priorities(apps), [4, 9], 'another file has it, too');
  apps.keep(dpid => dpid === 2n);
  t.strictSame(priorities(apps), [9], 'and one that has not');
  t.end();
});

t.test('qos', t => {
  const good = {
    port: 'p',
    type: 'linux-htb',
    otherConfig: {},
    queues: [{ number: 1, otherConfig: {}, dscp: 46 }],
  };
  let wanted: unknown = [good];
  const { apps } = start(app('shaper', { scope: 'hypervisors', qos: () => wanted as never }));
  const host = (hypervisor: string) => apps.host(hypervisor, world);
  t.strictSame(host('kvm1'), { ports: [], qos: [good], policing: [], complete: true });
  const queue = (change: object) => [{ ...good, queues: [{ ...good.queues[0], ...change }] }];
  for (const nonsense of [
    'p',
    [null],
    [{ ...good, port: '' }],
    [{ ...good, type: '' }],
    [{ ...good, type: 'a\0' }],
    [{ ...good, otherConfig: { 'max-rate': 7 } }],
    [{ ...good, otherConfig: { '\ud800': '7' } }],
    [{ ...good, queues: {} }],
    [{ ...good, queues: [good.queues[0], good.queues[0]] }],
    queue({ number: -1 }),
    queue({ number: 2 ** 32 }),
    queue({ number: 1.5 }),
    queue({ number: '1' }),
    queue({ dscp: 64 }),
    queue({ otherConfig: undefined }),
  ]) {
    wanted = nonsense;
    t.strictSame(host('kvm1'), { ports: [], qos: [good], policing: [], complete: true }, 'the last good one');
    t.strictSame(host('kvm2'), { ports: [], qos: [], policing: [], complete: false }, 'none is taken away');
  }
  wanted = undefined;
  t.strictSame(host('kvm1'), { ports: [], qos: [], policing: [], complete: false }, 'it cannot say now');
  wanted = [];
  t.strictSame(host('kvm1').qos, []);
  t.end();
});

t.test('policing', t => {
  const good = { port: 'p', rateKbit: 10, burstKbit: 0 };
  let wanted: unknown = [good];
  const { apps } = start(app('police', { scope: 'hypervisors', policing: () => wanted as never }));
  t.strictSame(apps.host('kvm1', world).policing, [good]);
  for (const nonsense of [
    'p',
    [null],
    [{ ...good, port: '' }],
    [{ ...good, rateKbit: 0 }],
    [{ ...good, rateKbit: 2 ** 32 }],
    [{ ...good, rateKbit: 1.5 }],
    [{ ...good, burstKbit: -1 }],
    [{ ...good, burstKbit: undefined }],
  ]) {
    wanted = nonsense;
    t.strictSame(apps.host('kvm1', world).policing, [good], 'the last good one');
  }
  wanted = undefined;
  t.match(apps.host('kvm1', world), { policing: [], complete: false }, 'it cannot say now');
  t.end();
});

t.test('ports', t => {
  let wanted: (hypervisor: string) => unknown = () => [{ name: 'p', type: 'patch', options: {} }];
  const { apps } = start(
    app('plain'),
    app('ports', { scope: 'hypervisors', ports: (_state, _world, name) => wanted(name) as never }),
  );
  const names = (hypervisor: string) => {
    const { ports, complete } = apps.host(hypervisor, world);
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
  t.strictSame(
    [...wanted.flows.values()].map(flow => formatFlow(flow)),
    ['priority=1,in_port=1 actions=drop'],
  );
  t.match(wanted.conflicts, [{ first: 'a', second: 'b' }]);
  t.end();
});

t.test('what a switch has learned is told to whom it belongs', t => {
  const heard: string[] = [];
  const learner = (name: string, does: Partial<AppModule> = {}) =>
    app(name, {
      tables: [{ name: 'l', stage: 'learned', miss: 'drop' }],
      onLearned: ({ dpid, whole, changes }, state) => {
        heard.push(
          `${name} ${dpid}${whole ? ' all' : ''} ${changes.map(({ flow }) => appOfCookie(flow.cookie)).join()}`,
        );
        return { state, send: [], sendTo: [[7n, []]], changed: [dpid] };
      },
      ...does,
    });
  const { apps, log } = start(learner('one'), app('deaf'), learner('two'));
  const news = (whole: boolean, ...numbers: readonly number[]) => ({
    dpid: 5n,
    whole,
    changes: numbers.map(number => ({
      type: 'came' as const,
      flow: { cookie: makeCookie(number, 'learned', 1), table: 70, match: [] },
    })),
  });
  t.strictSame([apps.learnedTables('others'), apps.learnedTables('hypervisors')], [[0, 71], []]);
  const told = apps.learned(news(false, 8, 10, 9, 8), 'others', world);
  t.strictSame(heard.splice(0), ['one 5 8,8', 'two 5 10']);
  t.strictSame(
    [[...told.changed], told.sendTo],
    [
      [5n],
      [
        [7n, []],
        [7n, []],
      ],
    ],
  );
  apps.learned(news(true, 8), 'others', world);
  t.strictSame(heard.splice(0), ['one 5 all 8', 'two 5 all '], 'that nothing is there is news, too');
  apps.learned(news(true, 8), 'hypervisors', world);
  t.strictSame(heard, []);
  t.strictSame(log.lines, []);

  const bad = start(learner('bad', { onLearned: () => ({ state: 1, sendTo: 3 as unknown as [] }) })).apps;
  bad.learned(news(true), 'others', world);
  t.match(problemsOf(bad)[0], /`sendTo` must be a list/);
  t.end();
});

t.test('time, and MACs', t => {
  const macs = [{ network: 'blue', mac: 'x', ips: [], how: 'learned' as const, since: 0, moves: 0 }];
  const { apps } = start(
    app('clock', {
      tick: (state, { now }) => ({ state: Number(state) + now(), changed: [1n] }),
      init: () => 3,
      macs: () => macs,
    }),
    app('none'),
    app('bad', { tick: fail('late'), macs: () => 'many' as unknown as [] }),
  );
  t.strictSame([...apps.tick({ ...world, now: () => 4 }).changed], [1n]);
  t.strictSame(apps.macs(world), macs);
  t.strictSame(problemsOf(apps), ['bad: threw 2 times, last: `macs` must return a list']);
  t.end();
});

t.test('a new file', t => {
  const view = (dpid: bigint, hypervisor?: string): SwitchView => ({
    dpid,
    peer: '192.0.2.1',
    ports: new Map(),
    ...(hypervisor !== undefined && { hypervisor }),
  });
  const switches = new Map([1n, 2n].map(dpid => [dpid, view(dpid)]));
  const there: World = { ...world, switches };
  /** Says what is done to it, and counts the events that it has seen in its state. */
  const counting = (name: string, told: string[], does: Partial<AppModule> = {}) =>
    app(name, {
      tables: [{ name: 't', stage: 'filter', miss: 'next' }],
      init: options => {
        told.push(`init ${JSON.stringify(options)}`);
        return 0;
      },
      on: (event, state) => {
        told.push(`${event.type} ${event.type === 'hypervisor-changed' ? event.name : event.dpid}`);
        return { state: Number(state) + 1, changed: [9n] };
      },
      desired: state => program(Number(state)),
      ...does,
    });

  t.test('what has not changed goes on', t => {
    const told: string[] = [];
    const one = counting('one', told);
    const { apps } = start(one);
    apps.dispatch(down, 'others', there);
    t.strictSame(apps.prepare([{ ...one, options: {} }], there, false)(), {
      changed: new Set(),
      scopes: new Set(),
    });
    t.strictSame(apps.prepare([one], there, true)(), { changed: new Set([1n, 2n]), scopes: new Set() });
    t.strictSame(told, ['init {}', 'switch-down 1'], 'other networks: its programs are asked for, no more');
    t.strictSame(priorities(apps), [1], 'with the state that it had');
    t.end();
  });

  t.test('options, for an app that takes them', t => {
    const told: string[] = [];
    const one = counting('one', told, {
      reconfigure: (options, { tables }, state, { switches }) => {
        told.push(`${JSON.stringify(options)} ${tables.number('t')} ${switches.size}`);
        return { state: Number(state) + 10, changed: [2n] };
      },
    });
    const { apps } = start(one);
    apps.dispatch(down, 'others', there);
    const next = apps.prepare([{ ...one, options: { rate: 5 } }], there, false);
    t.strictSame(priorities(apps), [1], 'not before it is said');
    t.strictSame(next(), { changed: new Set([2n]), scopes: new Set() });
    t.strictSame(told, ['init {}', 'switch-down 1', '{"rate":5} 0 2']);
    t.strictSame(priorities(apps), [11]);
    t.strictSame(apps.prepare([{ ...one, options: { rate: 5 } }], there, false)().changed, new Set());
    t.end();
  });

  t.test('options, for one that does not: started anew, and told of all that is there', t => {
    const told: string[] = [];
    const one = counting('one', told);
    const { apps } = start(one);
    apps.dispatch({ type: 'switch-up', dpid: 1n, reactive: [] }, 'others', there);
    t.equal(apps.awaits(1n), false);
    told.length = 0;
    t.strictSame(apps.prepare([{ ...one, options: { rate: 5 } }], there, false)(), {
      changed: new Set(),
      scopes: new Set(['others']),
    });
    t.strictSame([apps.awaits(1n), apps.awaits(2n)], [true, true], 'nothing is sent before');
    apps.dispatch({ type: 'port-status', dpid: 1n, reason: 0, port: {} as Port }, 'others', there);
    t.strictSame(told, ['init {"rate":5}'], 'it does not hear of a switch that it has not met');
    const { send, changed } = apps.greet(1n, [], 'others', there);
    t.strictSame([send, [...changed]], [[], [1n, 9n]]);
    t.strictSame([...apps.greet(1n, [], 'others', there).changed], [1n], 'once');
    apps.dispatch({ type: 'switch-down', dpid: 2n }, 'others', there);
    t.strictSame(told, ['init {"rate":5}', 'switch-up 1']);
    t.strictSame([apps.awaits(1n), apps.awaits(2n)], [false, false]);
    apps.dispatch({ type: 'switch-up', dpid: 2n, reactive: [] }, 'others', there);
    t.equal(told.at(-1), 'switch-up 2', 'as at any other time');
    t.end();
  });

  t.test('apps come and go', t => {
    const heard: string[] = [];
    const [one, two, three] = ['one', 'two', 'three'].map(name =>
      counting(name, name === 'three' ? heard : []),
    );
    const { apps } = start(one!, two!);
    const numbers = () => apps.desired(1n, 'others', there).map(({ app, number }) => `${app} ${number}`);
    t.strictSame(numbers(), ['one 8', 'two 9']);
    t.strictSame([...apps.prepare([two!], there, false)().scopes], ['others']);
    t.strictSame(numbers(), ['two 9'], 'a cookie says whose it is: numbers stay');
    t.equal(apps.awaits(1n), true, 'another table for it: started anew');
    apps.greet(1n, [], 'others', there);
    apps.prepare([three!, two!], there, false)();
    t.strictSame(numbers(), ['three 8', 'two 9']);
    t.strictSame(heard, ['init {}']);
    t.end();
  });

  t.test('of the other scope, nobody hears', t => {
    const over = counting('over', [], { scope: 'hypervisors' });
    const told: string[] = [];
    const other = counting('other', told);
    const known = { config: {}, known: true, ports: new Map() } as unknown as HypervisorView;
    const both: World = {
      ...there,
      hypervisors: new Map([
        ['kvm1', known],
        ['kvm2', { ...known, known: false }],
      ]),
      switches: new Map([...switches, [5n, view(5n, 'kvm1')]]),
    };
    const { apps } = start(other);
    const heard: string[] = [];
    const added = { ...over, module: { ...counting('over', heard).module, scope: 'hypervisors' as const } };
    const { scopes, changed } = apps.prepare([other, added], both, false)();
    t.strictSame([...scopes], ['hypervisors']);
    t.strictSame(heard, ['init {}', 'hypervisor-changed kvm1'], 'what has been read');
    t.strictSame([...changed], [9n]);
    t.strictSame([apps.awaits(1n), apps.awaits(5n)], [false, true]);
    t.strictSame(told, ['init {}']);
    t.end();
  });

  t.test('one that cannot take it: all stays', t => {
    const one = counting('one', [], { reconfigure: fail('no such rate') });
    const nonsense = counting('nonsense', [], {
      reconfigure: (() => Promise.resolve({ state: 1 })) as never,
    });
    const { apps } = start(one, nonsense);
    const other = { ...one, options: { rate: -1 } };
    t.throws(() => apps.prepare([other, nonsense], there, false), {
      code: 'APP_THREW',
      message: 'app one cannot take the new file: no such rate',
    });
    t.throws(() => apps.prepare([one, { ...nonsense, options: 1 }], there, false), {
      message:
        'app nonsense cannot take the new file: `reconfigure` must return { state, … }: it must not be async',
    });
    t.throws(() => apps.prepare([one, nonsense, app('bad', { init: fail('no') })], there, false), {
      message: 'app bad failed to start: no',
    });
    t.strictSame(priorities(apps), [0, 0]);
    t.end();
  });
  t.end();
});
