/** Every frame that was recorded from a real Open vSwitch decodes, and encodes back to the same bytes. */
import t from 'tap';
import { decode } from '../../src/openflow/index.js';
import { decodeBoth, encodeBoth, outcomeOf } from './back-ends.js';
import { type CapturedFrame, captures } from './captures.js';
import { hexOf } from './fixtures.js';
import { keptRaw } from './kept-raw.js';
import { kindsIn } from './kinds.js';

/** The recorder itself sends some frames that are wrong, to see what the switch says. */
const mayBeWrong = ({ name, to }: CapturedFrame): boolean => to === 'switch' && name.includes(': raw ');

t.test('every frame, with both back ends', t => {
  const refused: string[] = [];
  for (const capture of captures) {
    const { name, bytes } = capture;
    const decoded = decodeBoth(bytes);
    if ('error' in decoded) {
      if (mayBeWrong(capture)) refused.push(name);
      else t.fail(`${name}: ${decoded.error.message}`, { frame: hexOf(bytes) });
      continue;
    }
    const again = encodeBoth(decoded.value);
    if ('error' in again) {
      // A match is read leniently and written strictly: the switch refused these too.
      if (mayBeWrong(capture) && again.error.code === 'WIRE_BAD_MATCH') refused.push(name);
      else t.fail(`${name}: ${again.error.message}`, { frame: hexOf(bytes) });
      continue;
    }
    if (hexOf(again.value) !== hexOf(bytes)) t.equal(hexOf(again.value), hexOf(bytes), name);
  }
  t.comment(`refused, as they should be: ${refused.join('; ')}`);
  t.ok(captures.length > 900, `${captures.length} frames`);
  t.end();
});

t.test('what is declared, and what is kept raw', t => {
  const outcomes = captures.map(({ bytes }) => outcomeOf(() => decode(bytes)));
  const kinds = [
    ...new Set(outcomes.flatMap(outcome => ('value' in outcome ? [...kindsIn(outcome.value)] : []))),
  ].sort();
  const raw = kinds.filter(kind => kind.startsWith('unknown '));
  t.same(
    raw.filter(kind => !keptRaw.includes(kind)),
    [],
    `${kinds.length - raw.length} kinds are declared, ${raw.length} kept raw`,
  );
  for (const kind of keptRaw.filter(kind => !raw.includes(kind))) t.comment(`no longer raw: ${kind}`);
  t.end();
});
