/** The learning switch answers a packet by its bytes as it does by objects. */
import fc from '../support/fast-check.js';
import t from 'tap';
import { learningSwitch } from '../../src/apps/learning-switch/learning-switch.js';
import { makeCookie, numberTables, type Setup, tablesOf, type World } from '../../src/intent/index.js';
import {
  decode,
  encode,
  match,
  OFP_NO_BUFFER,
  OFPP,
  type PacketIn,
  Writer,
} from '../../src/openflow/index.js';

const world: World = { networks: [], hypervisors: new Map(), switches: new Map(), now: () => 0 };
const setup: Setup = {
  tables: tablesOf(numberTables([learningSwitch]), learningSwitch.name),
  reactiveCookie: makeCookie(2, 'reactive', 5),
  learnedCookie: () => 0n,
  numberMeters: () => new Map(),
};

/** A switch that has come up; its packets go the short way where that is asked for and serves them. */
class Run {
  readonly #short: boolean;
  #state: ReturnType<typeof learningSwitch.init>;
  /** How many packets the short way was enough for. */
  shortened = 0;

  constructor(short: boolean, options: object = {}) {
    this.#short = short;
    this.#state = learningSwitch.init(learningSwitch.options.parse(options), setup, world);
    learningSwitch.on({ type: 'switch-up', dpid: 1n, reactive: [] }, this.#state, world);
  }

  reconfigure(options: object): void {
    const parsed = learningSwitch.options.parse(options);
    this.#state = learningSwitch.reconfigure!(parsed, setup, this.#state, world).state;
  }

  /** @returns what it says, as hexadecimal digits */
  hear(frame: Uint8Array, dpid = 1n): string {
    const out = new Writer(16);
    // As in a chunk, with something before and behind it.
    const bytes = Buffer.concat([Buffer.alloc(3, 0xaa), frame, Buffer.alloc(5, 0xbb)]);
    const packet = { dpid, bytes, start: 3, end: 3 + frame.length };
    if (this.#short && learningSwitch.onPacketBytes!(packet, this.#state, out)) this.shortened += 1;
    else {
      if (out.pos > 0) throw new Error('it has written something all the same');
      const message = decode(frame);
      if (message.type !== 'packet_in') throw new Error('no packet');
      const step = learningSwitch.on({ type: 'packet-in', dpid, packet: message }, this.#state, world);
      return (step.send ?? []).map(one => Buffer.from(encode(one)).toString('hex')).join('');
    }
    return Buffer.from(out.toBytes()).toString('hex');
  }
}

interface Packet {
  readonly inPort: number;
  readonly dst: number;
  readonly src: number;
  readonly tag: readonly number[];
  readonly size: number;
  readonly more?: Partial<PacketIn>;
}

function frameOf({ inPort, dst, src, tag, size, more }: Packet): Uint8Array {
  const data = Buffer.alloc(Math.max(size, 32));
  data.writeUIntBE(dst, 0, 6);
  data.writeUIntBE(src, 6, 6);
  for (const [i, value] of tag.entries()) data.writeUInt16BE(value, 12 + 2 * i);
  for (let at = 20; at < data.length; at += 1) data[at] = at;
  return encode({
    ...{
      type: 'packet_in',
      xid: 9,
      bufferId: OFP_NO_BUFFER,
      totalLen: size,
      reason: 0,
      tableId: 0,
      cookie: 7n,
    },
    match: match({ in_port: inPort }),
    data: data.subarray(0, size),
    ...more,
  });
}

const [a, b] = [0x0200_0000_000a, 0x0200_0000_000b];
const plain = { inPort: 1, tag: [0x0800], size: 60 };

t.test('what is asked nearly always goes the short way', t => {
  const run = new Run(true);
  run.hear(frameOf({ ...plain, dst: 0xffff_ffff_ffff, src: a }));
  run.hear(frameOf({ ...plain, inPort: 2, dst: a, src: b }));
  run.hear(frameOf({ ...plain, dst: b, src: a, tag: [0x8100, 0x2007, 0x0800] }));
  run.hear(frameOf({ ...plain, dst: b, src: a, size: 1_500 }));
  t.equal(run.shortened, 4);
  run.hear(frameOf({ ...plain, inPort: 3, dst: b, src: a }));
  run.hear(frameOf({ ...plain, dst: 0x0180_c200_0000, src: a }));
  run.hear(frameOf({ ...plain, dst: b, src: a, more: { bufferId: 4 } }));
  t.equal(run.shortened, 4, 'a station that has moved, and what a switch keeps, do not');
  t.end();
});

t.test('both ways say the same, whatever comes', t => {
  const mac = fc.oneof(
    { weight: 9, arbitrary: fc.nat(24).map(n => 0x0200_8000_0000 + n * 0x0001_0000_0001) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(0xffff_ffff_ffff, 0x0180_c200_0000, 0x0180_c200_0010, 0x0100_5e00_0001),
    },
  );
  const ports = fc.constantFrom(1, 2, 3, OFPP.LOCAL);
  const more = fc.constantFrom<Partial<PacketIn>>(
    { bufferId: 0 },
    { totalLen: 2_000 },
    { totalLen: 3 },
    { tableId: 1 },
    { match: [] },
    { match: match({ metadata: 5n }) },
    { match: match({ in_port: 2, metadata: 5n }) },
  );
  const packet: fc.Arbitrary<Packet> = fc
    .record({
      inPort: ports,
      dst: mac,
      src: mac,
      tag: fc.constantFrom(
        [0x0800],
        [0x0800],
        [0x88cc],
        [0x8100, 0x2007, 0x0800],
        [0x88a8, 5, 0x88cc],
        [0x8100, 0, 0x0806],
      ),
      size: fc.oneof(fc.constantFrom(60, 128, 129, 1_514), fc.nat(40)),
      more: fc.oneof({ weight: 6, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: more }),
      hasMoved: fc.nat(9).map(n => n === 0),
    })
    .map(({ hasMoved, ...one }) => ({ ...one, inPort: hasMoved ? one.inPort : (one.src % 3) + 1 }));
  let [shortened, all] = [0, 0];
  fc.assert(
    fc.property(fc.array(packet, { maxLength: 80 }), fc.nat(80), (packets, change) => {
      const options = { 'max-macs': 16 };
      const [short, long] = [new Run(true, options), new Run(false, options)];
      for (const [i, one] of packets.entries()) {
        if (i === change)
          for (const run of [short, long]) run.reconfigure({ ...options, 'idle-timeout': 77 });
        const frame = frameOf(one);
        if (short.hear(frame) !== long.hear(frame)) return false;
      }
      shortened += short.shortened;
      all += packets.length;
      return true;
    }),
    { numRuns: 500 },
  );
  t.ok(shortened > all / 4, `${shortened} of ${all} by bytes`);
  t.end();
});

t.test('frames that are broken change nothing', t => {
  const run = new Run(true);
  const good = frameOf({ ...plain, dst: b, src: a });
  const heard = (bytes: Uint8Array): boolean => {
    const before = run.shortened;
    try {
      run.hear(bytes);
    } catch (thrown) {
      if (!String(thrown).includes('Wire')) throw thrown;
    }
    return run.shortened > before;
  };
  for (let size = 0; size < 42 + 18; size += 1) t.notOk(heard(good.subarray(0, size)), `${size} bytes`);
  for (let at = 0; at < good.length; at += 1)
    for (const value of [0, 0xff]) {
      const bytes = good.slice();
      bytes[at] = value;
      heard(bytes);
    }
  t.notOk(new Run(true).hear(good, 2n), 'of a switch that is not up');
  t.end();
});
