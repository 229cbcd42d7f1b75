import fc from '../support/fast-check.js';
import t from 'tap';
import { rangeMasks } from '../../src/lib/range-masks.js';

t.test('some ranges', t => {
  const text = (from: number, to: number) =>
    rangeMasks(from, to).map(({ value, mask }) => `${value}/${mask.toString(16)}`);
  t.strictSame(text(443, 443), ['443/ffff']);
  t.strictSame(text(8000, 8099), ['8000/ffc0', '8064/ffe0', '8096/fffc']);
  t.strictSame(text(0, 65_535), ['0/0']);
  t.equal(rangeMasks(1, 65_534).length, 30);
  t.end();
});

t.test('every number of a range is in exactly one block, and no other is in any', t => {
  const port = fc.integer({ min: 0, max: 65_535 });
  fc.assert(
    fc.property(port, port, port, (one, other, probe) => {
      const [from, to] = one < other ? [one, other] : [other, one];
      const isIn = (number: number): number =>
        rangeMasks(from, to).filter(({ value, mask }) => (number & mask) === value).length;
      return [probe, from, to, from - 1, to + 1]
        .filter(number => number >= 0 && number < 65_536)
        .every(number => isIn(number) === (number >= from && number <= to ? 1 : 0));
    }),
  );
  t.end();
});
