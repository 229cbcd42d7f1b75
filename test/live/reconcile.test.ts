/** One switch kept true, on a real Open vSwitch: what is large, and what others change. */
import t from 'tap';
import { whyNoSwitch } from '../../lab/record/dummy-switch.js';
import { type Flow, type Group, groupIds } from '../../src/intent/index.js';
import { applyActions, bucket, group, match, output, setField } from '../../src/openflow/index.js';
import { OwnProgram } from './support/own-program.js';

const skip = (await whyNoSwitch()) ?? false;

const toGroup = (inPort: number, id: number): Flow => ({
  table: 0,
  priority: 100,
  match: match({ in_port: inPort }),
  instructions: [applyActions([group(id)])],
});

/** A flood list of so many VTEPs. */
const vteps = (vni: number, count: number): Group => ({
  id: groupIds.flood(vni),
  groupType: 'all',
  buckets: Array.from({ length: count }, (_, index) =>
    bucket([setField({ tun_dst: 0x0a00_0001 + index }), output(7)]),
  ),
});

t.test('a group of 3,000 buckets', { skip }, async t => {
  const own = await OwnProgram.open();
  t.teardown(() => own.close());
  const id = groupIds.flood(5000);
  const program = { flows: [toGroup(1, id)], groups: [vteps(5000, 3_000)] };
  const { refused } = await own.want(program);
  t.strictSame(refused, []);
  const groups = async (): Promise<readonly string[]> =>
    (await own.ofctl('dump-groups')).split('\n').filter(line => line.includes('group_id='));
  const buckets = (lines: readonly string[]): number =>
    lines.flatMap(line => line.match(/->tun_dst/g) ?? []).length;
  const made = await groups();
  t.equal(made.length, 4, 'three parts, and the group that leads to them');
  t.equal(buckets(made), 3_000);
  const head = made.find(line => line.includes(`group_id=${id},`)) ?? '';
  t.strictSame(
    [...head.matchAll(/group:(\d+)/g)].map(([, part]) => Number(part)),
    [0, 1, 2].map(index => groupIds.part(id, index)),
  );
  t.equal((await own.flows()).length, 1);

  t.equal((await own.want(program)).sent, 0, 'known again by a new connection');
  await own.want({ ...program, groups: [vteps(5000, 1_500)] });
  const fewer = await groups();
  t.strictSame([fewer.length, buckets(fewer)], [3, 1_500]);
  await own.want({ ...program, groups: [vteps(5000, 10)] });
  const few = await groups();
  t.strictSame([few.length, buckets(few)], [1, 10]);
  t.equal((await own.flows()).length, 1, 'no flow went with a group');
  await own.want({});
  t.strictSame([await groups(), await own.flows()], [[], []]);
});
