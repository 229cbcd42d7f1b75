/** The lab's side of a guest's program: starts it, sends it orders, and hands their results back. */
import { HeddleError } from '../src/lib/errors.js';
import type { Background } from './background.js';
import { compiled } from './compiled.js';
import type { Host } from './host.js';
import { report, type CommandInput, type ProbeResult } from './guest/protocol.js';

export interface ProbeOptions {
  /** UDP unless said. */
  readonly over?: 'udp' | 'tcp';
  /** Milliseconds between two probes; 10 unless said. */
  readonly intervalMs?: number;
  /** Milliseconds in which the last reply must have come; 1,000 unless said. */
  readonly timeoutMs?: number;
}

/** Probes that go on until `stop`, which counts them. */
export interface Probing {
  stop(): Promise<ProbeResult>;
}

interface Begun {
  readonly id: number;
  readonly result: Promise<ProbeResult>;
}

/** On a busy machine a guest that waits for its turn loses packets that the network has brought. */
const soon = ['nice', '-n', '-5'];

export class GuestAgent {
  readonly #waiting = new Map<
    number,
    { done: (result: ProbeResult) => void; failed: (error: Error) => void }
  >();
  #program: Background | undefined;
  #nextId = 1;

  /** Returns when the guest answers probes. */
  static async start(name: string, host: Host, argv?: readonly string[]): Promise<GuestAgent> {
    const agent = new GuestAgent();
    const program = argv ?? [process.execPath, compiled('lab/guest/main.js')];
    const said: string[] = [];
    let ready = (): void => undefined;
    const isReady = new Promise<void>(resolve => (ready = resolve));
    agent.#program = await host.start([...soon, ...program, name], {
      onLine: (line, from) => {
        if (from === 'stderr') said.push(line);
        else agent.#heard(line, ready);
      },
    });
    const ended = agent.#program.exited.then(() => {
      const error = new HeddleError(
        'LAB_FAILED',
        `the program in ${name} ended: ${said.slice(-5).join(' ')}`,
      );
      for (const waiting of agent.#waiting.values()) waiting.failed(error);
      throw error;
    });
    ended.catch(() => undefined);
    await Promise.race([isReady, ended]);
    return agent;
  }

  /** Sends `count` probes to an address and tells who answered them. */
  probe(to: string, options: ProbeOptions & { readonly count?: number } = {}): Promise<ProbeResult> {
    return this.#begin(to, { ...options, count: options.count ?? 1 }).result;
  }

  /** Sends `count` probes to a broadcast address and waits the whole timeout for everyone's answers. */
  shout(to: string, options: ProbeOptions & { readonly count?: number } = {}): Promise<ProbeResult> {
    return this.#begin(to, { timeoutMs: 300, ...options, count: options.count ?? 1 }, true).result;
  }

  /** Sends probes until told to stop: for counting what an event costs. */
  startProbing(to: string, options: ProbeOptions = {}): Probing {
    const { id, result } = this.#begin(to, options);
    return {
      stop: () => {
        this.#order({ op: 'stop', id });
        return result;
      },
    };
  }

  async stop(): Promise<void> {
    await this.#program?.stop('SIGKILL');
  }

  #begin(to: string, options: ProbeOptions & { count?: number }, broadcast = false): Begun {
    const { intervalMs = 10, timeoutMs = 1_000, over = 'udp', count } = options;
    const id = this.#nextId++;
    const result = new Promise<ProbeResult>((done, failed) => this.#waiting.set(id, { done, failed }));
    // Whoever awaits it sees the failure; a lab that goes down in between must not end the process by it.
    result.catch(() => undefined);
    const limit = count === undefined ? {} : { count };
    this.#order({ op: 'probe', id, to, over, intervalMs, timeoutMs, broadcast, ...limit });
    return { id, result };
  }

  #order(order: CommandInput): void {
    this.#program?.write(`${JSON.stringify(order)}\n`);
  }

  #heard(line: string, ready: () => void): void {
    const parsed = report.safeParse(tryJson(line));
    if (!parsed.success) return;
    if (parsed.data.op === 'ready') {
      ready();
      return;
    }
    const waiting = this.#waiting.get(parsed.data.id);
    this.#waiting.delete(parsed.data.id);
    waiting?.done(parsed.data.result);
  }
}

function tryJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
