/** Broken frames: decoding never throws, both back ends agree, and no byte outside the frame is ever looked at. */
import { isDeepStrictEqual } from 'node:util';
import t from 'tap';
import fc from '../support/fast-check.js';
import { WireError } from '../../src/lib/errors.js';
import { interpret } from '../../src/lib/struct/closures.js';
import { compile, cursorOver, Writer } from '../../src/lib/struct/index.js';
import { decodePacketWith, type Packet } from '../../src/packet/decode.js';
import { encodePacketWith } from '../../src/packet/encode.js';
import { compiledHeaders, headerCodecs, headerStructs } from '../../src/packet/headers.js';
import { lldpBodies } from '../../src/packet/lldp.js';
import { ndOptionBodies } from '../../src/packet/nd-options.js';
import { encodePacket, headerOf, verifyChecksums } from '../../src/packet/index.js';
import { bytesOf, hexOf } from './bytes.js';
import { packets } from './made.js';
import { cut, recorded } from './recorded.js';

const interpreted = headerCodecs(interpret);
const frames = [...recorded, ...cut]
  .map(({ name, hex }) => ({ name, frame: bytesOf(hex) }))
  .concat(packets.map(packet => ({ name: packet.name, frame: encodePacket(packet) })));

/** The packet in a form that can be compared, wherever in memory its views are. */
const plain = (packet: Packet): unknown => ({
  ...packet,
  error: packet.error && [packet.error.code, packet.error.message, packet.error.offset],
});

function outcome(work: () => Uint8Array): string {
  try {
    return hexOf(work());
  } catch (thrown) {
    if (!(thrown instanceof WireError)) throw thrown;
    return `${thrown.code} ${thrown.message}`;
  }
}

function tryBoth(frame: Uint8Array): Packet {
  const packet = decodePacketWith(compiledHeaders, frame);
  const other = decodePacketWith(interpreted, frame);
  const fail = (why: string): never => {
    throw new Error(`${hexOf(frame)}: ${why}`);
  };
  if (!isDeepStrictEqual(plain(packet), plain(other))) fail('the back ends differ');

  // The same frame amid other bytes: what is read must not depend on them.
  const amid = new Uint8Array(frame.length + 64).fill(0xa5);
  amid.set(frame, 32);
  const inside = decodePacketWith(compiledHeaders, amid.subarray(32, 32 + frame.length));
  if (!isDeepStrictEqual(plain(packet), plain(inside))) fail('a byte outside was read');

  const { payload, trailer, offsets, headers, end, error } = packet;
  if (offsets.length !== headers.length) fail('headers without a place');
  if (payload.byteOffset + payload.length + trailer.length !== frame.byteOffset + frame.length)
    fail('bytes are lost');
  if ((end === 'truncated' || end === 'malformed') !== (error !== undefined)) fail('an end without a reason');
  if (error && !(error.offset >= 0 && error.offset <= frame.length)) fail(`an offset of ${error.offset}`);
  verifyChecksums(frame, packet);

  const one = outcome(() => encodePacketWith(compiledHeaders, packet));
  const two = outcome(() => encodePacketWith(interpreted, packet));
  if (one !== two) fail(`encodes to ${one} and ${two}`);
  return packet;
}

t.test('every frame, cut at every byte', t => {
  for (const { name, frame } of frames) {
    const whole = tryBoth(frame);
    for (let size = 0; size < frame.length - whole.trailer.length; size++) {
      const packet = tryBoth(frame.subarray(0, size));
      // LLDP may end without the TLV that says so: then a cut between two TLVs can not be seen.
      if (headerOf(whole, 'lldp')) continue;
      const same = packet.headers.length === whole.headers.length && packet.missing === whole.missing;
      if (same && packet.end === whole.end && packet.payload.length === whole.payload.length)
        t.fail(`${name} cut at ${size} is taken for whole`);
    }
    t.pass(name);
  }
  t.end();
});

