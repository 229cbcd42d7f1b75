/**
 * How fast PACKET_IN is decoded and FLOW_MOD encoded: the compiled declarations against plain closures over the same
 * declarations. Rounds are interleaved in one run and the median counts, so that whatever else the machine does hits both.
 */
import { fileURLToPath } from 'node:url';
import { compile, interpret } from '../src/lib/struct/index.js';
import type { Codec } from '../src/lib/struct/index.js';
import { decodeWith, encodeWith } from '../src/openflow/codec.js';
import {
  applyActions,
  encode,
  gotoTable,
  match,
  OFP_NO_BUFFER,
  OFPG,
  OFPP,
  setField,
  Writer,
} from '../src/openflow/index.js';
import type { Message } from '../src/openflow/index.js';
import { message } from '../src/openflow/messages/index.js';
import { type BenchResult, type BenchRow, median } from './result.js';

const packetIn: Message = {
  type: 'packet_in',
  xid: 0,
  bufferId: OFP_NO_BUFFER,
  totalLen: 98,
  reason: 1,
  tableId: 40,
  cookie: 0x4801000000000001n,
  match: match({
    in_port: 12,
    metadata: 5000n,
    reg0: 1,
    tunnel_id: 5000n,
    tun_src: 0x0a610002,
    tun_dst: 0x0a610001,
  }),
  data: new Uint8Array(98),
};

const flowMod: Message = {
  type: 'flow_mod',
  xid: 7,
  cookie: 0x4801000000000001n,
  cookieMask: 0n,
  tableId: 60,
  command: 'add',
  idleTimeout: 0,
  hardTimeout: 0,
  priority: 100,
  bufferId: OFP_NO_BUFFER,
  outPort: OFPP.ANY,
  outGroup: OFPG.ANY,
  flags: 0,
  match: match({ metadata: 5000n, reg0: 0, eth_dst: 0x020000000002 }),
  instructions: [applyActions([setField({ tun_dst: 0x0a610002 }), setField({ reg1: 2 })]), gotoTable(90)],
};

const flowStats: Message = {
  type: 'multipart_reply',
  xid: 1,
  flags: 0,
  body: {
    type: 'flow',
    entries: Array.from({ length: 50 }, (_, i) => ({
      tableId: 60,
      durationSec: i,
      durationNsec: i,
      priority: 100,
      idleTimeout: 0,
      hardTimeout: 0,
      flags: 0,
      cookie: flowMod.cookie,
      packetCount: BigInt(i),
      byteCount: BigInt(i),
      match: flowMod.match,
      instructions: flowMod.instructions,
    })),
  },
};

const rounds = 21;
const warmUp = 3;
const roundMs = 30;

const decoding = (value: Message) => {
  const frame = encode(value);
  return (codec: Codec<Message>) => () => void decodeWith(codec, frame);
};

const encoding = (value: Message) => (codec: Codec<Message>) => {
  const writer = new Writer();
  return () => {
    writer.reset();
    encodeWith(codec, writer, value);
  };
};

const cases: readonly (readonly [name: string, of: (codec: Codec<Message>) => () => void])[] = [
  ['decode PACKET_IN', decoding(packetIn)],
  ['encode FLOW_MOD', encoding(flowMod)],
  ['decode FLOW_STATS x 50', decoding(flowStats)],
];

/** Nanoseconds for one call, over one round. */
function time(work: () => void): number {
  const begin = process.hrtime.bigint();
  const end = begin + BigInt(roundMs * 1e6);
  let calls = 0;
  let now = begin;
  while (now < end) {
    for (let i = 0; i < 50; i++) work();
    calls += 50;
    now = process.hrtime.bigint();
  }
  return Number(now - begin) / calls;
}

const rowOf = (name: string, nanoseconds: readonly number[]): BenchRow => {
  const perSecond = nanoseconds.map(one => 1e9 / one);
  return {
    name,
    unit: 'messages/s',
    median: median(perSecond),
    lowest: Math.min(...perSecond),
    highest: Math.max(...perSecond),
  };
};

/** Takes some seconds. */
export function run(): Promise<BenchResult> {
  const compiled = compile(message);
  const closures = interpret(message);
  const rows: BenchRow[] = [];
  const ratios: BenchResult['ratios'][number][] = [];
  for (const [name, of] of cases) {
    const [fast, slow] = [of(compiled), of(closures)];
    const pairs = Array.from({ length: warmUp + rounds }, () => [time(fast), time(slow)] as const).slice(
      warmUp,
    );
    rows.push(
      rowOf(
        `${name}, compiled`,
        pairs.map(([one]) => one),
      ),
      rowOf(
        `${name}, closures`,
        pairs.map(([, other]) => other),
      ),
    );
    ratios.push({
      name: `${name}: time compiled / closures`,
      value: median(pairs.map(([one, other]) => one / other)),
    });
  }
  return Promise.resolve({
    name: 'codec',
    what: 'Open vSwitch messages decoded and encoded, compiled declarations beside closures over the same ones',
    rows,
    ratios,
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const result = await run();
  if (process.argv.includes('--json')) console.log(JSON.stringify(result));
  else {
    for (const { name, unit, median } of result.rows)
      console.log(`${name.padEnd(34)} ${Math.round(median).toLocaleString('en').padStart(12)} ${unit}`);
    for (const { name, value } of result.ratios) console.log(`${name.padEnd(50)} ${value.toFixed(2)}`);
  }
}
