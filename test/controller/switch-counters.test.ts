import t from 'tap';
import { qosStatus } from '../../src/controller/qos-status.js';
import { CounterReader, type Counting } from '../../src/controller/switch-counters.js';
import type { HypervisorView, LimitReport } from '../../src/intent/index.js';
import type { Message } from '../../src/openflow/index.js';
import type { ExchangeOutcome } from '../../src/openflow/session/exchange.js';

const meterReply: Message = {
  type: 'multipart_reply',
  xid: 0,
  flags: 0,
  body: {
    type: 'meter',
    entries: [
      {
        meterId: 18_433,
        flowCount: 1,
        packetInCount: 100n,
        byteInCount: 10_000n,
        durationSec: 1,
        durationNsec: 0,
        bandStats: [{ packetBandCount: 30n, byteBandCount: 3_000n }],
      },
    ],
  },
};
const done = (...replies: Message[]): ExchangeOutcome => ({ type: 'done', replies, errors: [], first: 0 });

t.test('however many ask, a switch is asked about once a second, and few at a time', async t => {
  let now = 0;
  let asked = 0;
  let running = 0;
  let most = 0;
  const reader = new CounterReader(() => now);
  const switches = Array.from({ length: 30 }, (_, dpid): Counting => ({
    dpid: BigInt(dpid),
    exchange: async () => {
      asked += 1;
      running += 1;
      most = Math.max(most, running);
      await new Promise(resolve => setImmediate(resolve));
      running -= 1;
      return done(meterReply);
    },
  }));
  const [one, other] = await Promise.all([reader.read(switches), reader.read(switches)]);
  t.equal(one, other);
  t.equal(one.size, 30);
  t.equal(asked, 30);
  t.equal(most, 8);
  now = 899;
  t.equal(await reader.read(switches), one, 'fresh enough');
  now = 900;
  t.not(await reader.read(switches), one);
  t.equal(asked, 60);
});

t.test('what a meter has let pass is what came less what it dropped', async t => {
  const counters = await new CounterReader(() => 5).read([
    { dpid: 1n, exchange: () => Promise.resolve(done(meterReply)) },
    { dpid: 2n, exchange: () => Promise.resolve({ type: 'failed', error: new Error('gone') } as never) },
  ]);
  const limit: LimitReport = {
    hypervisor: 'kvm1',
    port: 'v1',
    network: 'blue',
    policy: 'gold',
    direction: 'to-vm',
    unit: 'kbit',
    perSecond: 1,
    burst: 13,
    meter: 18_433,
  };
  const view = (dpid: bigint) => ({ config: { dpid }, ports: new Map() }) as unknown as HypervisorView;
  const views = new Map([
    ['kvm1', view(1n)],
    ['kvm2', view(2n)],
  ]);
  const away = { ...limit, hypervisor: 'kvm2' };
  const { meter: _none, ...unheld } = limit;
  t.strictSame(qosStatus({ limits: [limit, away, unheld], queues: [] }, counters, views), {
    limits: [
      {
        ...limit,
        counted: { at: 5, passedPackets: 70, passedBytes: 7_000, droppedPackets: 30, droppedBytes: 3_000 },
      },
      away,
      unheld,
    ],
    ports: [],
    queues: [],
  });
});
