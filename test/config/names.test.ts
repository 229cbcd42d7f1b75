import fc from '../support/fast-check.js';
import t from 'tap';
import { parseDpid, formatDpid } from '../../src/lib/addresses.js';
import { glob } from '../../src/lib/glob.js';
import { editDistance, nearMiss } from '../../src/lib/near-miss.js';
import { dpidOfName } from '../../src/config/dpid.js';

t.test('glob', t => {
  const cases: [pattern: string, matching: string[], others: string[]][] = [
    ['', [''], ['a']],
    ['eth0', ['eth0'], ['eth', 'eth00', 'ETH0']],
    ['*', ['', 'a', 'tap0'], []],
    ['fw*', ['fw', 'fw1'], ['f', 'afw']],
    ['*-p', ['-p', 'fw1-p'], ['p', '-pp']],
    ['vnet?', ['vnet0', 'vnet?'], ['vnet', 'vnet10']],
    ['??', ['ab'], ['a', 'abc']],
    ['a*b*c', ['abc', 'aXbXc', 'abbcc'], ['ab', 'acb', 'abcX']],
    ['aa*aa', ['aaaa', 'aaXaa'], ['aaa']],
    ['*a?c*', ['abc', 'xxaacxx', 'aabaccb'], ['ac', 'abd']],
    ['[a](.)$', ['[a](.)$'], ['a']],
    ['**', ['', 'a'], []],
  ];
  for (const [pattern, matching, others] of cases) {
    for (const name of matching) t.equal(glob(pattern).matches(name), true, `${pattern} matches ${name}`);
    for (const name of others)
      t.equal(glob(pattern).matches(name), false, `${pattern} does not match ${name}`);
  }
  t.match(glob('eth0'), { literal: true, prefix: 'eth0' });
  t.match(glob('e?h*'), { literal: false, prefix: 'e' });
  t.end();
});

t.test('glob agrees with a regular expression, and stays quick where that one does not', t => {
  const letters = (units: string[]) => fc.string({ unit: fc.constantFrom(...units), maxLength: 12 });
  const agrees = fc.property(letters(['a', 'b', '*', '?']), letters(['a', 'b']), (pattern, name) => {
    const source = pattern.replaceAll('*', '.*').replaceAll('?', '.');
    return glob(pattern).matches(name) === new RegExp(`^${source}$`, 's').test(name);
  });
  t.doesNotThrow(() => fc.assert(agrees, { numRuns: 2000 }));
  const started = performance.now();
  t.equal(glob(`${'*a'.repeat(120)}*b`).matches('a'.repeat(5000)), false);
  t.ok(performance.now() - started < 1000);
  t.end();
});

t.test('near misses', t => {
  t.equal(nearMiss('vnii', ['ports', 'vni']), 'vni');
  t.equal(nearMiss('hypervisor', ['networks', 'hypervisors']), 'hypervisors');
  t.equal(nearMiss('datapath_ID', ['datapath', 'datapath-id']), 'datapath-id');
  t.equal(nearMiss('no', ['on', 'port']), 'on', 'two letters swapped are one slip');
  t.equal(nearMiss('kvm3', ['kvm1', 'kvm2']), 'kvm1', 'the first of equals');
  t.equal(nearMiss('uplink', ['ovsdb', 'bridge', 'vtep']), undefined);
  t.equal(nearMiss('x', ['y']), undefined, 'one letter is a near miss of nothing');
  t.equal(nearMiss('vni', ['vni']), undefined, 'a word is no miss of itself');
  t.equal(nearMiss('a'.repeat(65), ['a'.repeat(64)]), undefined);
  t.equal(editDistance('', 'abc'), 3);
  t.equal(editDistance('kitten', 'sitting'), 3);
  t.equal(editDistance('abcd', 'badc'), 2);
  const word = fc.string({ maxLength: 8 });
  const isDistance = fc.property(word, word, (a, b) => {
    const distance = editDistance(a, b);
    const symmetric = distance === editDistance(b, a);
    return symmetric && (distance === 0) === (a === b) && distance <= Math.max(a.length, b.length);
  });
  t.doesNotThrow(() => fc.assert(isDistance));
  t.end();
});

t.test('datapath ids of names', t => {
  // Fixed for ever: a switch that has one of these is recognised by it.
  t.equal(formatDpid(dpidOfName('kvm1')), '486456d79c23f8bf');
  // FNV-1a's published hash of "a" is af63dc4c8601ec8c: its upper 16 bits are folded into the lowest ones.
  t.equal(formatDpid(dpidOfName('a')), '4864dc4c860143ef');
  t.equal(parseDpid(formatDpid(dpidOfName(''))), dpidOfName(''));
  const names = Array.from({ length: 5000 }, (_, index) => `hypervisor-${index}`);
  t.equal(new Set(names.map(dpidOfName)).size, names.length);
  t.end();
});
