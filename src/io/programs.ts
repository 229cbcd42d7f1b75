import { spawn } from 'node:child_process';
import { messageOf } from '../lib/errors.js';

/** More than this is cut. Characters. */
const mostOutput = 4 * 1024 * 1024;

export interface ProgramEnd {
  /** Left out where a signal ended it, or it could not be started. */
  readonly code?: number;
  readonly stdout: string;
  /** What it said on its standard error, or why it could not be started. */
  readonly stderr: string;
}

export interface RunningProgram {
  readonly ended: Promise<ProgramEnd>;
  stop(): void;
}

/**
 * Runs a program, with no shell.
 *
 * @param argv the program and its arguments
 * @param timeout milliseconds after which it is stopped
 * @param onOutput told of what it says on its standard output, as it comes
 */
export function startProgram(
  [program = '', ...args]: readonly string[],
  timeout: number,
  onOutput: (text: string) => void = () => undefined,
): RunningProgram {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], timeout, killSignal: 'SIGKILL' });
  const said = { stdout: '', stderr: '' };
  const hear = (from: 'stdout' | 'stderr') => (chunk: string) => {
    if (said[from].length < mostOutput) said[from] += chunk;
    if (from === 'stdout') onOutput(chunk);
  };
  child.stdout.setEncoding('utf8').on('data', hear('stdout'));
  child.stderr.setEncoding('utf8').on('data', hear('stderr'));
  const ended = new Promise<ProgramEnd>(resolve => {
    child.on('error', error => {
      resolve({ ...said, stderr: messageOf(error) });
    });
    child.on('close', code => {
      resolve({ ...said, ...(code !== null && { code }) });
    });
  });
  return { ended, stop: () => child.kill('SIGKILL') };
}
