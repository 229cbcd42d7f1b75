/** Does the lab's orders on this very machine, until the lab goes away. */
import type { Duplex } from 'node:stream';
import { messageOf } from '../../src/lib/errors.js';
import { start, type Background } from '../background.js';
import { CommandError, run } from '../exec.js';
import { openChannel, type Channel } from './channel.js';
import { order, type Answer, type Order } from './protocol.js';

type RunOrder = Extract<Order, { op: 'run' }>;
type StartOrder = Extract<Order, { op: 'start' }>;

/**
 * Serves one connection. When it ends, whatever still runs for it is ended too: a lab that was killed leaves nothing
 * behind. Resolves after that, with the error that ended it where there was one.
 */
export async function serveOrders(stream: Duplex): Promise<Error | undefined> {
  const agent = new Agent(stream);
  const error = await agent.channel.ended;
  await agent.stopAll();
  return error;
}

class Agent {
  readonly channel: Channel<Answer>;
  readonly #runs = new Map<number, AbortController>();
  readonly #programs = new Map<number, Background>();

  constructor(stream: Duplex) {
    this.channel = openChannel(stream, order, message => this.#obey(message));
  }

  async stopAll(): Promise<void> {
    for (const run of this.#runs.values()) run.abort();
    await Promise.all([...this.#programs.values()].map(program => program.stop('SIGKILL')));
  }

  #obey(message: Order): void {
    switch (message.op) {
      case 'run':
        void this.#run(message);
        return;
      case 'abort':
        this.#runs.get(message.id)?.abort();
        return;
      case 'start':
        void this.#start(message);
        return;
      case 'write':
        this.#programs.get(message.id)?.write(message.text);
        return;
      case 'stop':
        void this.#programs.get(message.id)?.stop(message.signal, message.graceMs);
    }
  }

  async #run({ op: _op, id, argv, ...options }: RunOrder): Promise<void> {
    const abort = new AbortController();
    this.#runs.set(id, abort);
    try {
      const output = await run(argv, { ...options, signal: abort.signal });
      this.channel.send({ op: 'done', id, ...output });
    } catch (thrown) {
      this.channel.send(failure(id, thrown));
    } finally {
      this.#runs.delete(id);
    }
  }

  async #start({ op: _op, id, argv, ...options }: StartOrder): Promise<void> {
    try {
      const program = await start(argv, {
        ...options,
        onLine: (line, from) => this.channel.send({ op: 'line', id, from, line }),
      });
      this.#programs.set(id, program);
      this.channel.send({ op: 'started', id, pid: program.pid });
      const { code, signal } = await program.exited;
      this.#programs.delete(id);
      this.channel.send({
        op: 'exited',
        id,
        ...(code === undefined ? {} : { code }),
        ...(signal === undefined ? {} : { signal }),
      });
    } catch (thrown) {
      this.channel.send(failure(id, thrown));
    }
  }
}

function failure(id: number, thrown: unknown): Answer {
  if (!(thrown instanceof CommandError)) {
    return { op: 'failed', id, why: messageOf(thrown), stdout: '', stderr: '' };
  }
  const { why, exitCode, stdout, stderr } = thrown;
  return { op: 'failed', id, why, stdout, stderr, ...(exitCode === undefined ? {} : { exitCode }) };
}
