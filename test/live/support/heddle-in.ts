/** Heddle as a user runs it, in any namespace: what it says, and how it ends. */
import type { Exit } from '../../../lab/background.js';
import { compiled } from '../../../lab/compiled.js';
import type { Output } from '../../../lab/exec.js';
import type { Host } from '../../../lab/host.js';
import { waitFor } from '../../../lab/wait.js';
import type { MacStatus, MacTable } from '../../../src/controller/mac-status.js';
import type { Status } from '../../../src/controller/status.js';
import { ask } from './door.js';

export interface RunningHeddle {
  readonly pid: number;
  readonly exited: Promise<Exit>;
  /** All that it has written so far, line by line. */
  readonly stdout: readonly string[];
  readonly stderr: readonly string[];
  /** Waits for a line of its log that this pattern matches: told as it stands, JSON in a pipe. */
  untilSaid(pattern: RegExp, timeoutMs?: number): Promise<string>;
  /** SIGTERM unless said. */
  stop(signal?: NodeJS.Signals): Promise<Exit>;
}

const program = (): string[] => [process.execPath, compiled('package/main.js')];

/** `heddle ARGS…` to its end. */
export const heddle = (host: Host, ...args: readonly string[]): Promise<Output> =>
  host.run([...program(), ...args], { accept: [0, 1, 2] });

/** Starts `heddle run ARGS…` and waits until it listens. */
export async function startHeddleIn(host: Host, ...args: readonly string[]): Promise<RunningHeddle> {
  const stdout: string[] = [];
  const stderr: string[] = [];
  const started = await host.start([...program(), 'run', ...args], {
    onLine: (line, from) => void (from === 'stdout' ? stdout : stderr).push(line),
  });
  const untilSaid = (pattern: RegExp, timeoutMs = 10_000): Promise<string> =>
    waitFor(
      `Heddle to say ${pattern}`,
      () => {
        const line = stdout.find(said => pattern.test(said));
        if (line === undefined && stderr.length > 0) throw new Error(stderr.join('\n'));
        return line;
      },
      { timeoutMs, intervalMs: 20 },
    );
  await untilSaid(/listens for switches/);
  const { pid, exited } = started;
  return { pid, exited, stdout, stderr, untilSaid, stop: signal => started.stop(signal, 3_000) };
}

/** What `heddle status --json` prints, asked through an open door: a new process for each look would cost too much. */
export const statusOf = async (api: string): Promise<Status> =>
  JSON.parse((await ask(api, 'GET', '/v1/status', { host: 'localhost' })).body) as Status;

/** What `heddle macs --json` prints. */
export const macsOf = async (api: string): Promise<readonly MacStatus[]> =>
  (JSON.parse((await ask(api, 'GET', '/v1/macs', { host: 'localhost' })).body) as MacTable).macs;

/** Waits until so many switches hold what they should. */
export const untilInSync = (api: string, switches = 1): Promise<Status> =>
  waitFor(`${switches} switches in sync`, async () => {
    const status = await statusOf(api);
    const inSync = status.switches.filter(({ state }) => state === 'in sync').length;
    return inSync === switches && status;
  });
