/** A container as a place where commands run: the lab's side of its agent. */
import type { Duplex } from 'node:stream';
import { HeddleError } from '../../src/lib/errors.js';
import type { Background, Exit, StartOptions } from '../background.js';
import { CommandError, type Output, type RunOptions } from '../exec.js';
import type { Host } from '../host.js';
import { waitFor } from '../wait.js';
import { openChannel, type Channel } from './channel.js';
import { answer, type Answer, type Order } from './protocol.js';

/** What waits for a program's next answer. */
interface Waiting<T> {
  readonly done: (value: T) => void;
  readonly failed: (error: Error) => void;
}

interface Started {
  readonly argv: readonly string[];
  readonly onLine: NonNullable<StartOptions['onLine']>;
  readonly spawned: Waiting<number>;
  readonly exited: (exit: Exit) => void;
}

interface Ran extends Waiting<Output> {
  readonly argv: readonly string[];
}

export class RemoteHost implements Host {
  readonly name: string;
  /** Resolves when the agent is gone, and its container with it. */
  readonly gone: Promise<void>;
  readonly #channel: Channel<Order>;
  readonly #runs = new Map<number, Ran>();
  readonly #programs = new Map<number, Started>();
  #isGone = false;
  #nextId = 1;

  constructor(name: string, stream: Duplex) {
    this.name = name;
    this.#channel = openChannel(stream, answer, message => this.#hear(message));
    this.gone = this.#channel.ended.then(error => this.#lost(error));
  }

  run(argv: readonly string[], options: RunOptions = {}): Promise<Output> {
    const { signal, accept, ...rest } = options;
    return new Promise((done, failed) => {
      if (signal?.aborted === true) {
        failed(new CommandError(argv, 'interrupted', undefined, { stdout: '', stderr: '' }));
        return;
      }
      if (this.#refuse(failed)) return;
      const id = this.#nextId++;
      const abort = (): void => this.#channel.send({ op: 'abort', id });
      const settled = (): void => signal?.removeEventListener('abort', abort);
      signal?.addEventListener('abort', abort, { once: true });
      this.#runs.set(id, {
        argv,
        done: output => {
          settled();
          done(output);
        },
        failed: error => {
          settled();
          failed(error);
        },
      });
      const codes = accept === undefined ? {} : { accept: [...accept] };
      this.#channel.send({ op: 'run', id, argv: [...argv], ...codes, ...rest });
    });
  }

  async start(argv: readonly string[], options: StartOptions = {}): Promise<Background> {
    const { onLine = () => undefined, ...rest } = options;
    const id = this.#nextId++;
    let exit = (_exit: Exit): void => undefined;
    const exited = new Promise<Exit>(resolve => (exit = resolve));
    const pid = await new Promise<number>((done, failed) => {
      if (this.#refuse(failed)) return;
      this.#programs.set(id, { argv, onLine, spawned: { done, failed }, exited: exit });
      this.#channel.send({ op: 'start', id, argv: [...argv], ...rest });
    });
    return {
      pid,
      exited,
      write: text => this.#channel.send({ op: 'write', id, text }),
      stop: (signal, graceMs) => {
        const how = {
          ...(signal === undefined ? {} : { signal }),
          ...(graceMs === undefined ? {} : { graceMs }),
        };
        this.#channel.send({ op: 'stop', id, ...how });
        return exited;
      },
    };
  }

  /** Lets the agent end, and its container with it; returns when it has, or after `patienceMs`. */
  async dismiss(patienceMs = 10_000): Promise<void> {
    this.#channel.end();
    await waitFor(`the container of ${this.name} to end`, () => this.#isGone, {
      timeoutMs: patienceMs,
    }).finally(() => this.#channel.destroy());
  }

  #refuse(failed: (error: Error) => void): boolean {
    if (this.#isGone) failed(this.#goneError());
    return this.#isGone;
  }

  #goneError(error?: Error): HeddleError {
    const why = error === undefined ? '' : `: ${error.message}`;
    return new HeddleError('LAB_FAILED', `the container of ${this.name} has ended${why}`);
  }

  #lost(cause: Error | undefined): void {
    this.#isGone = true;
    const error = this.#goneError(cause);
    for (const waiting of this.#runs.values()) waiting.failed(error);
    for (const program of this.#programs.values()) {
      program.spawned.failed(error);
      program.exited({ code: undefined, signal: undefined });
    }
    this.#runs.clear();
    this.#programs.clear();
    this.#channel.destroy();
  }

  #hear(message: Answer): void {
    const { id } = message;
    switch (message.op) {
      case 'done': {
        const { stdout, stderr, code } = message;
        this.#runs.get(id)?.done({ stdout, stderr, code });
        this.#runs.delete(id);
        return;
      }
      case 'failed':
        this.#failed(message);
        return;
      case 'started':
        this.#programs.get(id)?.spawned.done(message.pid);
        return;
      case 'line':
        this.#programs.get(id)?.onLine(message.line, message.from);
        return;
      case 'exited':
        // The entry stays: the last lines may come after the end.
        this.#programs.get(id)?.exited({ code: message.code, signal: message.signal });
    }
  }

  #failed({ id, why, exitCode, stdout, stderr }: Extract<Answer, { op: 'failed' }>): void {
    const run = this.#runs.get(id);
    const program = this.#programs.get(id);
    const argv = (run ?? program)?.argv ?? [];
    const error = new CommandError([`${this.name}:`, ...argv], why, exitCode, { stdout, stderr });
    run?.failed(error);
    program?.spawned.failed(error);
    this.#runs.delete(id);
    this.#programs.delete(id);
  }
}
