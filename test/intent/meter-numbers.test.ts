import t from 'tap';
import { meterIds, numberMeters } from '../../src/intent/index.js';

const names = Array.from({ length: 500 }, (_, n) => `port ${n}`);

t.test('each name has an id of its own, whatever their order', t => {
  const ids = numberMeters(3, names);
  t.equal(new Set(ids.values()).size, 500);
  t.ok([...ids.values()].every(meterIds.isOurs));
  t.strictSame(numberMeters(3, [...names].reverse()), ids);
  t.end();
});

t.test('no id is of two apps', t => {
  const ids = [0, 1, 31].flatMap(app => [...numberMeters(app, names).values()]);
  t.equal(new Set(ids).size, 3 * 500);
  t.ok(ids.every(meterIds.isOurs));
  t.ok(Math.max(...ids) < 65_536, 'below what the smallest datapath has');
  t.end();
});

t.test('few ids change when a name comes', t => {
  const before = numberMeters(1, names);
  const after = numberMeters(1, [...names, 'a new one']);
  const moved = names.filter(name => before.get(name) !== after.get(name));
  t.ok(moved.length < 10, `${moved.length} of 500`);
  t.end();
});

t.test('no more than a switch may have', t => {
  const many = Array.from({ length: 600 }, (_, n) => `p${String(n).padStart(4, '0')}`);
  const ids = numberMeters(0, many);
  t.equal(ids.size, meterIds.most);
  t.equal(ids.get('p0599'), undefined);
  t.equal(numberMeters(0, many, 550).size, 550, 'where an app asks for more');
  t.equal(numberMeters(0, many, 20).size, 20, 'or for fewer');
  t.end();
});
