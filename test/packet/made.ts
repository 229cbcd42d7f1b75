/** Packets to be written, of every header, and what tcpdump shall say of each. */
import {
  ArpOp,
  encodePacket,
  LldpCapability,
  LldpChassisId,
  LldpPortId,
  TcpFlag,
} from '../../src/packet/index.js';
import type { HeaderInput, PacketInput } from '../../src/packet/index.js';
import { bytesOf } from './bytes.js';

const text = (of: string): Uint8Array => new TextEncoder().encode(of);

const one = 0x0200_0000_0001;
const two = 0x0200_0000_0002;
const host1 = 0x0a00_0001;
const host2 = 0x0a00_0002;
const link1 = (0xfe80n << 112n) | 1n;
const link2 = (0xfe80n << 112n) | 2n;
const allNodes = (0xff02n << 112n) | 1n;

const ethernet = { type: 'ethernet', dst: two, src: one } as const;
const ipv4 = { type: 'ipv4', src: host1, dst: host2 } as const;
const ipv6 = { type: 'ipv6', src: link1, dst: link2, hopLimit: 255 } as const;

/** What an ICMP error quotes: a packet from its IP header on. */
const quoted = encodePacket({
  headers: [ethernet, { ...ipv4, dst: 0x0a00_0009 }, { type: 'udp', srcPort: 1, dstPort: 9999 }],
}).subarray(14);

export interface Made extends PacketInput {
  readonly name: string;
  /** Each must be found in what tcpdump -vvv -nn -e prints. */
  readonly printed: readonly string[];
}

const made = (
  name: string,
  headers: readonly HeaderInput[],
  printed: readonly string[],
  payload?: Uint8Array,
): Made => ({ name, headers, printed, ...(payload && { payload }) });

