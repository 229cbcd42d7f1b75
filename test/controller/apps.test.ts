import t from 'tap';
import type { LoadedApp } from '../../src/controller/apps.js';
import {
  appOfCookie,
  type AppModule,
  classOfCookie,
  type HypervisorView,
  hashText,
  makeCookie,
  type Setup,
  type SwitchView,
  type World,
} from '../../src/intent/index.js';
import { type FlowStats, OFPTT, type Port } from '../../src/openflow/index.js';
import { world, program, app, start, down, fail, problemsOf, priorities } from '../support/started-apps.js';

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
