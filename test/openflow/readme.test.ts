/** The example of the README runs as it is written, and prints what it says. */
import { readFileSync } from 'node:fs';
import { runInNewContext } from 'node:vm';
import t from 'tap';
import * as openflow from '../../src/openflow/index.js';

t.test('the example of the codec', t => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  const [, names = '', body = ''] =
    /```js\nimport \{ ([^}]*) \} from 'heddle\/openflow';\n(.*?)```/s.exec(readme) ?? [];
  const printed: string[] = [];
  const scope: Readonly<Record<string, unknown>> = {
    ...openflow,
    console: { log: (...values: readonly unknown[]) => printed.push(values.join(' ')) },
  };
  const used = [...names.split(', '), 'console'];
  for (const name of used) t.ok(scope[name], name);
  runInNewContext(body, Object.fromEntries(used.map(name => [name, scope[name]])));
  const said = [...body.matchAll(/console\.log\(.*\); \/\/ (.*)/g)].map(([, text]) => text);
  t.equal(said.length, 3);
  t.strictSame(printed, said);
  t.end();
});
