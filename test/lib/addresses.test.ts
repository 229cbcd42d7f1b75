import fc from '../support/fast-check.js';
import t from 'tap';
import {
  formatDpid,
  formatIpv4,
  formatMac,
  isGroupMac,
  parseDpid,
  parseIpv4,
  parseMac,
} from '../../src/lib/addresses.js';
import { backoff } from '../../src/lib/backoff.js';

t.test('MACs', t => {
  t.equal(parseMac('02:00:00:00:00:0a'), 0x0200_0000_000a);
  t.equal(parseMac('FF:FF:FF:FF:FF:FF'), 0xffff_ffff_ffff);
  const bad = [
    '',
    '02:00:00:00:00',
    '02:00:00:00:00:0a:0b',
    '02-00-00-00-00-0a',
    '2:0:0:0:0:a',
    '02:00:00:00:00:0g',
  ];
  for (const text of [...bad, ' 02:00:00:00:00:0a', '02:00:00:00:00:0a\n', '0200.0000.000a'])
    t.equal(parseMac(text), undefined, JSON.stringify(text));
  t.equal(formatMac(0), '00:00:00:00:00:00');
  t.equal(isGroupMac(0xffff_ffff_ffff), true);
  t.equal(isGroupMac(0x0100_5e00_0001), true);
  t.equal(isGroupMac(0x3333_0000_0001), true);
  t.equal(isGroupMac(0x0200_0000_0001), false);
  t.equal(isGroupMac(0xfeff_ffff_ffff), false);
  fc.assert(fc.property(fc.nat(2 ** 48 - 1), mac => parseMac(formatMac(mac)) === mac));
  t.end();
});

t.test('IPv4 addresses', t => {
  t.equal(parseIpv4('10.97.0.1'), 0x0a61_0001);
  t.equal(parseIpv4('255.255.255.255'), 0xffff_ffff, 'unsigned');
  for (const text of [
    '',
    '1.2.3',
    '1.2.3.4.5',
    '256.0.0.1',
    '1.2.3.04',
    '1.2.3.-4',
    '1.2.3.4 ',
    '0x1.2.3.4',
    '1..2.3',
  ])
    t.equal(parseIpv4(text), undefined, JSON.stringify(text));
  fc.assert(fc.property(fc.nat(2 ** 32 - 1), address => parseIpv4(formatIpv4(address)) === address));
  t.end();
});

t.test('datapath ids', t => {
  t.equal(formatDpid(0x4864n), '0000000000004864');
  t.equal(parseDpid('1'), 1n);
  for (const text of ['', '0x1', 'g', '12345678901234567']) t.equal(parseDpid(text), undefined, text);
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), dpid => parseDpid(formatDpid(dpid)) === dpid),
  );
  t.end();
});

t.test('backoff', t => {
  t.strictSame(
    [0, 1, 2, 3, 4, 100, 1e9].map(attempt => backoff(attempt, 0.5)),
    [250, 500, 1_000, 2_000, 2_000, 2_000, 2_000],
  );
  t.equal(backoff(0, 0), 188);
  t.equal(backoff(50, 0.999_999), 2_500);
  fc.assert(
    fc.property(
      fc.nat(),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (attempt, random) => {
        const wait = backoff(attempt, random);
        return Number.isInteger(wait) && wait >= 187 && wait <= 2_500;
      },
    ),
  );
  t.end();
});
