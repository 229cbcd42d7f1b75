/** Counts what became of probes. Pure: what was sent and what came back are told to it. */
import type { ProbeResult } from './protocol.js';

const maxGaps = 20;
const maxTurns = 20;

export class Tally {
  readonly #answers: string[][] = [];

  /** Notes one more probe. @returns its sequence number */
  send(): number {
    return this.#answers.push([]) - 1;
  }

  get sent(): number {
    return this.#answers.length;
  }

  get complete(): boolean {
    return this.#answers.every(by => by.length > 0);
  }

  /** Notes a reply; one to a probe that was never sent is not counted. */
  reply(sequence: number, by: string): void {
    this.#answers[sequence]?.push(by);
  }

  result(intervalMs: number): ProbeResult {
    const by: Record<string, number> = {};
    let received = 0;
    let duplicates = 0;
    let gap = 0;
    let longest = 0;
    const gaps: { from: number; lost: number }[] = [];
    const turns: { from: number; by: string }[] = [];
    for (const [sequence, answers] of this.#answers.entries()) {
      if (answers.length > 0) gap = 0;
      else {
        if (gap === 0 && gaps.length < maxGaps) gaps.push({ from: sequence, lost: 0 });
        gap++;
        const last = gaps.at(-1);
        if (last !== undefined && last.from + last.lost === sequence) last.lost++;
      }
      longest = Math.max(longest, gap);
      if (answers.length > 0) received++;
      duplicates += answers.length - new Set(answers).size;
      for (const name of answers) {
        by[name] = (by[name] ?? 0) + 1;
        if (turns.at(-1)?.by !== name && turns.length < maxTurns) turns.push({ from: sequence, by: name });
      }
    }
    const sent = this.#answers.length;
    return {
      sent,
      received,
      lost: sent - received,
      longestGapMs: longest * intervalMs,
      duplicates,
      gaps,
      turns,
      by,
    };
  }
}
