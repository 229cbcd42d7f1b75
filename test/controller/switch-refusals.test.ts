import t from 'tap';
import { retryRefused } from '../../src/controller/switch-refusals.js';
import { groupIds } from '../../src/intent/index.js';
import { formatFlow, type Message, valueOf } from '../../src/openflow/index.js';
import { keyOf } from '../support/fake-switch.js';
import { type Change } from '../support/switch-model/index.js';
import {
  flow,
  flood,
  floodFlow,
  wantedOf,
  Bench,
  typeOf,
  texts,
  putThere,
  largeFlood,
} from '../support/sync-bench.js';

t.test('a refused flow holds back nothing else, is told once, and is tried again', async t => {
  for (const when of ['add', 'commit'] as const) {
    for (const [bundles, isBare] of [
      ['yes', true],
      ['yes', false],
      ['errors', true],
      ['silence', true],
    ] as const) {
      const bench = new Bench({ bundles });
      if (!isBare) putThere(bench.fake, flow(3, 1));
      const isBad = (change: Message) => change.type === 'flow_mod' && keyOf(change).includes('in_port=2');
      const refuse = (change: Message) => (isBad(change) ? ([2, 4] as const) : undefined);
      if (when === 'add') bench.fake.refuseAdd = refuse;
      else bench.fake.refuseCommit = refuse;
      bench.wanted = wantedOf({ flows: [flow(1, 2), flow(2, 1), flow(3, 1)] });
      await bench.connect();

      const name = `at the ${when}, bundles: ${bundles}, ${isBare ? 'nothing is there' : 'one is there'}`;
      const told = () => bench.log.told.filter(line => line.includes('refused'));
      t.strictSame(bench.flows, texts(flow(1, 2), flow(3, 1)), name);
      t.equal(bench.only.sync.phase, 'in sync');
      t.strictSame(bench.refusals, [{ error: 'OFPBAC_BAD_OUT_PORT', what: formatFlow(flow(2, 1)) }]);
      t.strictSame(told(), [`kvm1 refused ${formatFlow(flow(2, 1))}: OFPBAC_BAD_OUT_PORT`]);
      t.equal(
        bench.fake.log.some(one => typeOf(one) === 'discard_request'),
        when === 'add' && bundles === 'yes' && !isBare,
        'where something is there already, a bundle is committed whole or not at all',
      );

      const isBundled = bundles === 'yes';
      t.equal(
        bench.fake.log.some(({ type }) => type === 'flow_mod'),
        !isBundled || !isBare,
        'found in the bundle itself; the one that is left needs none',
      );

      bench.news();
      await bench.reconcile();
      t.strictSame(bench.news(), [], 'not at every turn');
      await bench.advance(retryRefused);
      t.ok(bench.news().length > 0, 'but after a while');
      t.equal(told().length, 1, 'without saying the same again');
      t.equal(bench.refusals.length, 1);
      t.equal(bench.effects.timers, 1);

      bench.fake.refuseAdd = bench.fake.refuseCommit = () => undefined;
      await bench.advance(retryRefused);
      t.strictSame(bench.flows, texts(flow(1, 2), flow(2, 1), flow(3, 1)));
      t.strictSame(bench.refusals, []);
      t.equal(bench.effects.timers, 0);
    }
  }
});

t.test('a flow that takes the place of another is one message, and no bundle', async t => {
  const bench = new Bench();
  bench.wanted = wantedOf({ flows: [flow(1, 2), flow(2, 1)] });
  await bench.connect();
  bench.news();

  await bench.want({ flows: [flow(1, 3), flow(2, 1)] });
  t.strictSame(bench.news(), ['flow_mod', 'barrier_request']);
  t.strictSame(bench.flows, texts(flow(1, 3), flow(2, 1)));
  t.equal(bench.only.sync.phase, 'in sync');
  t.equal(bench.only.sync.actual?.flows.size, 2);

  t.comment('where it is refused, nothing takes the place, and the other goes all the same');
  for (const flows of [
    [flow(1, 4), flow(2, 1)],
    [flow(1, 5), flow(2, 1), flow(3, 1)],
  ]) {
    bench.fake.refuseAdd = change =>
      change.type === 'flow_mod' && change.command === 'add' && keyOf(change).includes('in_port=1')
        ? [2, 4]
        : undefined;
    await bench.want({ flows });
    t.strictSame(bench.flows, texts(...flows.slice(1)));
    t.equal(bench.refusals.length, 1);
    t.equal(bench.only.sync.actual?.flows.size, flows.length - 1);
    bench.fake.refuseAdd = () => undefined;
    await bench.advance(retryRefused);
    t.strictSame(bench.flows, texts(...flows));
    t.strictSame(bench.refusals, []);
    await bench.audit();
    t.strictSame(bench.drifts, []);
  }
});

