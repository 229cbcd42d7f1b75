/** Against the real ovs-ofctl: what it makes of the bytes of each action, and what it writes for them itself. */
import { execFileSync, spawnSync } from 'node:child_process';
import t from 'tap';
import { formatActions } from '../../src/openflow/index.js';
import { actionTexts } from './fixtures-nicira.js';

const installed = spawnSync('ovs-ofctl', ['--version'], { stdio: 'ignore' }).status === 0;
const skip = installed ? false : 'ovs-ofctl is not installed';

t.test('our text of an action is that of ovs-ofctl', t => {
  for (const { text, action } of actionTexts) t.equal(formatActions([action]), text, text);
  t.end();
});

t.test('ovs-ofctl reads the bytes as the action, and writes the same bytes', { skip }, t => {
  const taken = actionTexts.filter(one => one.refused !== true);
  const input = taken.map(({ bytes }) => `${bytes.replace(/[\s|]/g, '')}\n`).join('');
  // It prints each action, and after it the bytes that it would have written in another way.
  const printed = execFileSync('ovs-ofctl', ['parse-actions', 'OpenFlow13'], { input, encoding: 'utf8' })
    .split(/^(?=actions=)/m)
    .map(part => part.trim().split('\n'));
  t.equal(printed.length, taken.length, 'each is read');
  taken.forEach(({ text, rewritten }, index) => {
    const [actions, ...differences] = printed[index] ?? [];
    t.equal(actions, `actions=${text}`);
    if (rewritten === undefined) t.same(differences, [], 'the same bytes');
    else t.not(differences.length, 0, 'other bytes');
  });
  t.end();
});
