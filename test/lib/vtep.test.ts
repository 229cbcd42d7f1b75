import t from 'tap';
import { compareVteps, familyOf, formatVtep, parseVtep } from '../../src/lib/vtep.js';

t.test('both families, as text and as values', t => {
  for (const text of ['10.97.0.1', 'fd97::1', '2001:db8::9']) t.equal(formatVtep(parseVtep(text) ?? 0), text);
  for (const text of ['', '10.97.0', 'fd97::g', '10.97.0.1/24']) t.equal(parseVtep(text), undefined, text);
  t.equal(familyOf(1), 'IPv4');
  t.equal(familyOf(1n), 'IPv6');
  const sorted = ['10.0.0.2', '9.0.0.1', '10.0.0.2', 'fd00::2', '::2'].map(text => parseVtep(text) ?? 0);
  t.strictSame([...sorted].reverse().sort(compareVteps).map(formatVtep), [
    '9.0.0.1',
    '10.0.0.2',
    '10.0.0.2',
    '::2',
    'fd00::2',
  ]);
  t.end();
});
