import fc from '../support/fast-check.js';
import t from 'tap';
import { forward } from '../../src/apps/learning-switch/messages.js';
import { learningSwitch } from '../../src/apps/learning-switch/learning-switch.js';
import { keyHigh, MacTable } from '../../src/apps/learning-switch/mac-table.js';
import {
  type AppEvent,
  makeCookie,
  numberTables,
  type Setup,
  tablesOf,
  type World,
} from '../../src/intent/index.js';
import {
  applyActions,
  encode,
  type FlowStats,
  formatFlow,
  match,
  type MatchFields,
  OFP_NO_BUFFER,
  OFPP,
  OFPPR,
  OFPPS,
  output,
  type PacketIn,
  type Port,
} from '../../src/openflow/index.js';
import { decodeEthernet, EtherType, isLinkLocalMac } from '../../src/packet/index.js';

const [a, b, c] = [0x0200_0000_000a, 0x0200_0000_000b, 0x0200_0000_000c];
const broadcast = 0xffff_ffff_ffff;

interface FrameParts {
  /** VLAN id, and the tag's own EtherType. */
  readonly vlan?: number;
  readonly tag?: number;
  readonly etherType?: number;
  readonly size?: number;
}

function frame(dst: number, src: number, parts: FrameParts = {}): Uint8Array {
  const { vlan, tag = EtherType.VLAN, etherType = EtherType.IPV4, size = 60 } = parts;
  const bytes = new Uint8Array(64);
  const view = new DataView(bytes.buffer);
  const mac = (at: number, value: number): void => {
    view.setUint16(at, Math.floor(value / 2 ** 32));
    view.setUint32(at + 2, value % 2 ** 32);
  };
  mac(0, dst);
  mac(6, src);
  if (vlan === undefined) view.setUint16(12, etherType);
  else {
    view.setUint16(12, tag);
    view.setUint16(14, 0x6000 | vlan);
    view.setUint16(16, etherType);
  }
  return bytes.slice(0, size);
}

const packet = (inPort: number, data: Uint8Array, more: Partial<PacketIn> = {}): PacketIn => ({
  type: 'packet_in',
  xid: 0,
  bufferId: OFP_NO_BUFFER,
  totalLen: data.length,
  reason: 0,
  tableId: 0,
  cookie: 0n,
  match: match({ in_port: inPort }),
  data,
  ...more,
});

const world: World = { networks: [], hypervisors: new Map(), switches: new Map(), now: () => 0 };
const cookie = makeCookie(2, 'reactive', 5);

const setup: Setup = {
  tables: tablesOf(numberTables([learningSwitch]), learningSwitch.name),
  reactiveCookie: cookie,
  learnedCookie: () => 0n,
  numberMeters: () => new Map(),
};

/** The app with a switch that has come up; what it sends is told as texts. */
class Run {
  #state: ReturnType<typeof learningSwitch.init>;

  constructor(options: object = {}, reactive: readonly FlowStats[] = []) {
    this.#state = learningSwitch.init(learningSwitch.options.parse(options), setup, world);
    this.on({ type: 'switch-up', dpid: 1n, reactive });
  }

  reconfigure(options: object): void {
    const parsed = learningSwitch.options.parse(options);
    this.#state = learningSwitch.reconfigure!(parsed, setup, this.#state, world).state;
  }

