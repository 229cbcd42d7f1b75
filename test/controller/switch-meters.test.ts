import t from 'tap';
import { retryRefused } from '../../src/controller/switch-refusals.js';
import { emptyProgram, type Flow, type Meter, meterIds } from '../../src/intent/index.js';
import { applyActions, formatFlow, meter, OFPMF, output } from '../../src/openflow/index.js';
import { compile } from '../../src/reconcile/compile.js';
import { meterMod } from '../../src/reconcile/mods.js';

import { flow, flood, floodFlow, wantedOf, Bench, texts } from '../support/sync-bench.js';

t.test('meters', t => {
  const [first, second] = [meterIds.of(1), meterIds.of(2)];
  const meterOf = (id: number, rate: number): Meter => ({
    id,
    flags: OFPMF.KBPS,
    bands: [{ type: 'drop', rate, burstSize: 0 }],
  });
  const metered = (inPort: number, id: number): Flow => ({
    ...flow(inPort),
    instructions: [meter(id), applyActions([output(1)])],
  });
  const said = (bench: Bench): readonly string[] => bench.news().filter(type => /mod|commit/.test(type));

  t.test('made and changed before the flows that use them, and deleted after', async t => {
    const bench = new Bench();
    await bench.connect();
    // Another program's, with an id of its own.
    bench.fake.meters.set(1, meterMod('add', meterOf(1, 1)));
    bench.news();
    await bench.want({ meters: [meterOf(first, 1_000)], flows: [metered(1, first), flow(2, 1)] });
    t.strictSame(said(bench), ['meter_mod', 'bundle_add flow_mod', 'bundle_add flow_mod', 'commit_request']);
    t.strictSame(bench.refusals, []);
    t.equal(bench.only.sync.phase, 'in sync');

    await bench.want({ meters: [meterOf(first, 2_000)], flows: [metered(1, first), flow(2, 1)] });
    t.strictSame(said(bench), ['meter_mod'], 'the flows stay');
    t.match(bench.fake.meters.get(first), { command: 'modify', bands: [{ rate: 2_000 }] });

    await bench.want({ meters: [meterOf(second, 5)], flows: [metered(1, second), flow(2, 1)] });
    t.strictSame(said(bench), ['meter_mod', 'flow_mod', 'meter_mod']);
    t.strictSame([...bench.fake.meters.keys()], [1, second], "another program's stays");
    t.strictSame(bench.flows, texts(metered(1, second), flow(2, 1)));

    bench.fake.cut();
    await bench.connect();
    t.strictSame(said(bench), [], 'read anew, nothing is left to do');
    await bench.want({ flows: [flow(2, 1)] });
    t.strictSame([...bench.fake.meters.keys()], [1]);
    t.strictSame(bench.flows, texts(flow(2, 1)));
    t.end();
  });

  t.test('a meter stays while flows stay that are not wanted', async t => {
    const bench = new Bench();
    await bench.connect();
    await bench.want({ meters: [meterOf(first, 1_000)], flows: [metered(1, first)] });
    await bench.want({ keep: 'all' });
    t.strictSame([...bench.fake.meters.keys()], [first]);
    t.strictSame(bench.flows, texts(metered(1, first)));
    t.end();
  });

  t.test('a switch that has none: its flows with a meter are refused, and all else is done', async t => {
    const bench = new Bench();
    bench.fake.refuseRequest = type => (type === 'meter_config' ? [1, 2] : undefined);
    bench.fake.refuseAdd = change => (change.type === 'meter_mod' ? [1, 1] : undefined);
    await bench.connect();
    await bench.want({
      meters: [meterOf(first, 1_000)],
      flows: [metered(1, first), flow(2, 1), floodFlow(3, 7)],
      groups: [flood(7, 1)],
    });
    t.strictSame(bench.flows, texts(flow(2, 1), floodFlow(3, 7)));
    t.strictSame(bench.refusals, [
      { error: 'OFPBRC_BAD_TYPE', what: `meter=${first} kbps bands= type=drop rate=1000` },
      { error: 'OFPMMFC_INVALID_METER', what: formatFlow(metered(1, first)) },
    ]);
    t.equal(bench.only.sync.phase, 'in sync');
    bench.fake.refuseAdd = () => undefined;
    await bench.advance(retryRefused);
    t.strictSame(bench.refusals, [], 'where it has some after all, they are made');
    t.strictSame(bench.flows, texts(metered(1, first), flow(2, 1), floodFlow(3, 7)));
    t.end();
  });

  t.test('two apps that claim one', t => {
    const part = (app: string, number: number) => ({
      app,
      number,
      program: { ...emptyProgram, meters: [meterOf(first, number)] },
    });
    const { meters, conflicts } = compile([part('a', 8), part('b', 9)]);
    t.strictSame([...meters.values()], [meterOf(first, 8)]);
    t.strictSame(conflicts, [{ first: 'a', second: 'b', what: `meter ${first}` }]);
    t.throws(() => wantedOf({ meters: [meterOf(1, 1)] }), { code: 'APP_INVALID', message: /meter 1 is not/ });
    t.end();
  });
  t.end();
});
