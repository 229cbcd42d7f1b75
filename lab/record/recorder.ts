/** Runs programs against a dummy switch's bridge br0 through a wiretap, and keeps what was said under what was run. */
import { join } from 'node:path';
import { start } from '../background.js';
import { run, type Output } from '../exec.js';
import { waitFor } from '../wait.js';
import type { DummySwitch } from './dummy-switch.js';
import type { Exchange } from './recording.js';
import { Wiretap } from './wiretap.js';

const protocol = ['-O', 'OpenFlow13'] as const;

/** An ovs-ofctl that goes on, as `monitor` does. */
export interface Monitor {
  /** Lets it send frames, in hex, as it would its own. */
  send(...frames: readonly string[]): Promise<void>;
  /** Waits until the switch has answered all that was sent. */
  barrier(): Promise<void>;
}

export class Recorder {
  readonly vswitch: DummySwitch;
  readonly #tap: Wiretap;
  readonly #snoopTap: Wiretap;
  readonly #exchanges: Exchange[] = [];

  private constructor(vswitch: DummySwitch, tap: Wiretap, snoopTap: Wiretap) {
    this.vswitch = vswitch;
    this.#tap = tap;
    this.#snoopTap = snoopTap;
  }

  /** The bridge br0 must be there. */
  static async on(vswitch: DummySwitch): Promise<Recorder> {
    const tapOf = (name: string): Promise<Wiretap> =>
      Wiretap.open({
        listen: { path: join(vswitch.directory, `${name}.tap`) },
        onward: { path: join(vswitch.directory, `br0.${name}`) },
        accepts: 'controller',
      });
    return new Recorder(vswitch, await tapOf('mgmt'), await tapOf('snoop'));
  }

  /** Those since the last call. */
  take(): Exchange[] {
    return this.#exchanges.splice(0);
  }

  /** Keeps frames that were noted elsewhere. */
  add(exchange: Exchange): void {
    this.#exchanges.push(exchange);
  }

  /** The bridge as an argument of ovs-ofctl. */
  get bridge(): string {
    return `unix:${this.vswitch.directory}/mgmt.tap`;
  }

  get snooped(): string {
    return `unix:${this.vswitch.directory}/snoop.tap`;
  }

  /** Runs ovs-ofctl, whose `br0` is the tapped bridge. What the switch refuses is recorded like everything else. */
  async ofctl(...args: readonly string[]): Promise<Output> {
    return this.#ofctl(args, undefined);
  }

  /** As `ofctl`, with `input` for the file `-`. */
  async ofctlWith(input: string, ...args: readonly string[]): Promise<Output> {
    return this.#ofctl(args, input);
  }

  async #ofctl(args: readonly string[], input: string | undefined): Promise<Output> {
    const argv = [
      'ovs-ofctl',
      ...protocol,
      '--timeout=10',
      ...args.map(one => (one === 'br0' ? this.bridge : one)),
    ];
    const output = await run(argv, {
      accept: [0, 1],
      env: this.vswitch.env,
      ...(input === undefined ? {} : { input }),
    });
    const lines = input === undefined ? '' : ` <<< ${JSON.stringify(input.trim())}`;
    await this.#keep(`ovs-ofctl ${args.map(quoted).join(' ')}${lines}`);
    return output;
  }

  /** Starts `ovs-ofctl monitor` or `snoop`, and ends it after `during`. */
  async monitor(args: readonly string[], during: (monitor: Monitor) => Promise<void>): Promise<void> {
    const { vswitch } = this;
    const target = 'monitor';
    const control = join(vswitch.directory, `${target}.ctl`);
    const real = args.map(one => (one === 'br0' ? this.bridge : one === 'br0.snoop' ? this.snooped : one));
    const program = await start(['ovs-ofctl', ...protocol, `--unixctl=${control}`, ...real], {
      env: vswitch.env,
    });
    try {
      await waitFor('ovs-ofctl monitor', () => vswitch.appctl(target, 'version'), { intervalMs: 20 });
      await this.#quiet();
      await during({
        send: async (...frames) => {
          await vswitch.appctl(target, 'ofctl/send', ...frames.map(frame => frame.replaceAll(/[\s|]/g, '')));
        },
        barrier: async () => {
          await vswitch.appctl(target, 'ofctl/barrier');
        },
      });
      await this.#quiet();
    } finally {
      await program.stop('SIGTERM');
    }
    await this.#keep(`ovs-ofctl ${args.map(quoted).join(' ')}`);
  }

  async close(): Promise<void> {
    await this.#tap.close();
    await this.#snoopTap.close();
  }

  /** Waits until no frame comes any more: what a monitor is sent has no end that could be waited for. */
  async #quiet(): Promise<void> {
    let before = -1;
    await waitFor(
      'silence',
      () => {
        const now = this.#tap.count + this.#snoopTap.count;
        const isQuiet = now === before;
        before = now;
        return isQuiet;
      },
      { intervalMs: 60 },
    );
  }

  async #keep(title: string): Promise<void> {
    await waitFor('the connection to end', () => this.#tap.connections + this.#snoopTap.connections === 0, {
      intervalMs: 2,
    });
    this.add({ title, frames: [...this.#tap.take(), ...this.#snoopTap.take()] });
  }
}

const quoted = (word: string): string => (/^[\w.,:=/-]+$/.test(word) ? word : `'${word}'`);
