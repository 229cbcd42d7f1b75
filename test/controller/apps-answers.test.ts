import t from 'tap';
import type { LoadedApp } from '../../src/controller/apps.js';
import { type AppModule, emptyProgram, type Program } from '../../src/intent/index.js';
import { formatFlow, Writer } from '../../src/openflow/index.js';
import { combine } from '../../src/reconcile/compile.js';
import {
  world,
  flow,
  program,
  app,
  start,
  down,
  fail,
  problemsOf,
  priorities,
} from '../support/started-apps.js';

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

t.test('packets by their bytes', t => {
  const packet = { dpid: 1n, bytes: new Uint8Array(60), start: 0, end: 60 };
  const barrier = Uint8Array.of(4, 20, 0, 8, 0, 0, 0, 1);
  const writes =
    (bytes: Uint8Array, isDone = true): NonNullable<AppModule['onPacketBytes']> =>
    (_packet, _state, out) => {
      out.ensure(bytes.length);
      out.bytes.set(bytes, out.pos);
      out.pos += bytes.length;
      return isDone;
    };
  const answer = (...apps: readonly LoadedApp[]) => {
    const started = start(...apps).apps;
    const out = new Writer(4);
    out.ensure(3);
    out.pos = 3;
    const isDone = started.answerPacket(packet, 'others', out);
    return { isDone, wrote: out.pos - 3, problems: problemsOf(started) };
  };
  const quick = app('quick', { onPacketBytes: writes(barrier) });
  t.strictSame(answer(quick), { isDone: true, wrote: 8, problems: [] });
  t.strictSame(answer(app('slow')), { isDone: false, wrote: 0, problems: [] });
  t.strictSame(
    answer(quick, app('slow')),
    { isDone: false, wrote: 0, problems: [] },
    'another one must hear it',
  );
  t.strictSame(
    answer(quick, app('overlay', { scope: 'hypervisors' })),
    { isDone: true, wrote: 8, problems: [] },
    'unless it is of other switches',
  );
  const wrong = 'quick: threw once, last: `onPacketBytes` must write whole messages of OpenFlow 1.3';
  for (const bytes of [
    barrier.subarray(0, 7),
    Uint8Array.of(4, 20, 0, 7, 0, 0, 0),
    Uint8Array.of(1, ...barrier.subarray(1)),
  ])
    t.strictSame(
      answer(app('quick', { onPacketBytes: writes(bytes) })),
      { isDone: true, wrote: 0, problems: [wrong] },
      'half messages are not sent',
    );
  const throws = app('quick', {
    onPacketBytes: (...args) => {
      writes(barrier)(...args);
      throw new Error('no idea');
    },
  });
  t.strictSame(answer(throws), { isDone: false, wrote: 0, problems: ['quick: threw once, last: no idea'] });
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
