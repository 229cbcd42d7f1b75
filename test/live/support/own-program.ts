/** Heddle in this process, with an app that wants what it is told, and one real switch with the dummy datapath. */
import { z } from 'zod';
import { run } from '../../../lab/exec.js';
import { DummySwitch } from '../../../lab/record/dummy-switch.js';
import { waitFor } from '../../../lab/wait.js';
import { parseConfig } from '../../../src/config/parse.js';
import { Controller } from '../../../src/controller/controller.js';
import type { Stream } from '../../../src/controller/effects.js';
import type { SwitchStatus } from '../../../src/controller/status.js';
import { defineApp, emptyProgram, type Program } from '../../../src/intent/index.js';
import { realEffects } from '../../../src/io/effects.js';
import { connect } from '../../../src/io/streams.js';
import { decode, FrameSplitter } from '../../../src/openflow/index.js';

export const bridge = 'br0';

export class OwnProgram {
  readonly vswitch: DummySwitch;
  /** What the log has said from `warn` on. */
  readonly warnings: string[] = [];
  #program: Program = emptyProgram;
  #controller: Controller | undefined;
  /** By how much Heddle's clock is ahead. */
  #ahead = 0;
  #audits = 0;

  private constructor(vswitch: DummySwitch) {
    this.vswitch = vswitch;
  }

  static async open(): Promise<OwnProgram> {
    const vswitch = await DummySwitch.start('runs');
    const made = ['add-br', bridge, '--', 'set', 'Bridge', bridge, 'datapath_type=dummy'];
    await vswitch.vsctl(...made, 'fail_mode=secure', 'protocols=OpenFlow13');
    return new OwnProgram(vswitch);
  }

  async close(): Promise<void> {
    this.disconnect();
    await this.vswitch.stop();
  }

  /** Wants this from now on, and waits until the switch has it, by a new connection. */
  async want(program: Partial<Program>): Promise<SwitchStatus> {
    this.#program = { ...emptyProgram, ...program };
    this.disconnect();
    this.#connect();
    return this.untilInSync();
  }

  disconnect(): void {
    this.#controller?.stop();
    this.#controller = undefined;
  }

  /** How many times the switch has been asked for the number of its flows. */
  get audits(): number {
    return this.#audits;
  }

  /** Heddle's clock goes on by this much: less than what an exchange may take. Milliseconds. */
  skip(ms: number): void {
    this.#ahead += ms;
  }

  status(): SwitchStatus | undefined {
    return this.#controller?.status().switches[0];
  }

  untilInSync(): Promise<SwitchStatus> {
    return waitFor('the switch to be in sync', () => {
      const status = this.status();
      return status?.state === 'in sync' && status;
    });
  }

  async ofctl(...args: readonly string[]): Promise<string> {
    const [command = '', ...more] = args;
    const argv = ['ovs-ofctl', '-O', 'OpenFlow13', command, bridge, ...more];
    return (await run(argv, { env: this.vswitch.env })).stdout;
  }

  /** Flows without their ages and counters, sorted. */
  async flows(filter = ''): Promise<readonly string[]> {
    const text = await this.ofctl('dump-flows', ...(filter === '' ? [] : [filter]));
    return text
      .split('\n')
      .filter(line => line.includes('actions='))
      .map(line => line.replaceAll(/(duration|n_packets|n_bytes|idle_age|hard_age)=[^,]*, ?/g, '').trim())
      .sort();
  }

  #counting(stream: Stream): Stream {
    return {
      peer: stream.peer,
      get pending() {
        return stream.pending;
      },
      destroy: () => stream.destroy(),
      write: bytes => {
        for (const frame of new FrameSplitter().push(bytes as Uint8Array)) {
          const message = decode(frame);
          if (message.type === 'multipart_request' && message.body.type === 'aggregate') this.#audits += 1;
        }
        stream.write(bytes);
      },
    };
  }

  #connect(): void {
    const parsed = parseConfig('', 'test');
    if (!parsed.ok) throw new Error(parsed.mistakes.map(({ message }) => message).join('\n'));
    const real = realEffects();
    const warn = (_: object, text: string): void => void this.warnings.push(text);
    const silent = (): void => undefined;
    const app = defineApp<Record<string, never>, null>({
      name: 'own',
      scope: 'others',
      options: z.strictObject({}),
      tables: [{ name: 'first', stage: 'classify', miss: 'drop' }],
      init: () => null,
      on: (event, state) => (event.type === 'switch-up' ? { state, changed: [event.dpid] } : { state }),
      desired: () => this.#program,
    });
    const controller = new Controller({
      config: parsed.config,
      apps: [{ module: app, options: {} }],
      effects: { ...real, now: () => real.now() + this.#ahead },
      log: { debug: silent, info: silent, warn, error: warn },
    });
    controller.start();
    this.#controller = controller;
    const path = `${this.vswitch.directory}/${bridge}.mgmt`;
    let received: (chunk: Uint8Array) => void = silent;
    let closed: (reason: string) => void = silent;
    const stream = connect(
      { transport: 'unix', path },
      {
        opened: () => {
          const handlers = controller.accept(this.#counting(stream));
          received = chunk => handlers.received(chunk);
          closed = reason => handlers.closed(reason);
        },
        received: chunk => received(chunk),
        closed: reason => closed(reason),
      },
    );
  }
}
