/** Table numbers and cookies: what every other part takes for granted. Pinned values must never change. */
import fc from '../support/fast-check.js';
import t from 'tap';
import { wireNumber } from '../../src/config/config.js';
import {
  appOfCookie,
  classOfCookie,
  groupIds,
  hash40,
  hashText,
  isOurCookie,
  makeCookie,
  maxApps,
  numberTables,
  ourCookies,
  type Stage,
  stages,
  type TableDeclaration,
  tablesOf,
} from '../../src/intent/index.js';
import type { HeddleError } from '../../src/lib/errors.js';

const table = (name: string, stage: Stage, miss: TableDeclaration['miss'] = 'next'): TableDeclaration => ({
  name,
  stage,
  miss,
});
const app = (name: string, ...tables: TableDeclaration[]) => ({ name, tables });

t.test('table numbers', t => {
  const l2 = app('l2', table('out', 'output'), table('in', 'classify'), table('mac', 'unicast'));
  const acl = app('acl', table('deny', 'filter'), table('in', 'classify'), table('allow', 'filter'));

  t.strictSame(
    numberTables([l2, acl]).map(({ number, app, name }) => [number, app, name]),
    [
      [0, 'l2', 'in'],
      [1, 'acl', 'in'],
      [30, 'acl', 'deny'],
      [31, 'acl', 'allow'],
      [60, 'l2', 'mac'],
      [95, 'l2', 'out'],
    ],
    'stages in packet order, apps in the order of the file, two apps in one stage',
  );

  const late = numberTables([app('x', table('a', 'unicast'), table('b', 'unicast'), table('c', 'flood'))]);
  t.strictSame(
    late.map(({ number }) => number),
    [0, 61, 80],
    'the first table is table 0, whatever its stage',
  );
  t.strictSame(numberTables([]), [], 'no tables at all');

  const tables = tablesOf(numberTables([l2, acl]), 'acl');
  t.equal(tables.number('in'), 1, 'the own one of two tables of one name');
  t.equal(tables.after('in'), 30);
  t.equal(tables.after('allow'), 60, "another app's");
  t.throws(() => tables.number('mac'), { code: 'APP_INVALID', message: 'app acl has no table called mac' });
  t.throws(() => tablesOf(numberTables([l2]), 'l2').after('out'), {
    code: 'APP_INVALID',
    message: "no table follows l2's out",
  });

  const many = (count: number, stage: Stage) =>
    numberTables([app('x', ...Array.from({ length: count }, (_, index) => table(`t${index}`, stage)))]);
  t.equal(many(5, 'classify').at(-1)?.number, 4);
  t.throws(() => many(6, 'classify'), {
    code: 'APP_INVALID',
    message: 'too many tables at stage classify: it has room for 5',
  });
  t.equal(many(159, 'output').at(-1)?.number, 253, 'table 254 is Open vSwitch’s own');
  t.throws(() => many(160, 'output'), { code: 'APP_INVALID' });
  t.end();
});

t.test('table numbers of any apps', t => {
  const names = Object.keys(stages) as Stage[];
  const apps = fc.array(
    fc.uniqueArray(fc.record({ name: fc.string(), stage: fc.constantFrom(...names) }), {
      selector: ({ name }) => name,
      maxLength: 4,
    }),
    { maxLength: 3 },
  );
  fc.assert(
    fc.property(apps, given => {
      const declared = given.map((tables, index) =>
        app(`app${index}`, ...tables.map(({ name, stage }) => table(name, stage))),
      );
      let numbered;
      try {
        numbered = numberTables(declared);
      } catch (thrown) {
        return (thrown as HeddleError).code === 'APP_INVALID';
      }
      const numbers = numbered.map(({ number }) => number);
      return (
        numbers.length === declared.flatMap(({ tables }) => tables).length &&
        numbers.every((number, index) => index === 0 || number > (numbers[index - 1] ?? -1)) &&
        numbers.every(number => number >= 0 && number < 254) &&
        (numbers.length === 0 || numbers[0] === 0)
      );
    }),
  );
  t.end();
});

t.test('cookies', t => {
  t.equal(makeCookie(0, 'static', 0), 0x4864_0000_0000_0000n);
  t.equal(makeCookie(1, 'static', 0xff_ffff_ffff), 0x4864_08ff_ffff_ffffn);
  t.equal(makeCookie(1, 'learned', 1), 0x4864_0900_0000_0001n);
  t.equal(makeCookie(31, 'reactive', 0), 0x4864_fa00_0000_0000n);

  fc.assert(
    fc.property(
      fc.nat(maxApps - 1),
      fc.constantFrom('static', 'learned', 'reactive'),
      fc.nat(2 ** 40 - 1),
      (number, flowClass, hash) => {
        const cookie = makeCookie(number, flowClass, hash);
        return (
          isOurCookie(cookie) &&
          appOfCookie(cookie) === number &&
          classOfCookie(cookie) === flowClass &&
          (cookie & 0xff_ffff_ffffn) === BigInt(hash) &&
          (cookie & ourCookies.mask) === ourCookies.cookie
        );
      },
    ),
  );

  t.equal(isOurCookie(0n), false);
  t.equal(isOurCookie(0x4865_0000_0000_0000n), false);
  t.equal(isOurCookie(0xffff_ffff_ffff_ffffn), false);
  t.equal(classOfCookie(0x1n), undefined, "somebody else's");
  t.equal(classOfCookie(0x4864_0300_0000_0000n), undefined, 'a class that a later version may have');
  t.end();
});

t.test('hashes are those of every earlier version', t => {
  t.equal(hashText(''), 0xe4_811c_9dc5);
  t.equal(hashText('a'), 0x6b_e40c_292c);
  t.equal(hashText('port 5000 vnet0 3'), 0x07_c376_686d);
  t.equal(hashText('remote 5000 174129161'), 0x18_cc93_8fec);
  t.equal(hash40(Uint8Array.from({ length: 256 }, (_, byte) => byte)), 0xb4_90a4_58c5);

  const seen = new Set<number>();
  for (let n = 0; n < 20_000; n++) seen.add(hashText(`port ${n % 100} tap${n} ${n}`));
  t.equal(seen.size, 20_000, 'no two of 20,000 alike');
  fc.assert(
    fc.property(fc.uint8Array(), bytes => {
      const hash = hash40(bytes);
      return Number.isInteger(hash) && hash >= 0 && hash < 2 ** 40;
    }),
  );
  t.end();
});

t.test('group ids', t => {
  t.equal(groupIds.local(5000), 0x4800_1388);
  t.equal(groupIds.flood(0xffffff), 0x49ff_ffff);
  t.equal(groupIds.relay(5000), 0x5c00_1388);
  for (const id of [1, 0xffffff, wireNumber(1), wireNumber(4094)].flatMap(n => [
    groupIds.local(n),
    groupIds.flood(n),
    groupIds.relay(n),
  ]))
    t.ok(groupIds.isOurs(id));
  for (const id of [0, 1, 0x47ff_ffff, 0x5d00_0000, 0xffff_ff00, 0xc800_0000])
    t.notOk(groupIds.isOurs(id), String(id));
  t.end();
});
