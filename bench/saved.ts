/** Results in files: bench/results has one for each benchmark, as the machine that they were made on gave them. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, release } from 'node:os';
import { join } from 'node:path';
import { projectRoot } from '../lab/compiled.js';
import { peers } from './peers/controllers.js';
import type { BenchResult } from './result.js';

/** What there is to know of a run, and nothing that names the machine or its files. */
export interface SavedResult {
  readonly machine: {
    readonly cpu: string;
    readonly cores: number;
    readonly kernel: string;
    /** How many processes wanted a core in the minute before: above 0.1 or so, others were at work. */
    readonly load: number;
  };
  /** Of Node.js and the peers that are installed. */
  readonly versions: Readonly<Record<string, string>>;
  /** What was measured; with `+` where files had been changed since. */
  readonly commit: string;
  readonly result: BenchResult;
}

export const resultsFolder = (): string => join(projectRoot(), 'bench/results');

const fileOf = (name: string, folder: string): string => join(folder, `${name}.json`);

const git = (...args: readonly string[]): string | undefined => {
  try {
    return execFileSync('git', args, { cwd: projectRoot(), encoding: 'utf8', stdio: 'pipe' }).trim();
  } catch {
    return undefined; // a package with no repository around it
  }
};

/** To be asked before the run, which makes load of its own. */
export function describeRun(): Omit<SavedResult, 'result'> {
  const changed = git(
    'status',
    '--porcelain',
    '--untracked-files=no',
    '--',
    '.',
    ':!bench/results',
    ':!docs',
  );
  const installed = peers.flatMap(({ name, debian, version }): [string, string][] => {
    const its = debian === undefined ? undefined : version();
    return its === undefined ? [] : [[name, its]];
  });
  return {
    machine: {
      cpu: cpus()[0]?.model.replace(/\s+/g, ' ').trim() ?? 'unknown',
      cores: cpus().length,
      kernel: /^[\d.]+/.exec(release())?.[0] ?? 'unknown', // what follows is of who built it
      load: Number((loadavg()[0] ?? 0).toFixed(1)),
    },
    versions: { node: process.version, ...Object.fromEntries(installed) },
    commit: `${git('rev-parse', '--short', 'HEAD') ?? 'unknown'}${changed === '' || changed === undefined ? '' : '+'}`,
  };
}

export function save(saved: SavedResult, folder = resultsFolder()): void {
  mkdirSync(folder, { recursive: true });
  // Four digits are more than a second run would give again.
  const short = (_key: string, value: unknown): unknown =>
    typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(4)) : value;
  writeFileSync(fileOf(saved.result.name, folder), `${JSON.stringify(saved, short, 2)}\n`);
}

/** @returns undefined where none was saved */
export function savedResult(name: string, folder = resultsFolder()): SavedResult | undefined {
  const file = fileOf(name, folder);
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as SavedResult) : undefined;
}

export const savedNames = (folder = resultsFolder()): readonly string[] =>
  existsSync(folder)
    ? readdirSync(folder)
        .filter(file => file.endsWith('.json'))
        .map(file => file.slice(0, -'.json'.length))
        .sort()
    : [];
