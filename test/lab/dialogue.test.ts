/** What a capture says of an OpenFlow connection. */
import t from 'tap';
import { dialoguesIn, shareOf } from '../../lab/dialogue.js';
import { encode, type Message } from '../../src/openflow/index.js';
import { bundleControl } from '../../src/reconcile/order.js';

interface Packet {
  /** Microseconds. */
  readonly at: number;
  readonly from: 'switch' | 'controller';
  readonly flags?: number;
  readonly seq: number;
  readonly payload?: Uint8Array;
}

const ports = { switch: 40_000, controller: 6653 };
const addresses = { switch: [10, 98, 0, 1], controller: [10, 98, 0, 254] };

/** A capture as tcpdump writes it: Ethernet, IPv4, TCP without options. */
function pcapOf(packets: readonly Packet[]): Uint8Array {
  const header = Buffer.alloc(24);
  header.writeUInt32LE(0xa1b2c3d4, 0);
  header.writeUInt32LE(1, 20);
  const records = packets.map(({ at, from, flags = 0x18, seq, payload = new Uint8Array(0) }) => {
    const to = from === 'switch' ? 'controller' : 'switch';
    const frame = Buffer.alloc(54 + payload.length);
    frame.writeUInt16BE(0x0800, 12);
    frame.writeUInt8(0x45, 14);
    frame.writeUInt16BE(40 + payload.length, 16);
    frame.set([...addresses[from], ...addresses[to]], 26);
    frame.writeUInt16BE(ports[from], 34);
    frame.writeUInt16BE(ports[to], 36);
    frame.writeUInt32BE(seq, 38);
    frame.writeUInt8(0x50, 46);
    frame.writeUInt8(flags, 47);
    frame.set(payload, 54);
    const record = Buffer.alloc(16);
    record.writeUInt32LE(at, 4);
    record.writeUInt32LE(frame.length, 8);
    return Buffer.concat([record, frame]);
  });
  return Buffer.concat([header, ...records]);
}

const listening = { port: ports.controller, by: 'controller' } as const;
const hello = encode({ type: 'hello', xid: 1, version: 4, versions: [4] });
const echo: Message = { type: 'echo_request', xid: 2, data: new Uint8Array(0) };
const commit = encode(bundleControl(1, 'commit_reply'));

t.test('messages, each when its last byte was seen, and whose time passed', t => {
  const last = 0xffff_fff8; // The sequence numbers of the controller's side run over.
  const both = Buffer.concat([encode(echo), encode(echo)]);
  const [dialogue, ...more] = dialoguesIn(
    pcapOf([
      { at: 0, from: 'switch', flags: 0x18, seq: 1, payload: hello },
      { at: 1_000, from: 'controller', flags: 0x12, seq: 9 },
      { at: 2_000, from: 'controller', seq: last, payload: hello },
      { at: 5_000, from: 'switch', seq: 100, payload: hello.subarray(0, 5) },
      { at: 6_000, from: 'switch', seq: 105, payload: hello.subarray(5) },
      { at: 6_500, from: 'switch', seq: 105, payload: hello.subarray(5) },
      { at: 8_000, from: 'controller', seq: (last + hello.length) >>> 0, payload: both },
      { at: 9_000, from: 'switch', seq: 100 + hello.length, payload: commit },
      { at: 9_500, from: 'switch', flags: 0x11, seq: 100 + hello.length + commit.length },
    ]),
    listening,
  );
  t.strictSame(more, []);
  t.match(dialogue, { peer: '10.98.0.1:40000', acceptedAt: 1 });
  t.strictSame(
    dialogue?.said.map(({ at, from, bytes }) => [at, from, bytes[1]]),
    [
      [2, 'controller', 0],
      [6, 'switch', 0],
      [8, 'controller', 2],
      [8, 'controller', 2],
      [9, 'switch', 4],
    ],
  );
  t.strictSame(dialogue && shareOf(dialogue), { all: 8, controller: 3, theSwitch: 5, answers: 2 });
  t.equal(dialogue && shareOf({ ...dialogue, said: dialogue.said.slice(0, 4) }), undefined, 'no commit');
  t.end();
});

t.test('a capture that cannot be believed', t => {
  const lost = { code: 'LAB_FAILED', message: 'the capture lacks a segment' };
  const accept: Packet = { at: 0, from: 'controller', flags: 0x12, seq: 9 };
  t.throws(
    () =>
      dialoguesIn(
        pcapOf([
          accept,
          { at: 1, from: 'switch', seq: 100, payload: hello },
          { at: 2, from: 'switch', seq: 200, payload: hello },
        ]),
        listening,
      ),
    lost,
  );
  t.throws(() => dialoguesIn(new Uint8Array(30), listening), { code: 'LAB_FAILED' });
  t.throws(
    () =>
      dialoguesIn(
        pcapOf([accept, { at: 1, from: 'switch', seq: 1, payload: new Uint8Array(20) }]),
        listening,
      ),
    { code: 'LAB_FAILED', message: /not OpenFlow/ },
  );
  t.end();
});
