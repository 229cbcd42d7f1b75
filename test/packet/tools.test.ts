/** Against other programs: tcpdump prints what we meant of our frames, and we read what Open vSwitch composes. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { decodePacket, encodePacket, type HeaderInput, verifyChecksums } from '../../src/packet/index.js';
import { bytesOf, hexOf } from './bytes.js';
import { packets } from './made.js';

const installed = (program: string): boolean => {
  try {
    execFileSync(program, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};
const missing = (program: string): string | false =>
  installed(program) ? false : `${program} is not installed`;

/** A pcap file of Ethernet frames. */
function pcap(frames: readonly Uint8Array[]): Buffer {
  const header = Buffer.alloc(24);
  header.writeUInt32BE(0xa1b2c3d4, 0);
  header.writeUInt16BE(2, 4);
  header.writeUInt16BE(4, 6);
  header.writeUInt32BE(0x40000, 16);
  header.writeUInt32BE(1, 20);
  const records = frames.flatMap((frame, index) => {
    const record = Buffer.alloc(16);
    record.writeUInt32BE(index, 0);
    record.writeUInt32BE(frame.length, 8);
    record.writeUInt32BE(frame.length, 12);
    return [record, frame];
  });
  return Buffer.concat([header, ...records]);
}

t.test('tcpdump prints what was meant', { skip: missing('tcpdump') }, t => {
  const folder = mkdtempSync(join(tmpdir(), 'heddle-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'frames.pcap');
  for (const packet of packets) {
    writeFileSync(file, pcap([encodePacket(packet)]));
    const printed = execFileSync('tcpdump', ['-r', file, '-vvv', '-nn', '-e', '-t', '-Z', 'root'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    for (const text of packet.printed) t.ok(printed.includes(text), `${packet.name}: ${text}`, { printed });
    t.notMatch(
      printed,
      /bad|incorrect|wrong|invalid|\[\||malformed|truncated/i,
      `${packet.name}: no complaint`,
    );
  }
  t.end();
});

t.test('frames that ovs-ofctl composes', { skip: missing('ovs-ofctl') }, t => {
  const ends = 'dl_src=02:00:00:00:00:01,dl_dst=02:00:00:00:00:02';
  const ip = `${ends},nw_src=10.0.0.1,nw_dst=10.0.0.2`;
  const ip6 = `${ends},ipv6_src=fe80::1,ipv6_dst=fe80::2`;
  const link = (last: bigint): bigint => (0xfe80n << 112n) | last;
  const cases: readonly (readonly [flow: string, headers: readonly Partial<HeaderInput>[]])[] = [
    [
      `arp,${ends},arp_op=2,arp_spa=10.0.0.1,arp_tpa=10.0.0.2,arp_sha=02:00:00:00:00:03,arp_tha=02:00:00:00:00:04`,
      [
        { type: 'ethernet', src: 0x0200_0000_0001, dst: 0x0200_0000_0002 },
        {
          type: 'arp',
          op: 2,
          spa: 0x0a000001,
          tpa: 0x0a000002,
          sha: 0x0200_0000_0003,
          tha: 0x0200_0000_0004,
        },
      ],
    ],
    [
      `tcp,${ip},nw_tos=184,nw_ecn=2,nw_ttl=9,tp_src=1024,tp_dst=80,tcp_flags=0x112`,
      [
        { type: 'ethernet' },
        { type: 'ipv4', src: 0x0a000001, dst: 0x0a000002, dscp: 46, ecn: 2, ttl: 9 },
        { type: 'tcp', srcPort: 1024, dstPort: 80, flags: 0x112 },
      ],
    ],
    [
      `udp,${ip},dl_vlan=100,dl_vlan_pcp=5,udp_src=7,udp_dst=8`,
      [
        { type: 'ethernet' },
        { type: 'vlan', vid: 100, pcp: 5 },
        { type: 'ipv4' },
        { type: 'udp', srcPort: 7, dstPort: 8 },
      ],
    ],
    [
      `icmp,${ip},icmp_type=8,icmp_code=0`,
      [{ type: 'ethernet' }, { type: 'ipv4' }, { type: 'icmp', code: 0 }],
    ],
    [
      `icmp,${ip},icmp_type=3,icmp_code=1`,
      [{ type: 'ethernet' }, { type: 'ipv4' }, { type: 'icmp', code: 1 }],
    ],
    [
      `tcp6,${ip6},ipv6_label=0xabcde,nw_tos=40,nw_ttl=3,tp_src=1,tp_dst=2,tcp_flags=0x2`,
      [
        { type: 'ethernet' },
        { type: 'ipv6', src: link(1n), dst: link(2n), flowLabel: 0xabcde, dscp: 10, hopLimit: 3 },
        { type: 'tcp', srcPort: 1, dstPort: 2, flags: 2 },
      ],
    ],
    [
      `udp6,${ip6},udp_src=1,udp_dst=53`,
      [{ type: 'ethernet' }, { type: 'ipv6' }, { type: 'udp', dstPort: 53 }],
    ],
    [
      `icmp6,nw_ttl=255,${ip6},icmpv6_type=135,icmpv6_code=0,nd_target=fe80::2,nd_sll=02:00:00:00:00:01`,
      [
        { type: 'ethernet' },
        { type: 'ipv6', hopLimit: 255 },
        {
          type: 'icmpv6',
          body: {
            type: 'neighbor_solicitation',
            target: link(2n),
            options: [{ type: 'source_link_layer_address', address: 0x0200_0000_0001 }],
          },
        },
      ],
    ],
    [
      `icmp6,nw_ttl=255,${ip6},icmpv6_type=136,icmpv6_code=0,nd_target=fe80::1,nd_tll=02:00:00:00:00:01`,
      [
        { type: 'ethernet' },
        { type: 'ipv6' },
        {
          type: 'icmpv6',
          body: {
            type: 'neighbor_advertisement',
            router: 0,
            solicited: 0,
            override: 0,
            target: link(1n),
            options: [{ type: 'target_link_layer_address', address: 0x0200_0000_0001 }],
          },
        },
      ],
    ],
  ];
  for (const [flow, headers] of cases) {
    // It ends with 1 for Neighbor Discovery, whose frame it makes and does not find equal to the flow in its own check.
    const { stdout: dump } = spawnSync('ovs-ofctl', ['compose-packet', flow], { encoding: 'utf8' });
    const frame = bytesOf(dump.replace(/^[0-9a-f]{8} |-| {2}.*[^0-9a-f\s-].*$/gm, ' '));
    const packet = decodePacket(frame);
    t.match(packet.headers, headers, flow);
    t.equal(packet.headers.length, headers.length);
    t.ok(
      verifyChecksums(frame, packet).every(checksum => checksum.ok),
      'checksums',
    );
    t.equal(hexOf(encodePacket(packet)), hexOf(frame), 'the same bytes');
  }
  t.end();
});
