/** Interface.options of VXLAN ports that somebody has made, whatever is in them. */
import fc from '../support/fast-check.js';
import t from 'tap';
import { vxlanPort } from '../../src/intent/vxlan-port.js';
import { parseIpv4 } from '../../src/lib/addresses.js';

const read = (options: Readonly<Record<string, string>>) => vxlanPort(new Map(Object.entries(options)));
const remoteIp = parseIpv4('10.97.0.2')!;
const usual = { remoteIp, inKey: 0, outKey: 0, dstPort: 4789 };

t.test('as people write them', t => {
  const to = { remote_ip: '10.97.0.2' };
  t.strictSame(read(to), usual, 'no key is VNI 0');
  t.strictSame(read({ ...to, key: '10' }), { ...usual, inKey: 10, outKey: 10 });
  t.strictSame(read({ ...to, key: '0x10' }), { ...usual, inKey: 16, outKey: 16 });
  t.strictSame(read({ ...to, key: '010' }), { ...usual, inKey: 8, outKey: 8 }, 'a number of C');
  t.strictSame(read({ ...to, key: 'flow' }), { ...usual, inKey: 'flow', outKey: 'flow' });
  t.strictSame(read({ ...to, key: '5', in_key: 'flow' }), { ...usual, inKey: 'flow', outKey: 5 });
  t.strictSame(read({ ...to, out_key: '7' }), { ...usual, outKey: 7 });
  t.strictSame(read({ ...to, dst_port: '8472' }), { ...usual, dstPort: 8472 });
  t.strictSame(read({ remote_ip: 'flow', key: 'flow', local_ip: '10.97.0.1' }), {
    ...usual,
    remoteIp: 'flow',
    inKey: 'flow',
    outKey: 'flow',
  });
  t.equal(read({ remote_ip: 'fd00::2' }).remoteIp, 0xfd00_0000_0000_0000_0000_0000_0000_0002n);
  t.equal(read({ remote_ip: '::ffff:10.97.0.2' }).remoteIp, 0x0a61_0002, 'an IPv4 address in IPv6 words');
  t.strictSame(read({}), { inKey: 0, outKey: 0, dstPort: 4789 });
  t.end();
});

t.test('what nobody should guess at', t => {
  const keys = ['', ' 1', '1 ', '-1', '16777216', '0x1000000', '09', 'ten', '1e3', '0x', '9'.repeat(400)];
  for (const key of keys) {
    const { inKey, outKey } = read({ key });
    t.strictSame([inKey, outKey], [undefined, undefined], JSON.stringify(key));
  }
  for (const remote_ip of ['', 'fe80::1%eth0', 'fe80:::1', 'kvm2', '10.97.0.02', '10.97.0.2/24'])
    t.equal(read({ remote_ip }).remoteIp, undefined, remote_ip);
  for (const dst_port of ['', '0', '65536', '4789 ', '0x12'])
    t.equal(read({ dst_port }).dstPort, undefined, dst_port);
  t.end();
});

t.test('any text at all', t => {
  const options = fc.dictionary(
    fc.constantFrom('remote_ip', 'key', 'in_key', 'out_key', 'dst_port', 'x'),
    fc.oneof(fc.string(), fc.integer().map(String), fc.constant('flow')),
  );
  fc.assert(
    fc.property(options, given => {
      const { inKey = 0, outKey = 0, dstPort = 4789 } = read(given);
      for (const key of [inKey, outKey])
        if (key !== 'flow' && !(Number.isInteger(key) && key >= 0 && key < 2 ** 24)) return false;
      return Number.isInteger(dstPort) && dstPort > 0 && dstPort < 65_536;
    }),
  );
  t.end();
});
