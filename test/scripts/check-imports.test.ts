import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import t from 'tap';

const script = resolve(import.meta.dirname, '../../scripts/check-imports.mjs');

/** Runs the check over a tree made of `files`; returns its exit code and what it said. */
function check(root: string, files: Record<string, string>): Promise<{ code: number; text: string }> {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return new Promise(done => {
    execFile(process.execPath, [script, root], (error, stdout, stderr) => {
      done({ code: error === null ? 0 : Number(error.code), text: stdout + stderr });
    });
  });
}

const leaf = { 'src/lib/a.ts': 'export const a = 1;\n' };

t.test('a tree that keeps the direction passes', async t => {
  const { code, text } = await check(t.testdir(), {
    ...leaf,
    'src/openflow/b.ts': "import { a } from '../lib/a.js';\nexport const b = a;\n",
  });
  t.equal(code, 0, text);
  t.match(text, '2 modules');
});

t.test('planted violations are found, each by its name', async t => {
  const { code, text } = await check(t.testdir(), {
    ...leaf,
    'src/lib/up.ts': "import { io } from '../io/io.js';\nexport const up = io;\n",
    'src/lib/node.ts': "import { platform } from 'node:os';\nexport const p = platform;\n",
    'src/io/io.ts': 'export const io = 1;\n',
    'src/apps/one/one.ts': "import { two } from '../two/two.js';\nexport const one = two;\n",
    'src/apps/two/two.ts': 'export const two = 2;\n',
    'src/controller/socket.ts': "import { connect } from 'node:net';\nexport const c = connect;\n",
    'src/reconcile/x.ts': "import { y } from './y.js';\nexport const x = (): unknown => y;\n",
    'src/reconcile/y.ts': "import { x } from './x.js';\nexport const y = (): unknown => x;\n",
    'src/elsewhere/z.ts': "import { a } from '../lib/a.js';\nexport const z = a;\n",
  });
  t.equal(code, 1);
  for (const rule of [
    'lib-imports-only-what-is-below: src/lib/up.ts',
    'no-node-modules-below-controller: src/lib/node.ts',
    'apps-do-not-import-each-other: src/apps/one/one.ts',
    'sockets-and-files-only-in-io: src/controller/socket.ts',
    'no-cycles: src/reconcile',
    'every-folder-has-a-rule: src/elsewhere/z.ts',
  ]) {
    t.match(text, rule);
  }
});

t.test('a tree in which no module is seen fails: it would prove nothing', async t => {
  const empty = await check(t.testdir({ src: {} }), {});
  t.equal(empty.code, 1);
  t.match(empty.text, 'no module was seen');
  const nothing = await check(t.testdir(), {});
  t.equal(nothing.code, 1);
  t.match(nothing.text, 'no src folder');
});
