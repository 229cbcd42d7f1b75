/** Frames from elsewhere decode to what they say, and encode back to the same bytes; so do packets of every header. */
import t from 'tap';
import { WireError } from '../../src/lib/errors.js';
import {
  ArpOp,
  decodeHeader,
  decodePacket,
  encodeHeader,
  encodePacket,
  type Header,
  headerOf,
  type HeaderInput,
  LldpCapability,
  verifyChecksums,
} from '../../src/packet/index.js';
import { bytesOf, hexOf } from './bytes.js';
import { packets } from './made.js';
import { cut, recorded } from './recorded.js';

const frameOf = (name: string): Uint8Array => bytesOf(recorded.find(one => one.name === name)?.hex ?? '');

t.test('frames recorded elsewhere', t => {
  for (const { name, headers, hex } of recorded) {
    const frame = bytesOf(hex);
    const packet = decodePacket(frame);
    t.equal(packet.headers.map(header => header.type).join(' '), headers, name);
    t.equal(packet.missing, 0);
    t.equal(packet.error, undefined);
    const checksums = verifyChecksums(frame, packet);
    t.ok(
      checksums.every(checksum => checksum.ok),
      `${checksums.length} checksums are right`,
    );
    t.equal(hexOf(encodePacket(packet)), hexOf(frame), 'and encodes to the same bytes');
  }
  t.end();
});

t.test('what they say', t => {
  t.strictSame(decodePacket(frameOf('an ARP request')).headers, [
    { type: 'ethernet', dst: 0xffff_ffff_ffff, src: 0x0200_0000_000a, etherType: 0x0806 },
    { type: 'arp', op: ArpOp.REQUEST, sha: 0x0200_0000_000a, spa: 0x0a09_0001, tha: 0, tpa: 0x0a09_0002 },
  ]);
  const solicitation = decodePacket(frameOf('a neighbor solicitation'));
  t.match(headerOf(solicitation, 'ipv6'), { src: (0xfd00n << 112n) | 1n, hopLimit: 255, payloadLength: 32 });
  t.strictSame(headerOf(solicitation, 'icmpv6')?.body, {
    type: 'neighbor_solicitation',
    target: (0xfd00n << 112n) | 2n,
    options: [{ type: 'source_link_layer_address', address: 0x0200_0000_000a }],
  });
  const lldp = headerOf(decodePacket(frameOf('LLDP of Open vSwitch')), 'lldp');
  t.strictSame(
    lldp?.tlvs.map(tlv => tlv.type),
    [
      'chassis_id',
      'port_id',
      'ttl',
      'system_description',
      'system_capabilities',
      'organizationally_specific',
    ],
  );
  t.match(lldp?.tlvs[2], { seconds: 120 });
  t.match(lldp?.tlvs[3], { text: 'openvswitch 3.1.0' });
  t.match(lldp?.tlvs[4], { enabled: LldpCapability.BRIDGE });
  t.match(lldp?.tlvs[5], { oui: 0x00040d, subtype: 11 });
  const vxlan = decodePacket(frameOf('VXLAN: an ARP request'));
  t.match(headerOf(vxlan, 'vxlan'), { flags: 8, vni: 5000 });
  t.strictSame(vxlan.offsets, [0, 14, 34, 42, 50, 64]);
  const fragment = decodePacket(frameOf('the last fragment of a ping'));
  t.match(fragment, { end: 'later_fragment', payload: { length: 528 } });
  t.match(headerOf(fragment, 'ipv4'), { fragmentOffset: 185, moreFragments: 0 });
  t.match(headerOf(decodePacket(frameOf('TCP: a SYN with options')), 'tcp'), {
    dstPort: 8080,
    dataOffset: 10,
    flags: 2,
    window: 64_240,
    options: { length: 20 },
  });
  t.end();
});

t.test('a frame of which the end is missing', t => {
  for (const { name, headers, hex } of cut) {
    const frame = bytesOf(hex);
    const packet = decodePacket(frame);
    t.equal(packet.headers.map(header => header.type).join(' '), headers, name);
    t.ok(packet.missing > 1300, `${packet.missing} bytes are missing`);
    const wrong = verifyChecksums(frame, packet).filter(checksum => !checksum.ok);
    t.strictSame(wrong, [], 'a checksum over what is missing is not judged');
  }
  const frame = frameOf('a neighbor solicitation');
  t.match(decodePacket(frame.subarray(0, 60)), {
    headers: [{ type: 'ethernet' }, { type: 'ipv6' }],
    end: 'truncated',
    missing: 26,
    payload: { length: 6 },
    error: { code: 'WIRE_TRUNCATED', offset: 60 },
  });
  t.match(decodePacket(frame.subarray(0, 9)), { headers: [], end: 'truncated', payload: { length: 9 } });
  t.match(decodePacket(new Uint8Array(0)), { headers: [], end: 'truncated' });
  t.end();
});