  on(event: AppEvent): string[] {
    const step = learningSwitch.on(event, this.#state, world);
    this.#state = step.state;
    return (step.send ?? []).map(message => {
      encode(message); // can be sent
      if (message.type === 'packet_out') {
        const [action] = message.actions;
        const to = action?.type === 'output' ? (action.port === OFPP.FLOOD ? 'flood' : action.port) : 'drop';
        const what =
          message.bufferId === OFP_NO_BUFFER ? `${message.data.length} bytes` : `buffer ${message.bufferId}`;
        return `send ${what} from ${message.inPort} to ${to}`;
      }
      const { command, tableId: table, priority, match, instructions, idleTimeout } = message;
      if (message.cookie !== cookie) throw new Error('a flow of nobody');
      const flow = formatFlow({ table, priority, match, instructions, idleTimeout });
      if (command === 'add') return flow;
      if (message.cookieMask !== 0xffff_ffff_ffff_ffffn) throw new Error("deletes somebody else's");
      const port = message.outPort === OFPP.ANY ? '' : ` to ${message.outPort}`;
      return `${command} ${flow.replace(' actions=drop', '')}${port}`;
    });
  }

  packet(
    inPort: number,
    dst: number,
    src: number,
    parts: FrameParts = {},
    more: Partial<PacketIn> = {},
  ): string[] {
    return this.on({ type: 'packet-in', dpid: 1n, packet: packet(inPort, frame(dst, src, parts), more) });
  }

  port(portNo: number, change: { reason?: number; state?: number }): string[] {
    const port: Port = {
      portNo,
      hwAddr: 0,
      name: `p${portNo}`,
      config: 0,
      state: change.state ?? 0,
      curr: 0,
      advertised: 0,
      supported: 0,
      peer: 0,
      currSpeed: 0,
      maxSpeed: 0,
    };
    return this.on({ type: 'port-status', dpid: 1n, reason: change.reason ?? OFPPR.MODIFY, port });
  }
}

const add = (
  inPort: number,
  dst: string,
  src: string,
  outPort: number,
  tag = 'vlan_tci=0x0000/0x1fff',
): string =>
  `idle_timeout=300, priority=10,in_port=${inPort},${tag},dl_src=02:00:00:00:00:0${src},dl_dst=02:00:00:00:00:0${dst} actions=output:${outPort}`;

t.test('two stations find each other', t => {
  const run = new Run();
  t.strictSame(run.packet(1, broadcast, a), ['send 60 bytes from 1 to flood']);
  t.strictSame(run.packet(2, a, b), [add(2, 'a', 'b', 1), 'send 60 bytes from 2 to 1']);
  t.strictSame(run.packet(1, b, a), [add(1, 'b', 'a', 2), 'send 60 bytes from 1 to 2']);
  t.strictSame(run.packet(1, c, a), ['send 60 bytes from 1 to flood'], 'a third one is not known');
  t.strictSame(run.packet(1, 0x0100_5e00_0001, a), ['send 60 bytes from 1 to flood'], 'multicast');
  t.strictSame(
    run.on({ type: 'packet-in', dpid: 2n, packet: packet(1, frame(a, b)) }),
    [],
    'another switch, which has not come up',
  );
  t.end();
});

t.test('a station that moves', t => {
  const run = new Run();
  run.packet(1, broadcast, a);
  run.packet(2, a, b);
  const untagged = 'vlan_tci=0x0000/0x1fff';
  t.strictSame(run.packet(3, b, a), [
    `delete priority=10,${untagged},dl_dst=02:00:00:00:00:0a`,
    `delete priority=10,in_port=1,${untagged},dl_src=02:00:00:00:00:0a`,
    add(3, 'b', 'a', 2),
    'send 60 bytes from 3 to 2',
  ]);
  t.strictSame(run.packet(2, a, b), [add(2, 'a', 'b', 3), 'send 60 bytes from 2 to 3']);
  t.end();
});

t.test('other options, and nothing is forgotten', t => {
  const run = new Run();
  run.packet(1, broadcast, a);
  run.reconfigure({ 'idle-timeout': 20 });
  t.strictSame(run.packet(2, a, b), [add(2, 'a', 'b', 1).replace('300', '20'), 'send 60 bytes from 2 to 1']);
  t.end();
});

t.test('VLANs are worlds of their own', t => {
  const run = new Run();
  run.packet(1, broadcast, a, { vlan: 10 });
  run.packet(3, broadcast, a, { vlan: 20 });
  run.packet(4, broadcast, a);
  t.strictSame(run.packet(2, a, b, { vlan: 10 }), [
    add(2, 'a', 'b', 1, 'dl_vlan=10'),
    'send 60 bytes from 2 to 1',
  ]);
  t.strictSame(run.packet(2, a, b, { vlan: 20 }), [
    add(2, 'a', 'b', 3, 'dl_vlan=20'),
    'send 60 bytes from 2 to 3',
  ]);
  t.strictSame(run.packet(2, a, b), [add(2, 'a', 'b', 4), 'send 60 bytes from 2 to 4']);
  t.strictSame(run.packet(2, a, b, { vlan: 30 }), ['send 60 bytes from 2 to flood']);
  t.strictSame(
    run.packet(2, a, b, { vlan: 0 }),
    ['send 60 bytes from 2 to flood'],
    'a tag of priority alone',
  );
  t.strictSame(
    run.packet(2, a, b, { vlan: 10, tag: EtherType.SERVICE_VLAN })[0],
    add(2, 'a', 'b', 1, 'dl_vlan=10'),
    "a provider's tag is matched by vlan_vid as well",
  );
  t.end();
});

t.test('frames that are not forwarded', t => {
  const run = new Run();
  run.packet(1, broadcast, a);
  t.strictSame(run.packet(2, 0x0180_c200_0000, b), [], 'spanning tree');
  t.strictSame(run.packet(2, 0x0180_c200_000f, b), []);
  t.strictSame(run.packet(2, a, b, { etherType: EtherType.LLDP }), []);
  t.strictSame(run.packet(2, a, b, { etherType: EtherType.LLDP, vlan: 5 }), []);
  t.strictSame(run.packet(2, a, broadcast), [], 'no station has a group address');
  t.strictSame(run.packet(1, b, a), ['send 60 bytes from 1 to flood'], 'none of these was learned from');
  t.strictSame(run.packet(2, a, b, { size: 17 }), [], 'shorter than any header');
  t.strictSame(run.packet(2, a, b, { size: 0 }), []);
  const noPort = packet(2, frame(a, b), { match: [] });
  t.strictSame(run.on({ type: 'packet-in', dpid: 1n, packet: noPort }), []);
  t.strictSame(run.packet(2, a, b, {}, { tableId: 60 }), [], "of another app's table");
  t.end();
});

t.test('both behind one port: a flow that drops, and nothing is sent back', t => {
  const run = new Run();
  run.packet(1, broadcast, a);
  t.strictSame(run.packet(1, a, b), [add(1, 'a', 'b', 1)]);
  t.end();
});

t.test('what the switch has kept, and what it has cut off', t => {
  const run = new Run();
  run.packet(1, broadcast, a);
  t.strictSame(run.packet(2, a, b, { size: 40 }, { bufferId: 7, totalLen: 1_500 }), [
    add(2, 'a', 'b', 1),
    'send buffer 7 from 2 to 1',
  ]);
  t.strictSame(run.packet(2, c, b, {}, { bufferId: 0 }), ['send buffer 0 from 2 to flood']);
  t.strictSame(
    run.packet(2, a, b, { size: 40 }, { totalLen: 1_500 }),
    [add(2, 'a', 'b', 1)],
    'no half frames',
  );
  t.strictSame(run.packet(2, c, b, { size: 40 }, { totalLen: 1_500 }), []);
  t.end();
});

t.test('ports that go', t => {
  for (const change of [{ reason: OFPPR.DELETE }, { state: OFPPS.LINK_DOWN }]) {
    const run = new Run();
    run.packet(1, broadcast, a);
    t.strictSame(run.port(1, change), ['delete priority=10 to 1', 'delete priority=10,in_port=1']);
    t.strictSame(run.packet(2, a, b), ['send 60 bytes from 2 to flood'], 'forgotten');
    t.strictSame(run.packet(3, broadcast, a), ['send 60 bytes from 3 to flood'], 'and so it does not move');
  }
  const run = new Run();
  run.packet(1, broadcast, a);
  t.strictSame(run.port(1, { state: OFPPS.LIVE }), []);
  t.strictSame(run.port(9, { reason: OFPPR.ADD }), []);
  t.match(run.packet(2, a, b), [add(2, 'a', 'b', 1)]);
  t.end();
});

const left = (fields: MatchFields, outPort?: number, tableId = 0): FlowStats => ({
  tableId,
  durationSec: 9,
  durationNsec: 0,
  priority: 10,
  idleTimeout: 300,
  hardTimeout: 0,
  flags: 0,
  cookie,
  packetCount: 5n,
  byteCount: 500n,
  match: match(fields),
  instructions: outPort === undefined ? [] : [applyActions([output(outPort)])],
});

t.test('what an earlier run has left', t => {
  const flows = [
    left({ in_port: 1, vlan_vid: 0, eth_src: a, eth_dst: b }, 2),
    left({ in_port: 4, vlan_vid: 0x1000 | 10, eth_src: a, eth_dst: b }, 5),
    left({ in_port: 7 }, 8),
    left({ vlan_vid: 0 }),
  ];
  const run = new Run({}, flows);
  t.match(run.packet(3, a, c), [add(3, 'a', 'c', 1)], 'the source of a flow');
  t.match(run.packet(3, b, c), [add(3, 'b', 'c', 2)], 'its destination');
  t.match(run.packet(3, b, c, { vlan: 10 }), [add(3, 'b', 'c', 5, 'dl_vlan=10')], 'each in its VLAN');
  t.equal(run.packet(9, a, b).length, 4, 'a destination that has moved meanwhile is found');

  t.strictSame(
    run.on({
      type: 'switch-up',
      dpid: 1n,
      reactive: [...flows, left({ in_port: 1 }, 2, 60), left({}, 2, 60)],
    }),
    ['delete table=60, priority=10'],
    'flows in a table that is no more its own',
  );
  run.on({ type: 'switch-down', dpid: 1n });
  t.strictSame(run.packet(3, a, c), [], 'a switch that has gone');
  run.on({ type: 'switch-up', dpid: 1n, reactive: [] });
  t.strictSame(run.packet(3, a, c), ['send 60 bytes from 3 to flood'], 'comes back with nothing');
  t.end();
});

t.test('a table that is full', t => {
  const run = new Run({ 'max-macs': 16, 'idle-timeout': 60 });
  run.packet(1, broadcast, a);
  run.packet(1, broadcast, a, { vlan: 7 });
  for (let n = 0; n < 14; n++) run.packet(2, broadcast, 0x0200_0000_1000 + n, { vlan: 7 });
  t.strictSame(run.packet(3, broadcast, b, { vlan: 7 }), ['send 60 bytes from 3 to flood']);
  t.strictSame(run.packet(2, a, c, { vlan: 7 }), ['send 60 bytes from 2 to flood'], 'the oldest has gone');
  t.match(run.packet(2, a, c), [/idle_timeout=60.*output:1/], 'the small VLAN keeps its own');
  t.end();
});

t.test('a flood of made-up MACs takes the place of none that somebody sends to', t => {
  const run = new Run({ 'max-macs': 64 });
  const hosts = Array.from({ length: 20 }, (_, n) => 0x0200_0000_2000 + n);
  for (const host of hosts) run.packet(1, broadcast, host);
  for (const host of hosts) run.packet(2, host, a);
  let floods = 0;
  for (let n = 0; n < 5_000; n++)
    if (run.packet(3, hosts[n % 20]!, 0x0600_0000_0000 + n).at(-1) !== 'send 60 bytes from 3 to 1')
      floods += 1;
  t.equal(floods, 0);
  t.match(run.packet(2, hosts[0]!, b), [/output:1$/, 'send 60 bytes from 2 to 1']);
  t.end();
});

t.test('whom nobody has sent to for longest makes room where all are sent to, and is asked about anew', t => {
  const run = new Run({ 'max-macs': 16 });
  const hosts = Array.from({ length: 16 }, (_, n) => 0x0200_0000_3000 + n);
  for (const host of hosts) run.packet(1, broadcast, host);
  for (const host of [...hosts, hosts[0]!]) run.packet(1, host, hosts[1]!);
  const untagged = 'vlan_tci=0x0000/0x1fff';
  t.strictSame(run.packet(3, broadcast, a), [
    `delete priority=10,${untagged},dl_dst=02:00:00:00:30:01`,
    `delete priority=10,${untagged},dl_src=02:00:00:00:30:01`,
    'send 60 bytes from 3 to flood',
  ]);
  t.match(run.packet(3, hosts[0]!, a), [/output:1$/, 'send 60 bytes from 3 to 1']);
  t.end();
});

t.test('MacTable, beside a plain model', t => {
  const vlans = [undefined, 0, 1, 4_095];
  const station = { vlan: fc.constantFrom(...vlans), mac: fc.nat(12).map(n => n * 0x1001_0000_0001) };
  const step = fc.oneof(
    { weight: 9, arbitrary: fc.record({ ...station, port: fc.constantFrom(1, 2, 0xffff_fffe) }) },
    { weight: 5, arbitrary: fc.record(station) },
    { weight: 1, arbitrary: fc.constantFrom(1, 2, 0xffff_fffe) },
  );
  interface Known {
    readonly vlan: number | undefined;
    readonly mac: number;
    readonly port: number;
    readonly sentTo: boolean;
  }
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 24 }),
      fc.array(step, { maxLength: 120 }),
      fc.boolean(),
      (limit, steps, byEntry) => {
        const table = new MacTable(limit);
        /** From the one that goes first to the newest. */
        let model: Known[] = [];
        const of = (vlan: number | undefined): Known[] => model.filter(other => other.vlan === vlan);
        for (const one of steps) {
          if (typeof one === 'number') {
            table.forgetPort(one);
            model = model.filter(({ port }) => port !== one);
            continue;
          }
          const isSame = ({ vlan, mac }: Known): boolean => vlan === one.vlan && mac === one.mac;
          const before = model.find(isSame);
          const others = model.filter(other => other !== before);
          if (!('port' in one)) {
            table.sendToMac(one.vlan, one.mac);
            if (before !== undefined) model = [...others, { ...before, sentTo: true }];
            continue;
          }
          const key = [keyHigh(one.vlan, Math.floor(one.mac / 2 ** 32)), one.mac % 2 ** 32] as const;
          const isFull = before === undefined && model.length === limit;
          const largest = Math.max(...vlans.map(vlan => of(vlan).length));
          const mayGo = vlans
            .map(of)
            .filter(all => all.length === largest)
            .map(all => {
              const [newcomers, sentTo] = [false, true].map(is => all.filter(other => other.sentTo === is));
              return newcomers!.length > all.length >> 3 ? newcomers![0] : sentTo![0];
            });
          if (byEntry && before === undefined) {
            const added = table.add(...key, one.port);
            const gone = isFull
              ? model.find(({ vlan, mac }) => table.portOf(vlan, mac) === undefined)
              : undefined;
            if (!added) {
              if (!isFull || gone !== undefined || !mayGo.some(victim => victim!.sentTo)) return false;
            } else {
              if (isFull && (gone === undefined || gone.sentTo || !mayGo.includes(gone))) return false;
              model = [...model.filter(other => other !== gone), { ...one, sentTo: false }];
            }
            continue;
          }
          const { before: told, evicted } = table.learn(one.vlan, one.mac, one.port) ?? {};
          if (told !== (before?.port === one.port ? undefined : before?.port)) return false;
          if (isFull) {
            const gone = model.find(({ vlan, mac }) => table.portOf(vlan, mac) === undefined);
            if (gone === undefined || !mayGo.includes(gone)) return false;
            if (gone.sentTo !== (evicted?.mac === gone.mac && evicted.vlan === gone.vlan)) return false;
            model = model.filter(other => other !== gone);
          } else if (evicted !== undefined) return false;
          if (before === undefined) model = [...model, { ...one, sentTo: false }];
          else if (before.port !== one.port) model = [...others, { ...before, port: one.port }];
        }
        if (table.size !== model.length || table.size > limit) return false;
        return vlans.every(vlan =>
          Array.from({ length: 13 }, (_, n) => n * 0x1001_0000_0001).every(
            mac => table.portOf(vlan, mac) === of(vlan).find(other => other.mac === mac)?.port,
          ),
        );
      },
    ),
    { numRuns: 1_000 },
  );
  t.end();
});

