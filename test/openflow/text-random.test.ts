/** Random flows, groups and meters: printed and read, they are what they were; and random texts break nothing. */
import { isDeepStrictEqual } from 'node:util';
import fc from '../support/fast-check.js';
import t from 'tap';
import { HeddleError } from '../../src/lib/errors.js';
import {
  formatFlow,
  formatGroup,
  formatMatch,
  formatMeter,
  parseFlow,
  parseGroup,
  parseMatch,
  parseMeter,
} from '../../src/openflow/index.js';
import { anyMatch, flow, group, meter } from './notation/arbitraries.js';

function comesBack<T>(what: fc.Arbitrary<T>, format: (value: T) => string, parse: (text: string) => T): void {
  fc.assert(
    fc.property(what, value => {
      const text = format(value);
      const found = parse(text);
      if (!isDeepStrictEqual(found, value)) throw new Error(`${text} came back as ${format(found)}`);
    }),
    { numRuns: 1_000 },
  );
}

t.test('matches, flows, groups and meters come back', t => {
  comesBack(anyMatch, match => formatMatch(match), parseMatch);
  comesBack(flow, one => formatFlow(one), parseFlow);
  comesBack(group, one => formatGroup(one), parseGroup);
  comesBack(meter, formatMeter, parseMeter);
  t.pass('1,000 of each');
  t.end();
});

t.test('a text that was changed is read, or refused with its place', t => {
  const texts = fc.tuple(
    flow,
    fc.nat(),
    fc.constantFrom('', '(', ')', ',', '=', '->', '/', '[', '"', '0x', 'é\n', '\0'),
  );
  let refused = 0;
  fc.assert(
    fc.property(texts, fc.boolean(), ([value, at, piece], cuts) => {
      const text = formatFlow(value);
      const place = at % (text.length + 1);
      const changed = text.slice(0, place) + piece + text.slice(place + (cuts ? 1 : 0));
      try {
        parseFlow(changed);
      } catch (error) {
        if (!(error instanceof HeddleError) || error.code !== 'OF_BAD_TEXT') throw error;
        refused++;
      }
    }),
    { numRuns: 2_000 },
  );
  t.ok(refused > 100, `${refused} refused`);
  t.end();
});

t.test('a long text takes no more than linear time', t => {
  const time = (text: string): number => {
    const start = performance.now();
    try {
      parseFlow(text);
    } catch (error) {
      if (!(error instanceof HeddleError)) throw error;
    }
    return performance.now() - start;
  };
  const size = 200_000;
  for (const text of [
    `actions=${'1,'.repeat(size)}`,
    `actions=${'clone('.repeat(size)}`,
    `reg0=0x${'0'.repeat(size)}`,
    `reg0=${'9'.repeat(size)} actions=`,
    `tcp_flags=${'+a'.repeat(size)} actions=`,
    `ct_state=${'|'.repeat(size)} actions=`,
    `ipv6,ipv6_src=${':'.repeat(size)} actions=`,
    `actions=ct(nat(src=${'1.'.repeat(size)}))`,
    `actions=note:${'00.'.repeat(size)}`,
    `actions=${'x'.repeat(size)}`,
    `${' '.repeat(size)}actions=${','.repeat(size)}`,
    `${'tcp,'.repeat(size)}actions=`,
  ])
    t.ok(time(text) < 3_000, text.slice(0, 30));
  t.end();
});