t.test('packets of every header come back', t => {
  const kinds = new Set<string>();
  for (const { name, headers, payload = new Uint8Array(0) } of packets) {
    const frame = encodePacket({ headers, payload });
    const packet = decodePacket(frame);
    t.match(packet.headers, headers, name);
    t.same(packet.payload, payload);
    t.equal(packet.error, undefined);
    t.ok(verifyChecksums(frame, packet).every(checksum => checksum.ok));
    t.equal(hexOf(encodePacket(packet)), hexOf(frame));
    packet.headers.forEach((header, index) => {
      kinds.add(header.type);
      const at = packet.offsets[index] ?? 0;
      const alone = encodeHeader(header);
      t.equal(hexOf(alone), hexOf(frame.subarray(at, at + alone.length)), `${header.type} alone`);
      t.strictSame(decodeHeader(header.type, alone), header);
    });
  }
  t.equal(kinds.size, 16, 'every header');
  t.end();
});

t.test('checksums that are wrong', t => {
  for (const [name, at, type] of [
    ['a ping', 24, 'ipv4'],
    ['a ping', 60, 'icmp'],
    ['TCP: data', 70, 'tcp'],
    ['UDP', 42, 'udp'],
    ['a neighbor solicitation', 60, 'icmpv6'],
    ['UDP over IPv6', 22, 'udp'],
  ] as const) {
    const frame = frameOf(name);
    frame[at] = (frame[at] ?? 0) ^ 0xff;
    const wrong = verifyChecksums(frame).filter(checksum => !checksum.ok);
    t.strictSame(
      wrong.map(checksum => checksum.type),
      [type],
      `${name}, byte ${at}`,
    );
  }
  t.end();
});

t.test('padding behind a packet is its trailer', t => {
  const padded = (frame: Uint8Array): Uint8Array => Uint8Array.from([...frame, ...new Uint8Array(18)]);
  for (const name of ['an ARP request', 'UDP', 'LLDP of Open vSwitch', 'a router solicitation']) {
    const packet = decodePacket(padded(frameOf(name)));
    t.equal(packet.trailer.length, 18, name);
    t.equal(hexOf(encodePacket(packet)), hexOf(frameOf(name)));
  }
  t.end();
});

t.test('what is not known stays bytes', t => {
  const ethernet: HeaderInput = { type: 'ethernet', dst: 1, src: 2, etherType: 0x9000 };
  const cases: readonly (readonly [name: string, headers: readonly HeaderInput[]])[] = [
    ['an EtherType', [ethernet]],
    [
      'a protocol',
      [
        { ...ethernet, etherType: 0x0800 },
        { type: 'ipv4', src: 1, dst: 2, protocol: 132 },
      ],
    ],
    [
      'a next header',
      [
        { ...ethernet, etherType: 0x86dd },
        { type: 'ipv6', src: 1n, dst: 2n, nextHeader: 50 },
      ],
    ],
  ];
  for (const [name, headers] of cases) {
    const payload = bytesOf('0102030405');
    const packet = decodePacket(encodePacket({ headers, payload }));
    t.match(packet.headers, headers, name);
    t.equal(packet.end, 'unknown');
    t.strictSame(packet.payload, payload);
  }
  const nothing = decodePacket(
    encodePacket({
      headers: [
        { type: 'ethernet', dst: 1, src: 2 },
        { type: 'ipv6', src: 1n, dst: 2n, nextHeader: 59 },
      ],
    }),
  );
  t.equal(nothing.end, 'end', 'no next header');
  t.end();
});

t.test('frames that can not be what they say', t => {
  const change = (name: string, at: number, ...bytes: number[]): Uint8Array => {
    const frame = frameOf(name);
    frame.set(bytes, at);
    return frame;
  };
  const cases: readonly (readonly [name: string, frame: Uint8Array, headers: number, offset: number])[] = [
    ['an IPv4 header of 4 words', change('UDP', 14, 0x44), 1, 34],
    ['version 5', change('UDP', 14, 0x55), 1, 14],
    ['IPv4 shorter than its header', change('UDP', 16, 0, 19), 1, 16],
    ['UDP longer than IPv4', change('UDP', 38, 0, 11), 2, 38],
    ['UDP of 7 bytes', change('UDP', 38, 0, 7), 2, 38],
    ['an ARP of another network', change('an ARP request', 15, 6), 1, 14],
    ['an option of length 0', change('a neighbor solicitation', 79, 0), 2, 78],
    ['an option longer than its message', change('a neighbor solicitation', 79, 2), 2, 86],
    ['a TLV longer than the frame', change('LLDP of Open vSwitch', 15, 0xff), 1, 111],
  ];
  for (const [name, frame, headers, offset] of cases) {
    const packet = decodePacket(frame);
    t.equal(packet.headers.length, headers, name);
    t.ok(packet.error instanceof WireError);
    t.equal(packet.error?.offset, offset);
    t.match(packet.end, name.includes('than the frame') ? 'truncated' : 'malformed');
  }
  const tags: HeaderInput[] = Array.from({ length: 20 }, () => ({ type: 'vlan', vid: 1 }));
  const deep = encodePacket({
    headers: [
      { type: 'ethernet', dst: 1, src: 2 },
      ...tags.slice(0, -1),
      { type: 'vlan', vid: 1, etherType: 0 },
    ],
  });
  t.match(decodePacket(deep), { end: 'too_deep', headers: { length: 16 } });
  t.end();
});

