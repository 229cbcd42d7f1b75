/** The bundle has all that the sources export, each once, and its program runs. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import t from 'tap';
import * as intent from '../../src/intent/index.js';
import * as openflow from '../../src/openflow/index.js';
import * as packet from '../../src/packet/index.js';

const root = resolve(import.meta.dirname, '../..');
const folder = t.testdir();
execFileSync(process.execPath, [join(root, 'scripts/bundle.mjs'), folder]);

const load = (name: string): Promise<unknown> => import(pathToFileURL(join(folder, name)).href);
const bundled = {
  intent: (await load('intent.js')) as typeof intent,
  openflow: (await load('openflow.js')) as typeof openflow,
  packet: (await load('packet.js')) as typeof packet,
};

/** The files that loading `file` loads. */
function loadedBy(file: string, found = new Set<string>()): typeof found {
  if (found.has(file)) return found;
  found.add(file);
  for (const [, path = ''] of readFileSync(file, 'utf8').matchAll(/^(?:import|\}) .*?"(\.[^"]+)";$/gm))
    loadedBy(join(dirname(file), path), found);
  return found;
}

function thrownBy(work: () => unknown): unknown {
  try {
    return work();
  } catch (thrown) {
    return thrown;
  }
}

t.test('every entry exports what its sources do', t => {
  t.strictSame(Object.keys(bundled.intent), Object.keys(intent));
  t.strictSame(Object.keys(bundled.openflow), Object.keys(openflow));
  t.strictSame(Object.keys(bundled.packet), Object.keys(packet));
  t.end();
});

t.test('package.json names files of the bundle, and declarations that the build makes', t => {
  const { bin, exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    bin: Record<string, string>;
    exports: Record<string, string | { types: string; default: string }>;
  };
  const entries = Object.values(exports).filter(entry => typeof entry === 'object');
  t.equal(entries.length, Object.keys(bundled).length);
  for (const { types, default: file } of entries) {
    const source = types.replace('./dist/', '').replace('.d.ts', '.ts');
    t.ok(existsSync(join(root, source)), source);
    t.equal(file, `./dist/package/${basename(dirname(source))}.js`);
    t.ok(existsSync(join(folder, basename(file))), file);
  }
  t.strictSame(bin, { heddle: 'dist/package/main.js' });
  t.end();
});

t.test('all entries and the program share one class of errors', t => {
  const { openflow, packet } = bundled;
  t.ok(thrownBy(() => openflow.decode(new Uint8Array(3))) instanceof openflow.WireError);
  t.ok(thrownBy(() => packet.encodePacket({} as never)) instanceof openflow.WireError);
  const files = new Set(['main.js', 'openflow.js'].flatMap(name => [...loadedBy(join(folder, name))]));
  const having = [...files].filter(file => readFileSync(file, 'utf8').includes('WireError = class'));
  t.equal(having.length, 1, `one file has the class: ${having.join(', ')}`);
  t.end();
});

t.test('the codec is loaded from a few files', t => {
  const files = loadedBy(join(folder, 'openflow.js'));
  t.ok(files.size > 1 && files.size <= 8, `${files.size} files`);
  t.notOk(files.has(join(folder, 'main.js')), 'and not the program');
  t.end();
});

t.test('the program runs', t => {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  const said = execFileSync(process.execPath, [join(folder, 'main.js'), '--version'], { encoding: 'utf8' });
  t.equal(said.trim(), version);
  t.end();
});
