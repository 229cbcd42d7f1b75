/**
 * What was said on OpenFlow connections, and the text form that it is kept in: a line for what was done, then a line of
 * hex for each frame, `>` to the switch and `<` from it.
 */
import { HeddleError } from '../../src/lib/errors.js';

/** Who a frame was sent to. */
export type Receiver = 'switch' | 'controller';

export interface RecordedFrame {
  readonly to: Receiver;
  readonly bytes: Uint8Array;
}

/** One thing that was done, and the frames that it led to. */
export interface Exchange {
  readonly title: string;
  readonly frames: readonly RecordedFrame[];
}

const marks = { switch: '>', controller: '<' } as const;

/** The text form: lines that begin with `#` are `comment`, those with `$` are titles. */
export function formatRecording(exchanges: readonly Exchange[], comment: readonly string[] = []): string {
  const lines = comment.map(line => `# ${line}`);
  for (const { title, frames } of exchanges) {
    lines.push('', `$ ${title}`);
    for (const { to, bytes } of frames) lines.push(`${marks[to]} ${Buffer.from(bytes).toString('hex')}`);
  }
  return `${lines.join('\n')}\n`;
}

/** Reads the text form back. @throws HeddleError LAB_FAILED with the line's number */
export function parseRecording(text: string): Exchange[] {
  const exchanges: { title: string; frames: RecordedFrame[] }[] = [];
  text.split('\n').forEach((line, index) => {
    const content = line.slice(2);
    if (line === '' || line.startsWith('#')) return;
    if (line.startsWith('$ ')) exchanges.push({ title: content, frames: [] });
    else if (/^[<>] (?:[0-9a-f]{2})+$/.test(line) && exchanges.length > 0)
      exchanges
        .at(-1)
        ?.frames.push({ to: line.startsWith('>') ? 'switch' : 'controller', bytes: fromHex(content) });
    else throw new HeddleError('LAB_FAILED', `line ${index + 1} is no part of a recording`);
  });
  return exchanges;
}

const fromHex = (digits: string): Uint8Array => Uint8Array.from(Buffer.from(digits, 'hex'));

/** Where the transaction's number stands in every frame [OF1.3.5 7.1]. */
const xid = { from: 4, to: 8 } as const;

/** Drops frames that are another's but for the xid, in the order of the exchanges; then exchanges with none left. */
export class Deduplicator {
  readonly #seen = new Set<string>();

  unseen(exchanges: readonly Exchange[]): Exchange[] {
    return exchanges
      .map(({ title, frames }) => ({ title, frames: frames.filter(frame => this.#isNew(frame)) }))
      .filter(({ frames }) => frames.length > 0);
  }

  #isNew({ to, bytes }: RecordedFrame): boolean {
    const key = marks[to] + Buffer.from(Uint8Array.from(bytes).fill(0, xid.from, xid.to)).toString('hex');
    if (this.#seen.has(key)) return false;
    this.#seen.add(key);
    return true;
  }
}

/** Of the frames that are larger than `size` bytes only the smallest of each exchange: a dump's parts are all alike. */
export function withoutBulk(exchange: Exchange, size: number): Exchange {
  const large = exchange.frames.filter(({ bytes }) => bytes.length > size);
  const smallest = large.reduce<RecordedFrame | undefined>(
    (least, frame) => (least && least.bytes.length <= frame.bytes.length ? least : frame),
    undefined,
  );
  return {
    title: exchange.title,
    frames: exchange.frames.filter(frame => frame.bytes.length <= size || frame === smallest),
  };
}
