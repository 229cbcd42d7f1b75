/** Heddle itself, run in the lab's controller namespace as a user would run it. */
import { writeFile } from 'node:fs/promises';
import * as z from 'zod';
import { HeddleError } from '../src/lib/errors.js';
import type { Background, Exit } from './background.js';
import { compiled } from './compiled.js';
import type { Output } from './exec.js';
import type { Host } from './host.js';
import type { Lab } from './lab.js';
import { waitFor } from './wait.js';

export interface HeddleProcess {
  readonly file: string;
  readonly log: string;
  readonly exited: Promise<Exit>;
  readonly pid: number;
  /** Aborted when its lab goes down. */
  readonly goingDown: AbortSignal;
  /** `heddle ARGS…` beside it, such as `status`. */
  cli(...args: readonly string[]): Promise<Output>;
  /** `heddle status --json`. */
  status(): Promise<unknown>;
  logTail(lines?: number): Promise<string>;
  /** SIGTERM unless said. A lab that goes down does it by itself. */
  stop(signal?: NodeJS.Signals): Promise<Exit>;
}

/**
 * Writes the YAML into the lab's directory and starts `heddle run` on it; a second start appends to the log. Returns
 * as soon as the process runs: see `untilInSync`.
 */
export async function startHeddle(
  lab: Lab,
  yaml: string,
  ...args: readonly string[]
): Promise<HeddleProcess> {
  const file = `${lab.directory}/heddle.yaml`;
  const log = `${lab.directory}/heddle.log`;
  await writeFile(file, yaml);
  const heddle = [process.execPath, compiled('package/main.js')];
  const background: Background = await lab.controller.start([...heddle, 'run', ...args, file], { log });
  const stop = (signal: NodeJS.Signals = 'SIGTERM'): Promise<Exit> => background.stop(signal, 3_000);
  lab.cleanup.add('stop Heddle', () => stop());
  const cli = (...args: readonly string[]): Promise<Output> => lab.controller.run([...heddle, ...args]);
  return {
    file,
    log,
    pid: background.pid,
    exited: background.exited,
    goingDown: lab.goingDown,
    cli,
    status: () => statusOf(lab.controller),
    logTail: async (lines = 20) => (await lab.controller.run(['tail', '-n', String(lines), log])).stdout,
    stop,
  };
}

/** `heddle status --json` on Heddle's own host: what it says also while something is wrong, which is exit code 2. */
export async function statusOf(host: Host): Promise<unknown> {
  const argv = [process.execPath, compiled('package/main.js'), 'status', '--json'];
  return JSON.parse((await host.run(argv, { accept: [0, 2] })).stdout);
}

/** Fails as soon as Heddle ends: nothing that is waited for can come then. */
export async function whileRunning<T>(heddle: Pick<HeddleProcess, 'exited'>, work: Promise<T>): Promise<T> {
  const ended = heddle.exited.then(({ code, signal }): never => {
    throw new HeddleError('LAB_FAILED', `heddle run ended with ${code ?? signal ?? 'an unknown cause'}`);
  });
  ended.catch(() => undefined);
  return Promise.race([work, ended]);
}

const inSync = z.object({
  ok: z.literal(true),
  hypervisors: z.array(z.object({ state: z.literal('connected'), openflow: z.literal('in sync') })),
});

/** Waits until Heddle says that every hypervisor is connected and every switch holds what it should. */
export async function untilInSync(
  heddle: Pick<HeddleProcess, 'exited' | 'goingDown' | 'status'>,
  options: { readonly timeoutMs?: number } = {},
): Promise<void> {
  let last: unknown;
  const look = async (): Promise<boolean> => {
    last = await heddle.status();
    return inSync.safeParse(last).success;
  };
  const wait = { timeoutMs: options.timeoutMs ?? 30_000, intervalMs: 200, signal: heddle.goingDown };
  try {
    await whileRunning(heddle, waitFor('heddle status to say that all is well', look, wait));
  } catch (thrown) {
    const said = last === undefined ? '' : `\n${JSON.stringify(last, undefined, 2)}`;
    throw new HeddleError(
      'LAB_FAILED',
      `${thrown instanceof Error ? thrown.message : String(thrown)}${said}`,
    );
  }
}