t.test('an entry whose body does not fit is kept as bytes', t => {
  const odd = { type: 'unknown', typeId: 1, body: bytesOf('000102030405060708090a0b0c0d') } as const;
  const body = { type: 'router_solicitation', options: [odd] } as const;
  const header = { type: 'icmpv6', code: 0, checksum: 0, body } as const;
  t.strictSame(decodeHeader('icmpv6', encodeHeader(header)), header, 'a link-layer address of 14 bytes');
  const name = { type: 'unknown', typeId: 5, body: bytesOf('ff') } as const;
  t.strictSame(
    decodeHeader('lldp', encodeHeader({ type: 'lldp', tlvs: [name] })),
    { type: 'lldp', tlvs: [name] },
    'a name that is no UTF-8',
  );
  t.end();
});

t.test('values that do not fit', t => {
  const ethernet = { type: 'ethernet', dst: 1, src: 2 } as const;
  const ipv4 = { type: 'ipv4', src: 1, dst: 2, protocol: 17 } as const;
  const cases: readonly (readonly [name: string, headers: unknown, offset: number])[] = [
    ['no list', 7, 0],
    ['no object', [null], 0],
    ['no header', [{ type: 'toString' }], 0],
    ['a MAC too large', [{ ...ethernet, dst: 2 ** 48, etherType: 0 }], 0],
    ['nothing that follows, and no EtherType', [ethernet], 12],
    ['a VLAN id of 4096', [ethernet, { type: 'vlan', vid: 4096, etherType: 0 }], 14],
    ['ICMPv6 behind IPv4', [ethernet, { ...ipv4, protocol: undefined }, { type: 'icmpv6', body: {} }], 23],
    ['an address that is no bigint', [ethernet, { type: 'ipv6', src: 1, dst: 2n, nextHeader: 59 }], 22],
    ['options of 3 bytes', [ethernet, { ...ipv4, options: new Uint8Array(3) }], 14],
    ['options of 44 bytes', [ethernet, { ...ipv4, options: new Uint8Array(44) }], 14],
    ['options that are no bytes', [ethernet, { ...ipv4, options: 'abcd' }], 34],
    [
      'UDP with no IP header',
      [
        { ...ethernet, etherType: 0 },
        { type: 'udp', srcPort: 1, dstPort: 2 },
      ],
      14,
    ],
    [
      'a TLV of 512 bytes',
      [ethernet, { type: 'lldp', tlvs: [{ type: 'unknown', typeId: 9, body: new Uint8Array(512) }] }],
      14,
    ],
    [
      'a TLV of type 128',
      [ethernet, { type: 'lldp', tlvs: [{ type: 'unknown', typeId: 128, body: new Uint8Array(0) }] }],
      14,
    ],
    ['a TLV of no known name', [ethernet, { type: 'lldp', tlvs: [{ type: 'other' }] }], 14],
  ];
  for (const [name, headers, offset] of cases) {
    try {
      encodePacket({ headers: headers as never });
      t.fail(name);
    } catch (thrown) {
      t.ok(thrown instanceof WireError, name);
      t.equal((thrown as WireError).offset, offset, (thrown as WireError).message);
    }
  }
  t.throws(() => encodePacket({ headers: [ethernet, ipv4], payload: new Uint8Array(65_516) }), {
    code: 'WIRE_BAD_LENGTH',
    offset: 16,
  });
  t.equal(encodePacket({ headers: [ethernet, ipv4], payload: new Uint8Array(65_515) }).length, 65_549);
  t.throws(() => encodePacket({ headers: [ethernet, ipv4], payload: [] as never }), {
    code: 'WIRE_BAD_VALUE',
  });
  t.throws(() => encodePacket(undefined as never), { code: 'WIRE_BAD_VALUE' });
  t.throws(() => encodeHeader({ type: 'vlan', pcp: 8 } as Header), { code: 'WIRE_BAD_VALUE', offset: 0 });
  t.throws(() => encodeHeader({ type: 'none' } as never), { code: 'WIRE_BAD_VALUE', offset: 0 });
  t.throws(() => decodeHeader('udp', bytesOf('0001')), { code: 'WIRE_TRUNCATED', offset: 2 });
  t.end();
});
