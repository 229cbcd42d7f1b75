/** Runs programs against a dummy switch's bridge br0 through a wiretap, and keeps what was said under what was run. */
import { connect } from 'node:net';
import { join } from 'node:path';
import { FrameSplitter } from '../../src/openflow/index.js';
import { start } from '../background.js';
import { run } from '../exec.js';
import { waitFor } from '../wait.js';
import type { DummySwitch } from './dummy-switch.js';
import type { Exchange } from './recording.js';
import { Wiretap } from './wiretap.js';

const protocol = ['-O', 'OpenFlow13'] as const;

/** An ovs-ofctl that goes on, as `monitor` does. */
export interface Monitor {
  /** Lets it send frames, in hex, as it would its own. */
  send(what: string, ...frames: readonly string[]): Promise<void>;
}

export class Recorder {
  readonly vswitch: DummySwitch;
  readonly #tap: Wiretap;
  readonly #exchanges: Exchange[] = [];
  #monitors = 0;

  private constructor(vswitch: DummySwitch, tap: Wiretap) {
    this.vswitch = vswitch;
    this.#tap = tap;
  }

  /** The bridge br0 must be there. */
  static async on(vswitch: DummySwitch): Promise<Recorder> {
    const { directory } = vswitch;
    const tap = await Wiretap.open({
      listen: { path: join(directory, 'br0.tap') },
      onward: { path: join(directory, 'br0.mgmt') },
      accepts: 'controller',
    });
    return new Recorder(vswitch, tap);
  }

  /** Those since the last call. */
  take(): Exchange[] {
    return this.#exchanges.splice(0);
  }

  /** Keeps frames that were noted elsewhere. */
  add(exchange: Exchange): void {
    this.#exchanges.push(exchange);
  }

  /** Runs ovs-ofctl, whose `br0` is the tapped bridge. What the switch refuses is recorded like everything else. */
  async ofctl(...args: readonly string[]): Promise<void> {
    await this.#ofctl(args, undefined);
  }

  /** As `ofctl`, with `input` for the file `-`. */
  async ofctlWith(input: string, ...args: readonly string[]): Promise<void> {
    await this.#ofctl(args, input);
  }

  async #ofctl(args: readonly string[], input: string | undefined): Promise<void> {
    const lines = input === undefined ? '' : ` <<< ${JSON.stringify(input.trim())}`;
    await this.#keep(`${titleOf(args)}${lines}`, async () => {
      const argv = ['ovs-ofctl', ...protocol, '--timeout=10', ...args.map(this.#real)];
      const { env } = this.vswitch;
      await run(argv, { accept: [0, 1], env, ...(input === undefined ? {} : { input }) });
    });
  }

  /** Sends frames of our own, in hex, after a hello and before a barrier, and keeps what is answered. */
  async raw(what: string, ...frames: readonly string[]): Promise<void> {
    await this.#keep(`raw ${what}`, async () => {
      const socket = connect(this.#tap.place);
      const splitter = new FrameSplitter();
      const barrierReply = 21;
      const answered = new Promise<void>((resolve, reject) => {
        socket.on('data', (chunk: Buffer) => {
          for (const frame of splitter.push(chunk)) if (frame[1] === barrierReply) resolve();
        });
        socket.on('error', reject);
        socket.on('close', () => resolve()); // a frame that the switch hangs up on
      });
      for (const frame of [hello, ...frames, barrier]) socket.write(unspaced(frame), 'hex');
      await answered;
      socket.destroy();
    });
  }

  /** Does something that is no command of ovs-ofctl: what the open monitors are sent is kept with it. */
  async during(what: string, act: () => Promise<unknown>): Promise<void> {
    await this.#keep(what, act);
  }

  /** Lets a packet in at a port. */
  async receive(port: string, packet: string): Promise<void> {
    await this.during(`receive ${port} ${packet}`, () =>
      this.vswitch.appctl('ovs-vswitchd', 'netdev-dummy/receive', port, packet),
    );
  }

  /** Starts `ovs-ofctl monitor`, and ends it after `during`; monitors may stand in one another. */
  async monitor(args: readonly string[], during: (monitor: Monitor) => Promise<void>): Promise<void> {
    const { vswitch } = this;
    const target = `monitor${++this.#monitors}`;
    await this.#keep(`${titleOf(args)} ends`, async () => {
      const control = `--unixctl=${join(vswitch.directory, `${target}.ctl`)}`;
      const argv = ['ovs-ofctl', ...protocol, control, ...args.map(this.#real)];
      const program = await start(argv, { env: vswitch.env });
      try {
        await this.during(titleOf(args), () =>
          waitFor('ovs-ofctl monitor', () => vswitch.appctl(target, 'version'), { intervalMs: 20 }),
        );
        await during({
          send: (what, ...frames) =>
            this.during(`ofctl/send ${what}`, () =>
              vswitch.appctl(target, 'ofctl/send', ...frames.map(unspaced)),
            ),
        });
      } finally {
        await program.stop('SIGTERM');
      }
    });
  }

  async close(): Promise<void> {
    await this.#tap.close();
  }

  readonly #real = (arg: string): string => (arg === 'br0' ? `unix:${this.vswitch.directory}/br0.tap` : arg);

  /** Keeps what is said from now on until `act` is done, its connection closed, and the monitors have heard all. */
  async #keep(title: string, act: () => Promise<unknown>): Promise<void> {
    const open = this.#tap.connections;
    await act();
    if (open > 0 || this.#tap.connections > 0) await this.#tap.quiet();
    this.add({ title, frames: this.#tap.take() });
  }
}

const titleOf = (args: readonly string[]): string => `ovs-ofctl ${args.map(quoted).join(' ')}`;

const quoted = (word: string): string => (/^[\w.,:=/-]+$/.test(word) ? word : `'${word}'`);

const unspaced = (digits: string): string => digits.replaceAll(/[\s|]/g, '');

const hello = '0400 0010 00000001 | 0001 0008 00000010';
const barrier = '0414 0008 0000ffff';
