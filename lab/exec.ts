/** Runs one program to its end: an argument vector and never a shell's text, with bounded time and output. */
import { execFile, type ExecFileException } from 'node:child_process';
import { HeddleError } from '../src/lib/errors.js';

export interface RunOptions {
  /** Written to standard input, which is then closed. */
  readonly input?: string;
  /** Milliseconds after which the program is killed; 30,000 unless said. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** Added to the environment that this process has. */
  readonly env?: Readonly<Record<string, string>>;
  /** Exit codes that are an answer and no failure; only 0 unless said. */
  readonly accept?: readonly number[];
}

export interface Output {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number;
}

/** A program that could not be started, ended with a code that is not accepted, or was killed. */
export class CommandError extends HeddleError {
  readonly argv: readonly string[];
  /** What became of it, in words. */
  readonly why: string;
  /** The exit code; undefined when the program was killed or never started. */
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;

  constructor(
    argv: readonly string[],
    why: string,
    exitCode: number | undefined,
    output: Omit<Output, 'code'>,
  ) {
    const said = output.stderr.trim() || output.stdout.trim();
    super('COMMAND_FAILED', `${argv.join(' ')}: ${why}${said === '' ? '' : `: ${said}`}`);
    this.argv = argv;
    this.why = why;
    this.exitCode = exitCode;
    this.stdout = output.stdout;
    this.stderr = output.stderr;
  }
}

const defaultTimeoutMs = 30_000;
/** A dump of 100,000 flows has about 20 MB; what is larger than this is a mistake. */
const maxOutput = 64 * 1024 * 1024;

/** Resolves with what the program printed. @throws CommandError */
export function run(argv: readonly string[], options: RunOptions = {}): Promise<Output> {
  const [file, ...args] = argv;
  if (file === undefined)
    return Promise.reject(new CommandError(argv, 'no program named', undefined, nothing));
  const timeoutMs = options.timeoutMs ?? defaultTimeoutMs;
  return new Promise((resolve, reject) => {
    const child = execFile(
      file,
      args,
      {
        env: { ...process.env, ...options.env },
        timeout: timeoutMs,
        killSignal: 'SIGKILL',
        maxBuffer: maxOutput,
        ...(options.signal ? { signal: options.signal } : {}),
      },
      (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : undefined;
        if (code !== undefined && (options.accept ?? [0]).includes(code)) resolve({ stdout, stderr, code });
        else reject(new CommandError(argv, reasonOf(error, timeoutMs), code, { stdout, stderr }));
      },
    );
    // A program that ends without reading its input closes the pipe; its exit code tells the story.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(options.input ?? '');
  });
}

const nothing = { stdout: '', stderr: '' };

function reasonOf(error: ExecFileException | null, timeoutMs: number): string {
  if (error === null) return 'exit code 0';
  if (typeof error.code === 'number') return `exit code ${error.code}`;
  // With folders in PATH that this user may not read, a program that is nowhere is reported as EACCES (execvp(3)).
  if (error.code === 'ENOENT' || error.code === 'EACCES') return 'not found, or not to be run by this user';
  if (error.code === 'ABORT_ERR') return 'interrupted';
  if (typeof error.code === 'string') return error.code;
  if (error.killed === true) return `killed after ${timeoutMs} ms`;
  return `ended by ${error.signal ?? 'an unknown cause'}`;
}
