/** What the Open vSwitch of this machine says now, in part: the recorder works, and the codec knows all of it. */
import t from 'tap';
import { whyNoSwitch } from '../../lab/record/dummy-switch.js';
import { recordAll, type ScenarioName } from '../../lab/record/record.js';
import { parseRecording } from '../../lab/record/recording.js';
import { checkFrame, encodeBoth } from '../openflow/back-ends.js';
import { hexOf } from '../openflow/fixtures.js';

const names: readonly ScenarioName[] = ['meters', 'changes', 'flow-monitors', 'heddle'];

/** What must be seen, or the recorder has missed it. */
const wanted: readonly (readonly [type: string, scenario: ScenarioName])[] = [
  ['meter_mod', 'meters'],
  ['error', 'meters'],
  ['flow_removed', 'changes'],
  ['port_status', 'changes'],
  ['role_status', 'changes'],
  ['multipart_reply', 'flow-monitors'],
  ['features_reply', 'heddle'],
  ['packet_in', 'heddle'],
  ['packet_out', 'heddle'],
];

const skip = (await whyNoSwitch()) ?? false;

t.test('frames recorded now decode, and encode back to the same bytes', { skip }, async t => {
  const seen = new Set<string>();
  for await (const { name, text } of recordAll(names)) {
    const exchanges = parseRecording(text);
    for (const { title, frames } of exchanges)
      for (const { bytes } of frames) {
        const outcome = checkFrame(bytes);
        if ('error' in outcome) {
          t.fail(`${title}: ${outcome.error.message}`, { frame: hexOf(bytes) });
          continue;
        }
        seen.add(`${outcome.value.type} in ${name}`);
        const again = encodeBoth(outcome.value);
        if (!('value' in again) || hexOf(again.value) !== hexOf(bytes))
          t.fail(title, { frame: hexOf(bytes) });
      }
    t.ok(exchanges.length > 5, `${name}: ${exchanges.length} exchanges`);
  }
  for (const [type, scenario] of wanted) t.ok(seen.has(`${type} in ${scenario}`), `${type} in ${scenario}`);
});
