import t from 'tap';
import { auditPeriod } from '../../src/controller/switch-sync.js';
import { makeCookie } from '../../src/intent/index.js';
import { formatMatch } from '../../src/openflow/index.js';
import { flowMod } from '../../src/reconcile/mods.js';
import { keyOf } from '../support/fake-switch.js';
import { flow, wantedOf, Bench, texts, farFlow, unread } from '../support/sync-bench.js';

t.test('an audit does not take for harm what is as it is for a reason', async t => {
  const bench = new Bench();
  const learned = flowMod(flow(50, 51), makeCookie(9, 'learned', 4));
  const reactive = flowMod(flow(52, 53), makeCookie(9, 'reactive', 0));
  for (const one of [learned, reactive]) bench.fake.flows.set(keyOf(one), one);
  const away = [farFlow(1, 9), farFlow(2, 9)];
  const more = { learned: new Set([learned.cookie]) };
  bench.wanted = wantedOf({ flows: away, ...more });
  await bench.connect();
  bench.fake.refuseAdd = message =>
    message.type === 'flow_mod' && formatMatch(message.match) === 'in_port=7' ? [5, 0] : undefined;
  // Two are kept, one of them loses its place, and one is refused.
  await bench.want({ flows: [flow(1, 5), flow(7, 5)], keep: unread(9), ...more });
  t.equal(bench.refusals.length, 1);
  const there = bench.flows;
  t.strictSame(there, texts(flow(1, 5), farFlow(2, 9), flow(50, 51), flow(52, 53)));
  for (let turn = 0; turn < 2; turn += 1) {
    bench.news();
    await bench.audit();
    const news = bench.news();
    t.ok(news.includes('aggregate'));
    t.notOk(
      news.some(one => /mod|open_request/.test(one)),
      'nothing is sent',
    );
    t.equal(
      news.filter(one => one === 'flow').length,
      turn === 0 ? 2 : 1,
      'and it is read in full once, in doubt',
    );
  }
  t.strictSame(bench.flows, there);
  t.strictSame(bench.drifts, []);
});

t.test('an audit does not disturb', async t => {
  const bench = new Bench();
  await bench.connect();
  bench.news();
  await bench.audit();
  t.strictSame(bench.news(), [], 'not before it is in sync');
  await bench.want({ flows: [flow(1, 2)] });
  bench.news();
  await bench.tick(1_000);
  await bench.tick(1_000);
  t.strictSame(bench.news(), [], 'not at each tick');

  bench.effects.advance(auditPeriod);
  bench.wanted = wantedOf({ flows: [flow(1, 3)] });
  bench.switches.reconcile(bench.fake.dpid);
  bench.switches.tick();
  await bench.fake.settle();
  const asked = bench.news();
  t.ok(asked.includes('flow_mod'));
  t.notOk(asked.includes('aggregate'), 'not while it is programmed');
  bench.switches.tick();
  bench.switches.tick();
  bench.wanted = wantedOf({ flows: [flow(1, 4)] });
  bench.switches.reconcile(bench.fake.dpid);
  await bench.fake.settle();
  t.strictSame(
    bench
      .news()
      .filter(type => type !== 'barrier_request')
      .slice(0, 5),
    ['aggregate', 'group_desc', 'meter_config', 'flow', 'flow_mod'],
    'what comes meanwhile is done after it',
  );
  t.strictSame(bench.flows, texts(flow(1, 4)));

  t.comment('a switch that does not tell its flows is asked for its groups alone');
  const blind = new Bench();
  blind.fake.refuseRequest = type => (type === 'flow' ? [1, 2] : undefined);
  blind.wanted = wantedOf({ flows: [flow(1, 2)] });
  await blind.connect();
  blind.news();
  await blind.audit();
  t.notOk(blind.news().includes('flow'));
  t.strictSame(blind.drifts, []);

  t.comment('a connection that ends meanwhile');
  bench.effects.advance(auditPeriod);
  bench.fake.cutAfter = 1;
  bench.switches.tick();
  await bench.fake.settle();
  t.equal(bench.switches.all.length, 0);
});

t.test('flows that the switch has learned stay while their cookie is wanted', async t => {
  const bench = new Bench();
  const [kept, dropped, reactive] = [
    makeCookie(9, 'learned', 1),
    makeCookie(9, 'learned', 2),
    makeCookie(9, 'reactive', 0),
  ];
  for (const [inPort, cookie] of [
    [1, kept],
    [2, kept],
    [3, dropped],
    [4, reactive],
  ] as const) {
    const one = flowMod(flow(inPort, 9), cookie);
    bench.fake.flows.set(keyOf(one), one);
  }
  bench.wanted = wantedOf({ learned: new Set([kept]) });
  await bench.connect();
  t.strictSame(bench.flows, texts(flow(1, 9), flow(2, 9), flow(4, 9)));
  t.match(bench.events, [{ type: 'switch-up', reactive: [{ cookie: reactive }] }]);

  t.comment('one that is learned later is deleted when its cookie goes, though no dump has shown it');
  bench.wanted = wantedOf({ learned: new Set([kept, dropped]) });
  await bench.reconcile();
  const late = flowMod(flow(5, 9), dropped);
  bench.fake.flows.set(keyOf(late), late);
  await bench.want({});
  t.strictSame(bench.flows, texts(flow(4, 9)));
});
