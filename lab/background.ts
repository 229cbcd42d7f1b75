/** A program that goes on until it is stopped: its lines as they come, and its end. */
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { CommandError } from './exec.js';

export interface StartOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** A file that standard output and standard error are appended to; `onLine` then sees nothing. */
  readonly log?: string;
  readonly onLine?: (line: string, from: 'stdout' | 'stderr') => void;
}

export interface Exit {
  readonly code: number | undefined;
  readonly signal: string | undefined;
}

export interface Background {
  readonly pid: number;
  /** Resolves when the program has ended, however it did. */
  readonly exited: Promise<Exit>;
  write(text: string): void;
  /** Sends the signal (SIGTERM unless said), and SIGKILL when the program still runs after `graceMs`. */
  stop(signal?: NodeJS.Signals, graceMs?: number): Promise<Exit>;
}

/**
 * Starts a program in a session of its own, so that Ctrl-C at the terminal reaches only the lab, which then takes
 * everything down in its own order. @throws CommandError when it cannot be started
 */
export async function start(argv: readonly string[], options: StartOptions = {}): Promise<Background> {
  const [file, ...args] = argv;
  const log = options.log === undefined ? undefined : openSync(options.log, 'a', 0o600);
  try {
    const child = spawn(file ?? '', args, {
      detached: true,
      env: { ...process.env, ...options.env },
      stdio: log === undefined ? 'pipe' : ['ignore', log, log],
    });
    const exited = exitOf(child);
    await spawned(child, argv);
    const pid = child.pid;
    if (pid === undefined)
      throw new CommandError(argv, 'has no process id', undefined, { stdout: '', stderr: '' });
    readLines(child, options);
    // A program that logs to a file may outlive the lab (--keep), so it must not hold the event loop.
    if (log !== undefined) child.unref();
    return { pid, exited, write: text => void child.stdin?.write(text), stop: stopper(child, exited) };
  } finally {
    if (log !== undefined) closeSync(log);
  }
}

const exitOf = (child: ChildProcess): Promise<Exit> =>
  new Promise(resolve => {
    child.once('exit', (code, signal) => resolve({ code: code ?? undefined, signal: signal ?? undefined }));
    child.once('error', () => resolve({ code: undefined, signal: undefined }));
  });

const spawned = (child: ChildProcess, argv: readonly string[]): Promise<void> =>
  new Promise((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', error =>
      reject(new CommandError(argv, error.message, undefined, { stdout: '', stderr: '' })),
    );
  });

function readLines(child: ChildProcess, options: StartOptions): void {
  // A reader is needed even when nobody listens: a full pipe would stop the program.
  for (const from of ['stdout', 'stderr'] as const) {
    const stream = child[from];
    if (stream) createInterface({ input: stream }).on('line', line => options.onLine?.(line, from));
  }
  child.stdin?.on('error', () => undefined);
}

function stopper(child: ChildProcess, exited: Promise<Exit>): Background['stop'] {
  return async (signal = 'SIGTERM', graceMs = 2_000) => {
    if (child.exitCode !== null || child.signalCode !== null) return exited;
    child.ref();
    child.kill(signal);
    const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
    try {
      return await exited;
    } finally {
      clearTimeout(timer);
    }
  };
}
