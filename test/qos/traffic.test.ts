import t from 'tap';
import type { TrafficConfig } from '../../src/config/config.js';
import { formatFlow, match } from '../../src/openflow/index.js';
import { matchesOf } from '../../src/qos/traffic.js';

/** In ovs-ofctl's notation. */
const told = (traffic: TrafficConfig): readonly string[] =>
  matchesOf(traffic).map(fields =>
    formatFlow({ table: 1, priority: 1, match: match(fields), instructions: [] })
      .replace('table=1, priority=1,', '')
      .replace(' actions=drop', ''),
  );

t.test('what classes say, as matches', t => {
  t.strictSame(told({ dscp: [46, 40] }), [
    'ip,nw_tos=184',
    'ip,nw_tos=160',
    'ipv6,nw_tos=184',
    'ipv6,nw_tos=160',
  ]);
  t.strictSame(told({ protocol: 'arp' }), ['arp']);
  t.strictSame(told({ protocol: 1 }), ['icmp']);
  t.strictSame(told({ protocol: 58 }), ['icmp6']);
  t.strictSame(told({ protocol: 17, destinationPorts: [{ from: 53, to: 53 }] }), [
    'udp,tp_dst=53',
    'udp6,tp_dst=53',
  ]);
  t.strictSame(
    told({
      protocol: 6,
      source: { version: 4, value: 0x0a000000, length: 8 },
      destinationPorts: [{ from: 8000, to: 8063 }],
      sourcePorts: [{ from: 1024, to: 2047 }],
    }),
    ['tcp,nw_src=10.0.0.0/8,tp_src=0x400/0xfc00,tp_dst=0x1f40/0xffc0'],
  );
  t.strictSame(told({ destination: { version: 6, value: 0xfd00n << 112n, length: 8 } }), [
    'ipv6,ipv6_dst=fd00::/8',
  ]);
  t.strictSame(told({ sourceMac: 2, networks: [5000, 6000] }), [
    'metadata=0x1388,dl_src=00:00:00:00:00:02',
    'metadata=0x1770,dl_src=00:00:00:00:00:02',
  ]);
  t.strictSame(told({}), ['table=1, priority=1']);
  t.end();
});