t.test('a refused flow that is no longer wanted is forgotten', async t => {
  const bench = new Bench();
  bench.fake.refuseAdd = change => (change.type === 'flow_mod' ? [2, 4] : undefined);
  bench.wanted = wantedOf({ flows: [flow(1, 2)] });
  await bench.connect();
  t.equal(bench.refusals.length, 1);
  await bench.want({});
  t.strictSame(bench.refusals, []);
  bench.fake.refuseAdd = () => undefined;
  await bench.want({ flows: [flow(1, 2)] });
  t.strictSame(bench.flows, texts(flow(1, 2)), 'wanted again, it is tried at once');
});

t.test('a refused deletion is told, and forgotten when the flow is wanted after all', async t => {
  const bench = new Bench();
  await bench.connect();
  await bench.want({ flows: [flow(1, 2)], groups: [flood(7, 1)] });
  bench.fake.refuseCommit = change => (change.command === 'delete' ? [1, 5] : undefined);
  await bench.want({});
  const cookie = [...bench.fake.flows.values()][0]?.cookie ?? 0n;
  t.strictSame(bench.refusals, [
    { error: 'OFPBRC_EPERM', what: `to delete the flow with cookie=0x${cookie.toString(16)}` },
    { error: 'OFPBRC_EPERM', what: `to delete group ${groupIds.flood(7)}` },
  ]);
  await bench.want({ flows: [flow(1, 2)], groups: [flood(7, 1)] });
  await bench.advance(retryRefused);
  t.strictSame(bench.refusals, []);
  t.equal(bench.only.sync.phase, 'in sync');
});

t.test('a group that is refused takes its flows with it, and they are all told in few bundles', async t => {
  const bench = new Bench();
  const count = 50;
  bench.fake.refuseCommit = change => (change.type === 'group_mod' ? [6, 3] : undefined);
  bench.wanted = wantedOf({
    flows: [flow(100, 1), ...Array.from({ length: count }, (_, index) => floodFlow(index + 1, 7))],
    groups: [flood(7, 1, 2)],
  });
  await bench.connect();
  t.strictSame(bench.flows, texts(flow(100, 1)));
  t.equal(bench.refusals.length, count + 1);
  t.equal(bench.refusals[0]?.error, 'OFPGMFC_OUT_OF_GROUPS');
  t.ok(bench.news().filter(type => type === 'commit_request').length < 10);
  t.equal(bench.only.sync.phase, 'in sync');
  bench.fake.refuseCommit = () => undefined;
  await bench.advance(retryRefused);
  t.equal(bench.flows.length, count + 1);
  t.ok(bench.news().includes('commit_request'), 'in a bundle again');
});

t.test('a commit that fails and does not say why: message by message', async t => {
  const bench = new Bench();
  bench.fake.failCommits = true;
  bench.wanted = wantedOf({ flows: [flow(1, 2), flow(2, 1)] });
  await bench.connect();
  t.strictSame(bench.flows, texts(flow(1, 2), flow(2, 1)));
  t.strictSame(bench.refusals, []);
  t.equal(bench.only.sync.phase, 'in sync');
});

t.test('a large bundle goes out in parts, and each refusal is told of its own flow', async t => {
  const bench = new Bench();
  const ports = Array.from({ length: 3_000 }, (_, index) => index + 1);
  const refusedOf = (change: Change, bad: readonly number[]): readonly [number, number] | undefined =>
    change.type === 'flow_mod' &&
    change.command === 'add' &&
    bad.includes(valueOf(change.match, 'in_port') ?? 0)
      ? [2, 4]
      : undefined;
  bench.fake.refuseAdd = change => refusedOf(change, [1, 500, 501, 1_700]);
  bench.fake.refuseCommit = change => refusedOf(change, [2_400]);
  bench.wanted = wantedOf({ flows: ports.map(port => flow(port, 9)) });
  await bench.connect();
  t.strictSame(
    bench.refusals.map(({ what }) => what),
    [1, 500, 501, 1_700, 2_400].map(port => formatFlow(flow(port, 9))),
  );
  t.equal(bench.flows.length, 2_995);
  t.equal(bench.only.sync.phase, 'in sync');
  const opened = bench.fake.log.filter(
    one => one.type === 'bundle_control' && one.controlType === 'open_request',
  );
  t.equal(opened.length, 3, 'two bundles were refused, and nothing of them was done');
});

