/** One of Open vSwitch's two daemons: started, ended, and started again, as a host's service manager would. */
import { HeddleError } from '../src/lib/errors.js';
import type { Host } from './host.js';
import { sendSignal } from './namespaces.js';

export interface DaemonSpec {
  readonly host: Host;
  readonly program: 'ovsdb-server' | 'ovs-vswitchd';
  /** Holds its pid file, its log and its control socket. */
  readonly directory: string;
  readonly env: Readonly<Record<string, string>>;
  readonly args: readonly string[];
}

export class Daemon {
  readonly #spec: DaemonSpec;

  constructor(spec: DaemonSpec) {
    this.#spec = spec;
  }

  get log(): string {
    return `${this.#spec.directory}/${this.#spec.program}.log`;
  }

  get #pidFile(): string {
    return `${this.#spec.directory}/${this.#spec.program}.pid`;
  }

  /**
   * Returns when it is ready: with --detach, the parent waits until the daemon serves (ovsdb-server(1)).
   *
   * @param more arguments, for this once
   */
  async start(...more: readonly string[]): Promise<void> {
    const { host, program, directory, env, args } = this.#spec;
    const ours = [
      '--detach',
      '--no-chdir',
      `--pidfile=${this.#pidFile}`,
      `--log-file=${this.log}`,
      `--unixctl=${directory}/${program}.ctl`,
      '-vconsole:off',
    ];
    await host.run([...firstInLine, program, ...args, ...ours, ...more], { env });
  }

  /** Its process id. @throws HeddleError LAB_FAILED when it does not run */
  async pid(): Promise<number> {
    const { host, program } = this.#spec;
    const { stdout } = await host.run(['cat', this.#pidFile], { accept: [0, 1] });
    const pid = Number.parseInt(stdout, 10);
    if (!Number.isInteger(pid) || pid <= 1) throw new HeddleError('LAB_FAILED', `${program} does not run`);
    return pid;
  }

  /** Sends the signal and waits until the process is gone. */
  async stop(signal: 'TERM' | 'KILL' = 'TERM'): Promise<void> {
    const pid = await this.pid();
    await sendSignal(this.#spec.host, pid, signal);
    await this.#spec.host.run(['sh', '-c', untilGone, 'sh', String(pid)], { timeoutMs: 10_000 });
    // What SIGKILL left would be taken for a running daemon's.
    await this.#spec.host.run(['rm', '-f', this.#pidFile]);
  }
}

/** As Open vSwitch's own start script gives it to both daemons (ovs-ctl(8)). Where that is not allowed, it goes on without. */
const firstInLine = ['nice', '-n', '-10'];

/** A process that nobody has waited for yet still has its number: a zombie is gone for our purposes. */
const untilGone =
  'while kill -0 "$1" 2>/dev/null && ! grep -qs "^State:.Z" "/proc/$1/status"; do sleep 0.01; done';
