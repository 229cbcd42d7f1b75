import t from 'tap';
import type { Rate } from '../../src/config/config.js';
import { formatDscp, readDscp } from '../../src/config/dscp.js';
import { formatRate, readBurst, readRate } from '../../src/config/quantities.js';

const kbit = (perSecond: number): { value: Rate } => ({ value: { unit: 'kbit', perSecond } });
const packets = (perSecond: number): { value: Rate } => ({ value: { unit: 'packet', perSecond } });

t.test('rates', t => {
  for (const [text, rate] of [
    ['100mbit', kbit(100_000)],
    ['1.5gbit', kbit(1_500_000)],
    ['64 kbit/s', kbit(64)],
    ['8000bit', kbit(8)],
    ['10Mbit', kbit(10_000)],
    ['5000pps', packets(5_000)],
    ['1.5kpps', packets(1_500)],
  ] as const)
    t.strictSame(readRate(text), rate, text);
  for (const text of ['100mbit', '1gbit', '1500kbit', '5000pps']) {
    const read = readRate(text);
    t.equal('value' in read && formatRate(read.value), text);
  }
  t.end();
});

t.test('what is no rate', t => {
  for (const [text, told] of [
    ['', /expected a rate such as/],
    ['fast', /expected a rate such as/],
    ['-5mbit', /expected a rate such as/],
    ['1e3mbit', /expected a rate such as/],
    ['100', /a unit behind the number/],
    ['100mbps', /unknown unit.*did you mean "100mbit"/],
    ['100m', /did you mean "100mbit"/],
    ['100constructor', /unknown unit/],
    ['64kbyte', /unknown unit/],
    ['0mbit', /from 1kbit to 4294967295kbit/],
    ['400bit', /from 1kbit/],
    ['5000gbit', /from 1kbit to 4294967295kbit/],
    ['0pps', /from 1pps/],
  ] as const) {
    const read = readRate(text);
    t.match('problem' in read ? `${read.problem} ${read.hint ?? ''}` : JSON.stringify(read), told, text);
  }
  t.end();
});

t.test('bursts', t => {
  for (const [text, value] of [
    ['50mbit', { unit: 'kbit', amount: 50_000 }],
    ['64kbyte', { unit: 'kbit', amount: 512 }],
    ['100packets', { unit: 'packet', amount: 100 }],
    ['500ms', { unit: 'ms', amount: 500 }],
    ['1.5s', { unit: 'ms', amount: 1_500 }],
  ] as const)
    t.strictSame(readBurst(text), { value }, text);
  t.match(readBurst('64kb'), { hint: 'did you mean "64kbyte"?' });
  t.match(readBurst('0ms'), { problem: 'expected a burst above 0' });
  t.end();
});

t.test('code points', t => {
  for (const [value, dscp] of [
    ['ef', 46],
    ['AF41', 34],
    ['cs1', 8],
    ['be', 0],
    [63, 63],
    [0, 0],
  ] as const)
    t.strictSame(readDscp(value), { value: dscp }, String(value));
  for (const value of [64, -1, 1.5, true, null, '46', 'af44', 'constructor'])
    t.match(readDscp(value), { problem: /expected a DSCP/ }, String(value));
  t.match(readDscp('af4l'), { hint: 'did you mean "af41"?' });
  t.strictSame([46, 0, 34, 3].map(formatDscp), ['ef', 'be', 'af41', '3']);
  t.end();
});