export const packets: readonly Made[] = [
  made(
    'an ARP reply',
    [ethernet, { type: 'arp', op: ArpOp.REPLY, sha: one, spa: host1, tha: two, tpa: host2 }],
    ['02:00:00:00:00:01 > 02:00:00:00:00:02', 'Reply 10.0.0.1 is-at 02:00:00:00:00:01'],
  ),
  made(
    'an ARP request in two tags',
    [
      { ...ethernet, dst: 0xffff_ffff_ffff, etherType: 0x88a8 },
      { type: 'vlan', vid: 100, pcp: 5 },
      { type: 'vlan', vid: 4094, dei: 1 },
      { type: 'arp', op: ArpOp.REQUEST, sha: one, spa: host1, tha: 0, tpa: host2 },
    ],
    ['vlan 100, p 5', 'vlan 4094, p 0, DEI', 'Request who-has 10.0.0.2 tell 10.0.0.1'],
  ),
  made(
    'a ping with all of an IPv4 header set',
    [
      ethernet,
      {
        ...ipv4,
        dscp: 46,
        ecn: 1,
        identification: 0x1234,
        dontFragment: 1,
        ttl: 7,
        options: bytesOf('94040000'),
      },
      { type: 'icmp', body: { type: 'echo_request', identifier: 7, sequence: 2, data: text('abcde') } },
    ],
    ['tos 0xb9,ECT(1)', 'ttl 7, id 4660', 'flags [DF]', 'options (RA)', 'ICMP echo request, id 7, seq 2'],
  ),
  made(
    'a fragment that is too large',
    [
      ethernet,
      ipv4,
      {
        type: 'icmp',
        code: 4,
        body: {
          type: 'destination_unreachable',
          mtu: 1400,
          quoted,
        },
      },
    ],
    ['need to frag (mtu 1400)'],
  ),
  made(
    'an ICMP redirect',
    [
      ethernet,
      ipv4,
      {
        type: 'icmp',
        code: 1,
        body: {
          type: 'redirect',
          gateway: 0x0a00_00fe,
          quoted,
        },
      },
    ],
    ['redirect 10.0.0.9 to host 10.0.0.254'],
  ),
  made(
    'a TCP SYN',
    [
      ethernet,
      { ...ipv4, ecn: 2 },
      {
        type: 'tcp',
        srcPort: 1024,
        dstPort: 80,
        sequence: 0xffff_fffe,
        flags: TcpFlag.SYN | TcpFlag.ECE,
        window: 512,
        options: bytesOf('020405b4 01010402'),
      },
    ],
    ['10.0.0.1.1024 > 10.0.0.2.80: Flags [SE]', '(correct)', 'win 512, options [mss 1460,nop,nop,sackOK]'],
  ),
  made(
    'TCP over IPv6 with data of odd length',
    [
      ethernet,
      { ...ipv6, dscp: 10, flowLabel: 0xabcde },
      { type: 'tcp', srcPort: 1, dstPort: 9999, sequence: 5, acknowledgment: 6, flags: TcpFlag.ACK },
    ],
    ['flowlabel 0xabcde', 'class 0x28', 'Flags [.]', '(correct)', 'length 3'],
    text('odd'),
  ),
  made(
    'UDP',
    [ethernet, ipv4, { type: 'udp', srcPort: 1, dstPort: 9999 }],
    ['10.0.0.1.1 > 10.0.0.2.9999', '[udp sum ok] UDP, length 4'],
    text('data'),
  ),
  made(
    'UDP without a checksum',
    [ethernet, ipv4, { type: 'udp', srcPort: 1, dstPort: 9999, checksum: 0 }],
    ['[no cksum] UDP, length 4'],
    text('data'),
  ),
  made(
    'UDP behind extension headers',
    [
      ethernet,
      ipv6,
      { type: 'hop_by_hop', data: bytesOf('050200000100') },
      { type: 'destination_options', data: bytesOf('010400000000') },
      { type: 'udp', srcPort: 1, dstPort: 9999 },
    ],
    ['HBH (rtalert: 0x0000)', 'DSTOPT', '[udp sum ok]'],
  ),
  made(
    'a fragment of IPv6',
    [
      ethernet,
      ipv6,
      { type: 'fragment', nextHeader: 17, fragmentOffset: 181, moreFragments: 1, identification: 0xdeadbeef },
    ],
    ['frag (0xdeadbeef:1448|8)'],
    bytesOf('0001020304050607'),
  ),
  made(
    'a neighbor solicitation',
    [
      ethernet,
      ipv6,
      {
        type: 'icmpv6',
        body: {
          type: 'neighbor_solicitation',
          target: link2,
          options: [{ type: 'source_link_layer_address', address: one }],
        },
      },
    ],
    [
      '[icmp6 sum ok] ICMP6, neighbor solicitation',
      'who has fe80::2',
      'source link-address option (1), length 8 (1): 02:00:00:00:00:01',
    ],
  ),
  made(
    'a neighbor advertisement',
    [
      ethernet,
      ipv6,
      {
        type: 'icmpv6',
        body: {
          type: 'neighbor_advertisement',
          router: 1,
          solicited: 1,
          override: 1,
          target: link1,
          options: [{ type: 'target_link_layer_address', address: one }],
        },
      },
    ],
    [
      '[icmp6 sum ok]',
      'tgt is fe80::1, Flags [router, solicited, override]',
      'destination link-address option (2), length 8 (1): 02:00:00:00:00:01',
    ],
  ),
  made(
    'a router solicitation',
    [ethernet, ipv6, { type: 'icmpv6', body: { type: 'router_solicitation', options: [] } }],
    ['[icmp6 sum ok] ICMP6, router solicitation'],
  ),
  made(
    'a router advertisement',
    [
      { ...ethernet, dst: 0x3333_0000_0001 },
      { ...ipv6, dst: allNodes },
      {
        type: 'icmpv6',
        body: {
          type: 'router_advertisement',
          hopLimit: 64,
          managed: 1,
          otherConfig: 1,
          homeAgent: 0,
          preference: 1,
          proxy: 0,
          routerLifetime: 1800,
          reachableTime: 30_000,
          retransTimer: 1000,
          options: [
            { type: 'mtu', mtu: 1450 },
            {
              type: 'prefix_information',
              prefixLength: 64,
              onLink: 1,
              autonomous: 1,
              validLifetime: 86_400,
              preferredLifetime: 0xffff_ffff,
              prefix: 0xfd00n << 112n,
            },
            { type: 'unknown', typeId: 200, body: bytesOf('010203040506') },
          ],
        },
      },
    ],
    [
      '[icmp6 sum ok] ICMP6, router advertisement',
      'hop limit 64, Flags [managed, other stateful], pref high, router lifetime 1800s, reachable time 30000ms, retrans timer 1000ms',
      'mtu option (5), length 8 (1):  1450',
      'prefix info option (3), length 32 (4): fd00::/64, Flags [onlink, auto], valid time 86400s, pref. time infinity',
      'unknown option (200), length 8 (1)',
    ],
  ),
  made(
    'a packet too big',
    [ethernet, ipv6, { type: 'icmpv6', body: { type: 'packet_too_big', mtu: 1280, quoted: bytesOf('60') } }],
    ['[icmp6 sum ok] ICMP6, packet too big, mtu 1280'],
  ),
  made(
    'LLDP',
    [
      { ...ethernet, dst: 0x0180_c200_000e },
      {
        type: 'lldp',
        tlvs: [
          { type: 'chassis_id', subtype: LldpChassisId.MAC_ADDRESS, id: bytesOf('020000000001') },
          { type: 'port_id', subtype: LldpPortId.INTERFACE_NAME, id: text('eth0') },
          { type: 'ttl', seconds: 120 },
          { type: 'port_description', text: 'uplink' },
          { type: 'system_name', text: 'kvm1' },
          { type: 'system_description', text: 'a hypervisor' },
          {
            type: 'system_capabilities',
            capabilities: LldpCapability.BRIDGE | LldpCapability.ROUTER,
            enabled: LldpCapability.BRIDGE,
          },
          {
            type: 'management_address',
            address: { family: 1, address: bytesOf('0a000001') },
            interfaceSubtype: 2,
            interfaceNumber: 3,
            oid: bytesOf(''),
          },
          { type: 'organizationally_specific', oui: 0x0080c2, subtype: 1, information: bytesOf('0064') },
          { type: 'unknown', typeId: 9, body: bytesOf('aabb') },
        ],
      },
    ],
    [
      'Subtype MAC address (4): 02:00:00:00:00:01',
      'Subtype Interface Name (5): eth0',
      'TTL 120s',
      'Port Description TLV (4), length 6: uplink',
      'System Name TLV (5), length 4: kvm1',
      'a hypervisor',
      'System  Capabilities [Bridge, Router] (0x0014)',
      'Enabled Capabilities [Bridge] (0x0004)',
      'AFI IPv4 (1): 10.0.0.1',
      'Interface Index Interface Numbering (2): 3',
      'port vlan id (PVID): 100',
      'Unknown TLV (9), length 2',
      'End TLV (0), length 0',
    ],
  ),
  made(
    'VXLAN with a ping in a VLAN in it',
    [
      ethernet,
      ipv4,
      { type: 'udp', srcPort: 50_000, dstPort: 4789, checksum: 0 },
      { type: 'vxlan', vni: 0xabcdef },
      { type: 'ethernet', dst: 0x0200_0000_000b, src: 0x0200_0000_000a, etherType: 0x8100 },
      { type: 'vlan', vid: 7 },
      { type: 'ipv4', src: 0xc0a8_0001, dst: 0xc0a8_0002, ttl: 1 },
      { type: 'icmp', body: { type: 'echo_reply', identifier: 1, sequence: 1, data: text('x') } },
    ],
    [
      '[no cksum] VXLAN, flags [I] (0x08), vni 11259375',
      'vlan 7',
      '192.168.0.1 > 192.168.0.2: ICMP echo reply',
    ],
  ),
  made(
    'a segment of a route and an authentication header',
    [
      ethernet,
      { ...ipv6, dst: link2 },
      { type: 'routing', data: bytesOf('0000 00000000') },
      { type: 'authentication', data: bytesOf('0000 00000005 00000009 0102030405060708 090a0b0c') },
      { type: 'udp', srcPort: 5, dstPort: 6 },
    ],
    [
      'RT6 (len=0, type=0 [Deprecated], segleft=0',
      'AH(length=4(24-bytes),spi=0x00000005,seq=0x9,icv=0x0102030405060708090a0b0c)',
    ],
  ),
];
