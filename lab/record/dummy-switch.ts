/**
 * Open vSwitch with no network at all: its own ovsdb-server and ovs-vswitchd in a directory of their own, the dummy
 * datapath, and a clock that stands still unless asked. Needs no root.
 */
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { start, type Background } from '../background.js';
import { run, type Output } from '../exec.js';
import { waitFor } from '../wait.js';

const schema = '/usr/share/openvswitch/vswitch.ovsschema';

/** Why there can be none here, or undefined. */
export async function whyNoSwitch(): Promise<string | undefined> {
  for (const program of ['ovs-vswitchd', 'ovsdb-server', 'ovs-ofctl', 'ovs-appctl'])
    try {
      await run([program, '--version']);
    } catch {
      return `${program} is not on PATH`;
    }
  return existsSync(schema) ? undefined : `${schema} is not installed`;
}

export class DummySwitch {
  readonly directory: string;
  readonly #daemons: Background[] = [];

  private constructor(directory: string) {
    this.directory = directory;
  }

  /**
   * @param clock `runs`: it goes as any other
   * @throws CommandError, HeddleError LAB_FAILED where a daemon does not start
   */
  static async start(clock: 'stands' | 'runs' = 'stands'): Promise<DummySwitch> {
    const vswitch = new DummySwitch(await mkdtemp(join(tmpdir(), 'heddle-record-')));
    try {
      await vswitch.#startDaemons();
      if (clock === 'stands') await vswitch.appctl('ovs-vswitchd', 'time/stop');
    } catch (thrown) {
      await vswitch.stop();
      throw thrown;
    }
    return vswitch;
  }

  /** As `3.1.0`. */
  async version(): Promise<string> {
    const { stdout } = await run(['ovs-vswitchd', '--version']);
    return /\d+\.\d+\.\d+/.exec(stdout)?.[0] ?? 'unknown';
  }

  readonly vsctl = (...args: readonly string[]): Promise<Output> =>
    run(['ovs-vsctl', `--db=unix:${this.directory}/db.sock`, '--timeout=10', ...args], { env: this.env });

  /** Asks ovs-vswitchd, or another program that listens on a socket of this name. */
  appctl(target: string, ...args: readonly string[]): Promise<Output> {
    return run(['ovs-appctl', '-t', `${this.directory}/${target}.ctl`, ...args], { env: this.env });
  }

  /** Lets the switch's clock go on by this many milliseconds. */
  async warp(ms: number): Promise<void> {
    await this.appctl('ovs-vswitchd', 'time/warp', String(ms), '100');
  }

  get env(): Readonly<Record<string, string>> {
    return {
      OVS_RUNDIR: this.directory,
      OVS_LOGDIR: this.directory,
      OVS_DBDIR: this.directory,
      OVS_SYSCONFDIR: this.directory,
    };
  }

  /** Ends both daemons and removes the directory. */
  async stop(): Promise<void> {
    for (const daemon of this.#daemons.reverse()) await daemon.stop('SIGTERM');
    await rm(this.directory, { recursive: true, force: true });
  }

  async #startDaemons(): Promise<void> {
    const { directory } = this;
    const database = join(directory, 'conf.db');
    await run(['ovsdb-tool', 'create', database, schema]);
    await this.#daemon('ovsdb-server', `--remote=punix:${directory}/db.sock`, database);
    await run(['ovs-vsctl', `--db=unix:${directory}/db.sock`, '--no-wait', '--timeout=10', 'init']);
    const dummy = ['--enable-dummy', '--disable-system', '--disable-system-route'];
    await this.#daemon('ovs-vswitchd', ...dummy, `unix:${directory}/db.sock`);
  }

  async #daemon(program: string, ...args: readonly string[]): Promise<void> {
    const control = join(this.directory, `${program}.ctl`);
    const argv = [program, `--unixctl=${control}`, '--no-chdir', '-vconsole:off', ...args];
    this.#daemons.push(await start(argv, { env: this.env, log: join(this.directory, `${program}.out`) }));
    await waitFor(`${program}'s control socket`, () => this.appctl(program, 'version'), { intervalMs: 20 });
  }
}