t.test('a switch that knows no bundles is asked for one once', async t => {
  for (const bundles of ['errors', 'silence'] as const) {
    const bench = new Bench({ bundles });
    bench.wanted = wantedOf({ flows: [floodFlow(1, 7)], groups: [flood(7, 1, 2)] });
    await bench.connect();
    t.strictSame(bench.flows, texts(floodFlow(1, 7)));
    t.strictSame(bench.refusals, []);
    await bench.want({ flows: [floodFlow(1, 7)], groups: [flood(7, 1, 2, 3)] });
    t.strictSame(
      bench.fake.groups.get(groupIds.flood(7))?.buckets.length,
      3,
      'a group that is there is changed',
    );
    await bench.want({ flows: [floodFlow(1, 7)], groups: [flood(7, 1, 2)] });
    bench.news();
    await bench.want({ flows: [flow(1, 2)] });
    const each = ['flow_mod', 'group_mod'].flatMap(type => [type, 'barrier_request']);
    t.strictSame(bench.news(), each);
    t.strictSame(bench.flows, texts(flow(1, 2)));
    t.equal(bench.fake.groups.size, 0);
  }
});

t.test('a group too large for any message is told as refused', async t => {
  const bench = new Bench();
  const [part] = wantedOf({ flows: [flow(1, 2)] });
  const huge = { ...largeFlood(7, 3_000), groupType: 'select' } as const;
  bench.wanted = [{ ...part, rest: { ...part.rest, groups: [huge] } }];
  await bench.connect();
  t.strictSame(bench.flows, texts(flow(1, 2)));
  t.equal(bench.refusals.length, 1);
  t.match(bench.refusals[0], { error: 'OFPBRC_BAD_LEN', what: /^group_id=/ });
  t.ok(bench.fake.isConnected);
});

t.test('what is wanted cannot be said: the switch stays as it is, and the log says why', async t => {
  const bench = new Bench();
  bench.wanted = wantedOf({ flows: [flow(1, 2)] });
  await bench.connect();
  bench.news();
  const { wanted } = bench;
  Object.defineProperty(bench, 'wanted', {
    get: () => {
      throw new RangeError('a port of -1');
    },
    configurable: true,
  });
  await bench.reconcile();
  t.strictSame(bench.news(), []);
  t.equal(bench.only.sync.phase, 'waiting');
  t.match(bench.log.told.at(-1), /cannot tell what is wanted in kvm1: a port of -1/);
  Object.defineProperty(bench, 'wanted', { value: wanted });
  await bench.reconcile();
  t.equal(bench.only.sync.phase, 'in sync');
});

t.test('a switch that will not tell', t => {
  t.test('its groups: it has none', async t => {
    const bench = new Bench();
    bench.fake.refuseRequest = type => (type === 'group_desc' ? [1, 2] : undefined);
    bench.wanted = wantedOf({ flows: [flow(1, 2)] });
    await bench.connect();
    t.strictSame(bench.flows, texts(flow(1, 2)));
    t.strictSame(bench.refusals, []);
  });
  t.test('its flows: all is sent, nothing deleted, and it is told', async t => {
    const bench = new Bench();
    bench.wanted = wantedOf({ flows: [flow(1, 2)] });
    await bench.connect();
    bench.fake.cut();
    bench.fake.refuseRequest = type => (type === 'flow' ? [1, 5] : undefined);
    bench.wanted = wantedOf({ flows: [flow(2, 1)] });
    await bench.connect();
    t.strictSame(bench.flows, texts(flow(1, 2), flow(2, 1)));
    t.strictSame(bench.refusals, [{ error: 'OFPBRC_EPERM', what: 'to tell its flows' }]);
  });
  t.test('its flows, for a time: it is asked again, and what is not wanted goes then', async t => {
    const bench = new Bench();
    putThere(bench.fake, flow(1, 2));
    bench.fake.refuseRequest = type => (type === 'flow' ? [1, 13] : undefined);
    bench.wanted = wantedOf({ flows: [flow(2, 1)] });
    await bench.connect();
    await bench.advance(retryRefused);
    t.equal(bench.refusals.length, 1, 'told as long as it lasts');
    t.equal(bench.log.told.filter(line => line.includes('to tell its flows')).length, 1, 'once');
    bench.fake.refuseRequest = () => undefined;
    await bench.advance(retryRefused);
    t.strictSame(bench.flows, texts(flow(2, 1)));
    t.strictSame(bench.refusals, []);
    t.equal(bench.switches.session(bench.fake.dpid)?.inSync, true);
  });
  t.end();
});
