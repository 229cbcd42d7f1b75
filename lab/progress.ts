/**
 * Tells what the lab is doing: on a terminal one line that changes in place, in a pipe one plain line for each step
 * that is done.
 */
export interface ProgressOutput {
  readonly isTTY: boolean;
  write(text: string): unknown;
}

export interface ProgressOptions {
  readonly output: ProgressOutput;
  readonly colour: boolean;
  /** Milliseconds of a steady clock. */
  readonly now?: () => number;
}

const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const frameMs = 80;
const clearLine = '\r\u001b[K';

export class Progress {
  readonly #output: ProgressOutput;
  readonly #colour: boolean;
  readonly #now: () => number;
  #current: { readonly text: string; detail: string } | undefined;
  #frame = 0;

  constructor({ output, colour, now = () => performance.now() }: ProgressOptions) {
    this.#output = output;
    this.#colour = colour;
    this.#now = now;
  }

  /** Runs one step under its name, which stays with a mark and the time it took. Its error is passed on. */
  async step<T>(text: string, work: (detail: (text: string) => void) => Promise<T>): Promise<T> {
    const began = this.#now();
    this.#current = { text, detail: '' };
    this.#draw();
    const timer = this.#output.isTTY ? setInterval(() => this.#draw(), frameMs) : undefined;
    const end = (mark: string, code: number): void => {
      clearInterval(timer);
      this.#current = undefined;
      const seconds = ((this.#now() - began) / 1000).toFixed(1);
      this.line(`${this.#paint(mark, code)} ${text} (${seconds} s)`);
    };
    try {
      const result = await work(detail => {
        if (this.#current) this.#current.detail = detail;
        this.#draw();
      });
      end(this.#output.isTTY ? '✓' : 'ok  ', 32);
      return result;
    } catch (thrown) {
      end(this.#output.isTTY ? '✗' : 'FAIL', 31);
      throw thrown;
    }
  }

  /** A line of its own, above the one that changes. */
  line(text = ''): void {
    this.#output.write(`${this.#output.isTTY ? clearLine : ''}${text}\n`);
    this.#draw();
  }

  #draw(): void {
    if (!this.#output.isTTY || this.#current === undefined) return;
    const { text, detail } = this.#current;
    const frame = frames[this.#frame++ % frames.length] ?? '';
    this.#output.write(`${clearLine}${this.#paint(frame, 36)} ${text}${detail === '' ? '' : `: ${detail}`}`);
  }

  #paint(text: string, code: number): string {
    return this.#colour ? `\u001b[${code}m${text}\u001b[0m` : text;
  }
}
