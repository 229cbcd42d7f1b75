/** One switch kept true, on a real Open vSwitch: what is large, and what others change. */
import t from 'tap';
import { whyNoSwitch } from '../../lab/record/dummy-switch.js';
import { waitFor } from '../../lab/wait.js';
import { auditPeriod } from '../../src/controller/switch-sync.js';
import { type Flow, type Group, groupIds, type Meter, meterIds } from '../../src/intent/index.js';
import {
  applyActions,
  bucket,
  clone,
  gotoTable,
  group,
  learn,
  learnMatch,
  load,
  masked,
  match,
  meter,
  move,
  OFPMF,
  output,
  outputReg,
  popVlan,
  pushVlan,
  resubmit,
  setField,
  writeActions,
  writeMetadata,
} from '../../src/openflow/index.js';
import { hosts, Site } from '../support/overlay-world.js';
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

/** What others do to flows and meters, beside what is not ours. */
t.test('what others change of ours', { skip }, async t => {
  const own = await OwnProgram.open();
  t.teardown(() => own.close());
  const site = new Site(
    `${hosts(3)}\nnetworks:\n  blue: { vni: 5000, ports: [{ iface-id: "b*" }], remotes: [10.97.0.9] }\n`,
  );
  site.read('kvm1', { a: { ofport: 1, id: 'b1', mac: '02:00:00:00:00:01' }, b: { ofport: 2, id: 'b2' } }, 9);
  site.read('kvm2', { a: { ofport: 1, id: 'b3', mac: '02:00:00:00:00:03' } }, 9);
  site.read('kvm3', {}, 9);
  const overlay = site.program(1);
  const limit: Meter = {
    id: meterIds.of(1),
    flags: OFPMF.KBPS | OFPMF.BURST,
    bands: [{ type: 'drop', rate: 1_000, burstSize: 100 }],
  };
  const flows = [...overlay.flows, ...sundry(limit.id)];
  const { refused } = await own.want({ ...overlay, flows, meters: [limit] });
  t.strictSame(refused, []);
  await own.ofctl('add-flow', 'cookie=0x1234,table=0,priority=7,in_port=5,actions=drop');
  await own.ofctl('add-group', 'group_id=7,type=all,bucket=actions=output:3');
  await own.ofctl('add-meter', 'meter=7,kbps,band=type=drop,rate=9000');
  const tables = async (): Promise<readonly string[]> => [
    ...(await own.flows()),
    ...(await own.ofctl('dump-groups')).split('\n').filter(line => line.includes('group_id=')),
    ...(await own.ofctl('dump-meters')).split('\n').slice(1),
  ];
  const before = await tables();
  const sent = own.status()?.sent;

  const audit = async (): Promise<void> => {
    const asked = own.audits;
    own.skip(auditPeriod);
    await waitFor('an audit to be made', () => own.audits > asked && own.status()?.state === 'in sync');
  };
  await audit();
  await audit();
  t.equal(own.status()?.sent, sent, 'Open vSwitch tells every flow as it was sent');
  t.strictSame(own.warnings, []);

  const ours = (await own.flows('cookie=0x4864000000000000/0xffff000000000000')).flatMap(
    line => /cookie=(0x[0-9a-f]+)/.exec(line)?.[1] ?? [],
  );
  const harms: Record<string, readonly [() => Promise<unknown>, RegExp]> = {
    'mod-flows, which keeps the cookie': [
      () => own.ofctl('mod-flows', 'table=95,metadata=5000,reg1=1,actions=drop'),
      /1 flow edited/,
    ],
    'mod-flows of a whole table': [() => own.ofctl('mod-flows', 'table=60,actions=drop'), /flows edited/],
    'del-flows of every second one': [
      async () => {
        for (const cookie of ours.filter((_, index) => index % 2 === 0))
          await own.ofctl('del-flows', `cookie=${cookie}/-1`);
      },
      /flows gone/,
    ],
    'add-flow under a cookie of ours': [
      () => own.ofctl('add-flow', `cookie=${ours[0]},table=95,priority=5,actions=drop`),
      /1 flow added/,
    ],
    'a meter': [
      () => own.ofctl('mod-meter', `meter=${limit.id},kbps,burst,band=type=drop,rate=5,burst_size=5`),
      /1 meter changed/,
    ],
  };
  for (const [what, [harm, told]] of Object.entries(harms)) {
    own.warnings.length = 0;
    await harm();
    t.notSame(await tables(), before, what);
    own.skip(auditPeriod);
    await waitFor(`${what} to be repaired`, async () => {
      const now = await tables();
      return JSON.stringify(now) === JSON.stringify(before);
    });
    await waitFor('that to be told', () => own.warnings.length > 0);
    t.match(own.warnings, [told]);
  }
});

/** Flows of many kinds: each has to be told as it was sent. */
function sundry(meterId: number): readonly Flow[] {
  const fields = [
    { eth_type: 0x0800, ip_proto: 6, tcp_dst: 443, ipv4_src: masked(0x0a000000, 0xff000000) },
    { vlan_vid: 0x1014, eth_type: 0x86dd, ip_proto: 58, icmpv6_type: 135 },
    { eth_type: 0x0806, arp_op: 1, arp_tpa: 0x0a000001, metadata: 5_000n },
    { in_port: 3 },
    { reg0: masked(1, 1), tun_src: 0x0a610002, tunnel_id: 7n },
    { eth_dst: masked(0x010000000000, 0x010000000000) },
  ];
  const actions = [
    [pushVlan(), setField({ vlan_vid: 0x100a }), output(3)],
    [popVlan(), output(4, 0)],
    [move('eth_src', 'eth_dst'), load(2n, { field: 'reg1', offset: 0, bits: 16 }), outputReg('reg1')],
    [clone([setField({ tun_dst: 0x0a610002 }), output(9)]), resubmit(70)],
    [learn({ table: 70, hardTimeout: 300, priority: 3, specs: [learnMatch('eth_dst', 'eth_src')] })],
  ];
  return fields.map((one, index) => ({
    table: 200,
    priority: 10 + index,
    match: match(one),
    instructions: [
      ...(index === 0 ? [meter(meterId)] : []),
      applyActions(actions[index] ?? [output(2)]),
      ...(index === 1 ? [writeActions([output(1)])] : []),
      ...(index === 2 ? [writeMetadata(1n, 0xffn), gotoTable(201)] : []),
    ],
  }));
}
