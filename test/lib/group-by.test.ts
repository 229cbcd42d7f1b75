import t from 'tap';
import { groupBy } from '../../src/lib/group-by.js';

t.test('groups and items keep their order, and no key is a key', t => {
  t.strictSame(
    [...groupBy([5, 2, 3, 8, 7], n => (n === 3 ? undefined : n % 2 === 0))],
    [
      [false, [5, 7]],
      [true, [2, 8]],
      [undefined, [3]],
    ],
  );
  t.end();
});
