/** Commands as a person runs them: what they print, and how they end. */
import type { Test } from 'tap';
import { main } from '../../src/cli/program.js';

/** What a function prints. */
export async function printed<T>(
  t: Test,
  run: () => Promise<T>,
): Promise<{ result: T; out: string; err: string }> {
  const [out, err] = [t.capture(console, 'log'), t.capture(console, 'error')];
  try {
    const result = await run();
    const texts = (of: typeof out): string =>
      of()
        .map(({ args }) => args.join(' '))
        .join('\n');
    return { result, out: texts(out), err: texts(err) };
  } finally {
    out.restore();
    err.restore();
  }
}

/** Runs a whole command line. */
export async function heddle(t: Test, ...args: readonly string[]) {
  const { exitCode } = process;
  process.exitCode = undefined;
  try {
    const { out, err } = await printed(t, () => main(['node', 'heddle', ...args]));
    return { out, err, code: process.exitCode as number | undefined };
  } finally {
    process.exitCode = exitCode;
  }
}
