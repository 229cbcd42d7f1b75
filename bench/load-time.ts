/**
 * How long `import 'heddle/openflow'` takes in a process of its own, beside a package of as many empty files that import
 * each other in the same way: what Node needs to find and link so many modules is no work of ours. By turns in one run.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type BenchResult, format, median, rangeOf } from './result.js';

const starts = 20;
const source = fileURLToPath(new URL('../src', import.meta.url));
const entry = join(source, 'openflow/index.js');

/** The modules that `entry` loads, each with those that it imports by a relative path. */
function modulesOf(file: string, found = new Map<string, readonly string[]>()): typeof found {
  if (found.has(file)) return found;
  const imports = [...readFileSync(file, 'utf8').matchAll(/^(?:import|export|\}) .*?from '(\.[^']+)';$/gm)];
  const paths = imports.map(([, path]) => resolve(dirname(file), path ?? ''));
  found.set(file, paths);
  for (const path of paths) modulesOf(path, found);
  return found;
}

/** Writes the same modules with nothing in them but their imports. */
function writeEmpty(modules: ReadonlyMap<string, readonly string[]>, to: string): void {
  writeFileSync(join(to, 'package.json'), '{ "type": "module" }');
  for (const [file, imports] of modules) {
    const at = join(to, relative(source, file));
    const specifiers = imports.map(path => relative(dirname(file), path));
    mkdirSync(dirname(at), { recursive: true });
    writeFileSync(
      at,
      specifiers.map(path => `import '${path.startsWith('.') ? path : `./${path}`}';\n`).join(''),
    );
  }
}

/** Milliseconds that the import of `file` takes in a new process. */
function importTime(file: string): number {
  const script = `const begin = performance.now(); await import(${JSON.stringify(pathToFileURL(file).href)}); console.log(performance.now() - begin);`;
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
  return Number(stdout);
}

/** Milliseconds from the start to the end of a process that does nothing. */
function startTime(): number {
  const begin = performance.now();
  spawnSync(process.execPath, ['-e', '']);
  return performance.now() - begin;
}

/** Takes about 10 seconds. */
export function run(): Promise<BenchResult> {
  const directory = mkdtempSync(join(tmpdir(), 'load-time-'));
  try {
    const modules = modulesOf(entry);
    writeEmpty(modules, directory);
    const empty = join(directory, relative(source, entry));
    const rounds = Array.from({ length: starts }, () => ({
      ours: importTime(entry),
      empty: importTime(empty),
      bare: startTime(),
    }));
    const row = (name: string, values: readonly number[]) => ({ name, unit: 'ms', ...rangeOf(values) });
    return Promise.resolve({
      name: 'load-time',
      what: `import 'heddle/openflow', ${modules.size} files, in ${starts} new processes`,
      rows: [
        row(
          "import 'heddle/openflow'",
          rounds.map(({ ours }) => ours),
        ),
        row(
          `import ${modules.size} empty files`,
          rounds.map(one => one.empty),
        ),
        row(
          'the difference',
          rounds.map(one => one.ours - one.empty),
        ),
        row(
          "node -e '', start to end",
          rounds.map(({ bare }) => bare),
        ),
      ],
      ratios: [
        {
          name: 'time heddle/openflow / empty files',
          value: median(rounds.map(one => one.ours / one.empty)),
        },
      ],
    });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const result = await run();
  console.log(process.argv.includes('--json') ? JSON.stringify(result) : format(result));
}
