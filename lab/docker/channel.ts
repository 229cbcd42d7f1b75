/** Messages over a byte stream: one JSON value a line, checked against a schema, with bounded buffers. */
import type { Duplex } from 'node:stream';
import type * as z from 'zod';
import { HeddleError, messageOf } from '../../src/lib/errors.js';

/** Bytes of one message: dumps of flows are the largest, and a lab's have some kB. */
const maxMessage = 16 * 1024 * 1024;
/** Bytes that may wait for a slow reader. */
const maxWaiting = 4 * maxMessage;

const newline = 0x0a;

/** Cuts a byte stream into lines, wherever its chunks end. */
export class LineSplitter {
  #parts: Buffer[] = [];
  #held = 0;
  readonly #max: number;

  constructor(max = maxMessage) {
    this.#max = max;
  }

  /** @returns the lines that are complete now. @throws HeddleError LAB_FAILED when one is too long */
  push(chunk: Buffer): string[] {
    const lines: string[] = [];
    let begin = 0;
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, begin)) {
      this.#hold(chunk.subarray(begin, end));
      lines.push(Buffer.concat(this.#parts, this.#held).toString('utf8'));
      this.#parts = [];
      this.#held = 0;
      begin = end + 1;
    }
    this.#hold(chunk.subarray(begin));
    return lines;
  }

  #hold(part: Buffer): void {
    if (part.length === 0) return;
    this.#held += part.length;
    if (this.#held > this.#max) {
      throw new HeddleError('LAB_FAILED', `a message has more than ${this.#max} bytes`);
    }
    this.#parts.push(part);
  }
}

export interface Channel<Out> {
  send(message: Out): void;
  /** Resolves when the other side has ended its half; undefined unless something went wrong. */
  readonly ended: Promise<Error | undefined>;
  /** Resolves when nothing is left of the connection. */
  readonly closed: Promise<void>;
  /** Ends this side's half. */
  end(): void;
  destroy(): void;
}

/** A message that does not fit the schema, or is too long, ends the channel. */
export function openChannel<In, Out>(
  stream: Duplex,
  schema: z.ZodType<In>,
  hear: (message: In) => void,
): Channel<Out> {
  const splitter = new LineSplitter();
  const fail = (thrown: unknown): void => {
    stream.destroy(thrown instanceof Error ? thrown : new Error(messageOf(thrown)));
  };
  stream.on('data', (chunk: Buffer) => {
    try {
      for (const line of splitter.push(chunk)) hear(parse(line, schema));
    } catch (thrown) {
      fail(thrown);
    }
  });
  return {
    send: message => {
      if (!stream.writable) return;
      stream.write(`${JSON.stringify(message)}\n`);
      if (stream.writableLength > maxWaiting)
        fail(new HeddleError('LAB_FAILED', 'the other side reads nothing'));
    },
    ended: new Promise(resolve => {
      stream.once('end', () => resolve(undefined));
      stream.once('error', resolve);
      stream.once('close', () => resolve(undefined));
    }),
    closed: new Promise(resolve => {
      if (stream.destroyed) resolve();
      else stream.once('close', resolve);
    }),
    end: () => void stream.end(),
    destroy: () => void stream.destroy(),
  };
}

function parse<In>(line: string, schema: z.ZodType<In>): In {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (thrown) {
    throw new HeddleError('LAB_FAILED', `not JSON: ${messageOf(thrown)}`, { cause: thrown });
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw new HeddleError('LAB_FAILED', `not a message: ${parsed.error.message}`);
  return parsed.data;
}
