/** The bundle has all that the sources export, each once, and its program runs. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
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

t.test('it loads no package at its start, and has their licences', t => {
  const files = readdirSync(folder).filter(name => name.endsWith('.js'));
  const named = files.flatMap(name => [
    ...readFileSync(join(folder, name), 'utf8').matchAll(
      /^(?:import|export|\}) (?:.* from )?"([^".][^"]*)";$/gm,
    ),
  ]);
  t.strictSame(
    [...new Set(named.map(([, module = '']) => module))].filter(module => !module.startsWith('node:')),
    [],
  );
  t.ok(named.length > 0);
  const licences = readFileSync(join(folder, 'LICENSES.txt'), 'utf8');
  for (const name of ['zod', 'yaml', 'pino', 'commander', 'hono', '@hono/node-server'])
    t.match(licences, new RegExp(`^${name} [0-9.]+ \\(`, 'm'));
  t.end();
});

t.test('of zod it has what is used: `import { z }` anywhere would bring all of it', t => {
  const texts = readdirSync(folder)
    .filter(name => name.endsWith('.js'))
    .map(name => readFileSync(join(folder, name), 'utf8'));
  const languages = texts.flatMap(text => [
    ...text.matchAll(/^\/\/ node_modules\/zod\/.*\/locales\/(.*)\.js$/gm),
  ]);
  t.strictSame(
    languages.map(([, language]) => language),
    ['en'],
  );
  t.end();
});

t.test('mistakes are told by the zod in it, and by the one that an app of a user brings', t => {
  const file = join(folder, 'bad.yaml');
  const app = join(root, 'examples/apps/block-list.js');
  writeFileSync(file, `networks: { blue: { vni: "5000" } }\napps:\n  - ${app}: { macs: 3, mac: [] }\n`);
  const { status, stderr } = spawnSync(process.execPath, [join(folder, 'main.js'), 'check', file], {
    encoding: 'utf8',
  });
  t.equal(status, 1);
  t.match(stderr, /found "5000", expected a whole number from 1 to 16777215; did you mean 5000/);
  t.match(stderr, /macs: found 3, expected a list of MAC addresses/);
  t.match(stderr, /mac: unknown key, expected one of macs/);
  t.end();
});