t.test('every frame, with every byte and every 16 bits set to 0, 1, one more, one less and all ones', t => {
  let ends = 0;
  for (const { frame } of frames) {
    for (let at = 0; at < Math.min(frame.length, 160); at++) {
      const byte = frame[at] ?? 0;
      for (const value of [0, 1, byte + 1, byte - 1, 0xff]) {
        const changed = Uint8Array.from(frame);
        changed[at] = value;
        if (tryBoth(changed).error) ends++;
      }
      if (at % 2 !== 0 || at + 1 === frame.length) continue;
      const word = byte * 256 + (frame[at + 1] ?? 0);
      for (const value of [0, 1, word + 1, word - 1, 0xffff]) {
        const changed = Uint8Array.from(frame);
        changed.set([(value >> 8) & 0xff, value & 0xff], at);
        if (tryBoth(changed).error) ends++;
      }
    }
  }
  t.ok(ends > 1000, `${ends} were found broken`);
  t.end();
});

t.test('random bytes behind random headers, and frames with some bytes changed', t => {
  const changed = fc
    .record({
      frame: fc.constantFrom(...frames.map(one => one.frame)),
      edits: fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 4 }),
    })
    .map(({ frame, edits }) => {
      const bytes = Uint8Array.from(frame);
      for (const [at, value] of edits) bytes[at % bytes.length] = value;
      return bytes;
    });
  const random = fc
    .tuple(
      fc.constantFrom(0x0800, 0x0806, 0x8100, 0x86dd, 0x88cc),
      fc.constantFrom(0x45, 0x4f, 0x60, 0x00),
      fc.constantFrom(0, 1, 6, 17, 43, 44, 51, 58, 60),
      fc.uint8Array({ maxLength: 120 }),
    )
    .map(([etherType, first, protocol, rest]) => {
      const bytes = new Uint8Array(15 + rest.length);
      bytes.set(rest, 15);
      bytes.set([etherType >> 8, etherType & 0xff, first], 12);
      const at = first === 0x60 ? 20 : 23;
      if (at < bytes.length) bytes[at] = protocol;
      return bytes;
    });
  fc.assert(
    fc.property(fc.oneof(changed, random, fc.uint8Array({ maxLength: 80 })), frame => {
      tryBoth(frame);
    }),
    { numRuns: Number(process.env['FUZZ_RUNS'] ?? 5000) },
  );
  t.pass('no error is thrown, and there is no difference');
  t.end();
});

t.test('the bodies of options and TLVs, with both back ends', t => {
  for (const [, of] of [...ndOptionBodies, ...lldpBodies]) {
    const codecs = [compile<object>(of), interpret<object>(of)];
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), bytes => {
        const [one, two] = codecs.map(codec => {
          try {
            const value = codec.decode(cursorOver(bytes));
            const writer = new Writer(1);
            codec.encode(writer, value);
            return { value, bytes: hexOf(writer.toBytes()) };
          } catch (thrown) {
            if (!(thrown instanceof WireError)) throw thrown;
            return { message: thrown.message, offset: thrown.offset };
          }
        });
        return isDeepStrictEqual(one, two);
      }),
      { numRuns: 200 },
    );
    t.pass(of.name);
  }
  t.end();
});

t.test('any JavaScript in place of a field', t => {
  const odd: readonly unknown[] = [
    undefined,
    null,
    -1,
    1.5,
    NaN,
    2 ** 60,
    -1n,
    2n ** 200n,
    '1',
    true,
    [],
    {},
    [null],
    Symbol('s'),
  ];
  let refused = 0;
  for (const { name, headers } of packets) {
    headers.forEach((header, index) => {
      for (const key of [
        ...Object.keys(header),
        'checksum',
        'etherType',
        'ihl',
        'options',
        'data',
        'body',
        'tlvs',
      ]) {
        for (const value of odd) {
          const changed = headers.map((one, i) => (i === index ? { ...one, [key]: value } : one)) as never;
          const one = outcome(() => encodePacketWith(compiledHeaders, { headers: changed }));
          const two = outcome(() => encodePacketWith(interpreted, { headers: changed }));
          // A bigint or a symbol in a number's place ends the compiled code before it can say which field it is.
          const alike =
            one === two || (one.startsWith('WIRE_BAD_VALUE packet: Cannot') && two.startsWith('WIRE_'));
          if (!alike) t.fail(`${name}, ${key}: ${one} and ${two}`);
          if (one.startsWith('WIRE_')) refused++;
        }
      }
    });
  }
  t.ok(refused > 500, `${refused} were refused`);
  t.end();
});

t.test('a declaration stands under its own name', t => {
  for (const [name, of] of Object.entries(headerStructs)) t.equal(of.name, name);
  t.end();
});
