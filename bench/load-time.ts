/**
 * How long `import 'heddle/openflow'` takes in a process of its own: as it is published, in a few files (ADR 6), beside
 * the same from its separate files, and beside as many empty files that import each other in the same way, since what
 * Node needs to find and link so many modules is no work of ours. By turns in one run.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type BenchResult, format, median, rangeOf } from './result.js';

const starts = 20;
const published = 'heddle/openflow';
const source = fileURLToPath(new URL('../src', import.meta.url));
const entry = join(source, 'openflow/index.js');

/** The modules that `entry` loads, each with those that it imports by a relative path. */
function modulesOf(file: string, found = new Map<string, readonly string[]>()): typeof found {
  if (found.has(file)) return found;
  const imports = [
    ...readFileSync(file, 'utf8').matchAll(/^(?:import|export|\}) .*?(?:'(\.[^']+)'|"(\.[^"]+)");$/gm),
  ];
  const paths = imports.map(([, single, double]) => resolve(dirname(file), single ?? double ?? ''));
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

const url = (file: string): string => pathToFileURL(file).href;

/** Milliseconds that the import of `module` takes in a new process. */
function importTime(module: string): number {
  const script = `const begin = performance.now(); await import(${JSON.stringify(module)}); console.log(performance.now() - begin);`;
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    cwd: source, // where the package's own name leads to the package
    encoding: 'utf8',
  });
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
    const bundled = modulesOf(fileURLToPath(import.meta.resolve(published)));
    writeEmpty(modules, directory);
    const empty = join(directory, relative(source, entry));
    const rounds = Array.from({ length: starts }, () => ({
      ours: importTime(published),
      files: importTime(url(entry)),
      empty: importTime(url(empty)),
      bare: startTime(),
    }));
    const row = (name: string, of: keyof (typeof rounds)[number]) => ({
      name,
      unit: 'ms',
      ...rangeOf(rounds.map(round => round[of])),
    });
    return Promise.resolve({
      name: 'load-time',
      what: `import '${published}' in ${starts} new processes`,
      rows: [
        row(`as published, ${bundled.size} files`, 'ours'),
        row(`from ${modules.size} separate files`, 'files'),
        row(`from ${modules.size} empty files`, 'empty'),
        row("node -e '', start to end", 'bare'),
      ],
      ratios: [
        {
          name: 'time published / separate files',
          value: median(rounds.map(one => one.ours / one.files)),
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