t.test('what it wants, and its options', t => {
  const run = learningSwitch.desired({ table: 61 } as never, world, 1n);
  t.strictSame(
    run.flows.map(flow => formatFlow(flow)),
    ['table=61, priority=0 actions=CONTROLLER:65535'],
  );
  t.strictSame(learningSwitch.options.parse({}), { 'idle-timeout': 300, 'max-macs': 16_384 });
  for (const bad of [{ 'idle-timeout': 0 }, { 'idle-timeout': 65_536 }, { 'max-macs': 1 }, { idle: 1 }])
    t.notOk(learningSwitch.options.safeParse(bad).success, JSON.stringify(bad));
  const quiet = { type: 'hypervisor-changed', name: 'x' } as const;
  t.strictSame(new Run().on(quiet), []);
  t.end();
});

t.test('Ethernet headers', t => {
  t.strictSame(decodeEthernet(frame(b, a)), { dst: b, src: a, etherType: 0x0800 });
  t.strictSame(decodeEthernet(frame(b, a, { vlan: 4_095, etherType: EtherType.ARP })), {
    dst: b,
    src: a,
    etherType: 0x0806,
    vlan: 4_095,
  });
  for (let size = 0; size < 14; size++)
    t.throws(() => decodeEthernet(frame(b, a, { size })), { code: 'WIRE_TRUNCATED' });
  for (let size = 14; size < 18; size++)
    t.throws(() => decodeEthernet(frame(b, a, { size, vlan: 1 })), { code: 'WIRE_TRUNCATED' });
  t.doesNotThrow(() => decodeEthernet(frame(b, a, { size: 14 })));
  t.ok(isLinkLocalMac(0x0180_c200_0000));
  t.ok(isLinkLocalMac(0x0180_c200_000f));
  t.notOk(isLinkLocalMac(0x0180_c200_0010));
  t.notOk(isLinkLocalMac(0x0180_c1ff_ffff));
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 18, maxLength: 64 }), bytes => {
      const { dst, src, etherType, vlan } = decodeEthernet(bytes);
      return dst < 2 ** 48 && src < 2 ** 48 && etherType < 65_536 && (vlan === undefined || vlan < 4_096);
    }),
  );
  t.end();
});

t.test('the flow of a conversation has its match in the order of match()', t => {
  const conversation = { inPort: 3, dst: 0x020000000001, src: 0x020000000002, vlanVid: 0x100a };
  const fields = { vlan_vid: 0x100a, eth_src: conversation.src, in_port: 3, eth_dst: conversation.dst };
  t.same(forward({ table: 0, cookie: 0n }, conversation, 5, 300).match, match(fields));
  t.end();
});
