/** What is wanted, from change to change: the same as when all of it is put together anew, and no flow encoded twice. */
import assert from 'node:assert/strict';
import fc from '../support/fast-check.js';
import t from 'tap';
import { emptyProgram, type Flow, groupIds, meterIds, type Program } from '../../src/intent/index.js';
import { applyActions, match, OFPMF, output } from '../../src/openflow/index.js';
import { type CheckedPart, checkPart } from '../../src/reconcile/check.js';
import { combine } from '../../src/reconcile/compile.js';
import { WantedTables } from '../../src/reconcile/wanted.js';

const flowOf = (inPort: number, out = 1): Flow => ({
  table: 0,
  priority: 100,
  match: match({ in_port: inPort }),
  instructions: [applyActions([output(out)])],
});

/** Some flows claim the same, and some say the same twice. */
const pool = [1, 2, 3, 4, 5, 6].flatMap(inPort => [flowOf(inPort), flowOf(inPort), flowOf(inPort, 2)]);
const lists = Array.from({ length: 8 }, (_, at) => pool.slice(at * 2, at * 2 + 3));

/** A flow whose `match` is asked for how often it is encoded. */
function counted(inPort: number): { readonly flow: Flow; encoded: number } {
  const one = { encoded: 0, flow: flowOf(inPort) };
  const { match: fields } = one.flow;
  Object.defineProperty(one.flow, 'match', {
    get: () => {
      one.encoded += 1;
      return fields;
    },
  });
  return one;
}

t.test('whatever changes: as if it were put together anew', t => {
  const program = fc.record({
    flows: fc.array(fc.constantFrom(...pool), { maxLength: 5 }),
    blocks: fc.array(fc.constantFrom(...lists), { maxLength: 4 }),
  });
  const apps = fc.array(program, { minLength: 1, maxLength: 2 });
  fc.assert(
    fc.property(fc.array(apps, { minLength: 1, maxLength: 8 }), turns => {
      const tables = new WantedTables();
      const last: CheckedPart[] = [];
      let before: ReadonlyMap<bigint, Flow> = new Map();
      const matches = new Map<bigint, Flow['match']>();
      for (const programs of turns) {
        const parts = programs.map((its, index) =>
          checkPart(
            { app: `app ${index}`, number: 8 + index, program: { ...emptyProgram, ...its } },
            last[index],
          ),
        );
        for (const [index, part] of parts.entries()) last[index] = part;
        const changed = new Set(tables.update(parts));
        const anew = combine(parts);
        assert.deepEqual(new Map(tables.flows), anew.flows);
        assert.deepEqual(tables.conflicts, anew.conflicts);
        for (const cookie of [...before.keys(), ...anew.flows.keys()])
          if (before.has(cookie) !== anew.flows.has(cookie)) assert.ok(changed.has(cookie));
        for (const [cookie, flow] of anew.flows) matches.set(cookie, flow.match);
        for (const [past, successor] of tables.successors) {
          assert.ok(!anew.flows.has(past) && anew.flows.has(successor));
          assert.deepEqual(matches.get(past), matches.get(successor));
        }
        before = anew.flows;
      }
    }),
    { numRuns: 300 },
  );
  t.end();
});

t.test('what is the same object is encoded once', t => {
  const flows = Array.from({ length: 9 }, (_, index) => counted(index + 1));
  const all = flows.map(({ flow }) => flow);
  const encoded = (): string => flows.map(one => one.encoded).join('');
  const part = (program: Partial<Program>, before?: CheckedPart): CheckedPart =>
    checkPart({ app: 'a', number: 8, program: { ...emptyProgram, ...program } }, before);
  const blocks = [all.slice(3, 6), all.slice(6)];
  const first = part({ flows: all.slice(0, 3), blocks });
  t.equal(encoded(), '111111111');
  const same = part({ flows: all.slice(0, 3), blocks }, first);
  t.equal(same.lists[1], first.lists[1]);
  t.equal(same.lists[0]?.flows, first.lists[0]?.flows);
  const longer = [[flowOf(20), ...all.slice(3, 6)], blocks[1] ?? []];
  const moved = part({ flows: [...all.slice(0, 3).reverse(), flowOf(21)], blocks: longer }, same);
  const back = part({ flows: all.slice(0, 3), blocks: [all.slice(3, 6), all.slice(5)] }, moved);
  t.equal(encoded(), '111111111', 'wherever it stands');
  t.equal(combine([back]).conflicts.length, 1);

  const group = { id: groupIds.local(1), groupType: 'all', buckets: [] } as const;
  const meter = { id: meterIds.of(1), flags: OFPMF.KBPS, bands: [] } as const;
  const more = part({ groups: [group], meters: [meter] }, back);
  t.strictSame(part({ groups: [group], meters: [meter] }, more).program.groups, [group]);
  t.throws(() => part({ groups: [{ ...group, id: 1 }] }, more), { code: 'APP_INVALID' });
  t.throws(() => part({ blocks: [1] } as never, more), { code: 'APP_INVALID', message: /`blocks`/ });
  t.end();
});

t.test('a change costs what has changed', t => {
  const blocks = Array.from({ length: 100 }, (_, block) =>
    Array.from({ length: 100 }, (_, index) => flowOf(block * 100 + index + 1)),
  );
  const program = { ...emptyProgram, flows: [flowOf(20_000), flowOf(20_001)], blocks };
  const first = checkPart({ app: 'a', number: 8, program });
  const tables = new WantedTables();
  t.equal([...tables.update([first])].length, 10_002);
  t.strictSame([...tables.update([first])], []);
  const other = [...(blocks[50] ?? []).slice(0, 99), flowOf(30_000)];
  const next = { ...program, flows: [...program.flows], blocks: blocks.with(50, other) };
  const changed = [...tables.update([checkPart({ app: 'a', number: 8, program: next }, first)])];
  t.equal(changed.length, 2, 'the one that came and the one that went');
  t.equal(tables.flows.size, 10_002);
  t.end();
});

t.test('what takes the place of what: over several changes, until it is of no interest', t => {
  const tables = new WantedTables();
  const want = (...flows: readonly Flow[]): readonly bigint[] => {
    tables.update([checkPart({ app: 'a', number: 8, program: { ...emptyProgram, flows } })]);
    return [...tables.flows.keys()];
  };
  const [first = 0n] = want(flowOf(1, 1));
  const [second = 0n, other = 0n] = want(flowOf(1, 2), flowOf(2));
  t.strictSame([...tables.successors], [[first, second]]);
  const [third = 0n] = want(flowOf(1, 3));
  t.strictSame(
    new Map(tables.successors),
    new Map([
      [first, third],
      [second, third],
    ]),
  );
  t.notOk(tables.successors.has(other), 'it has gone, and nothing stands in its place');
  want(flowOf(1, 1));
  t.strictSame(new Set(tables.successors.keys()), new Set([second, third]), 'it is wanted again');
  want();
  t.equal(tables.successors.size, 0);
  want(flowOf(1, 1));
  want(flowOf(1, 2));
  tables.forgetPast();
  t.equal(tables.successors.size, 0);
  t.end();
});
