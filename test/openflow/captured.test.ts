/** Every frame that was recorded from a real Open vSwitch decodes, and encodes back to the same bytes. */
import t from 'tap';
import { decodeWith } from '../../src/openflow/codec.js';
import { closures, compiled, encoded } from './back-ends.js';
import { captures } from './captures.js';
import { hexOf } from './fixtures.js';
import { keptRaw } from './kept-raw.js';
import { kindsIn } from './kinds.js';

t.test('every frame, with both back ends', t => {
  for (const { name, bytes } of captures)
    for (const [backEnd, codec] of Object.entries({ compiled, closures })) {
      const frame = Buffer.from(bytes); // as a socket hands it over
      const again = hexOf(encoded(codec, decodeWith(codec, frame)));
      if (again !== hexOf(bytes)) t.equal(again, hexOf(bytes), `${name}, ${backEnd}`);
    }
  t.ok(captures.length > 500, `${captures.length} frames`);
  t.end();
});

t.test('what is declared, and what is kept raw', t => {
  const kinds = [
    ...new Set(captures.flatMap(({ bytes }) => [...kindsIn(decodeWith(compiled, bytes))])),
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
