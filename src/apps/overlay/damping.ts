/** A MAC that goes back and forth is held where it is for a while: two ports that both claim it would have it wander for ever. */
export interface Moves {
  /** All moves so far, also those that were not followed. */
  readonly count: number;
  /** When the last ones were, the oldest first: no more than it takes to be held. Milliseconds. */
  readonly times: readonly number[];
  /** Until when it stays where it is. Milliseconds; in the past, or left out: it may move. */
  readonly heldUntil?: number;
}

export const noMoves: Moves = { count: 0, times: [] };

export interface Damping {
  /** More moves than this, */
  readonly moves: number;
  /** within so many milliseconds, */
  readonly withinMs: number;
  /** and it is held for so many. */
  readonly holdMs: number;
}

export const usualDamping: Damping = { moves: 5, withinMs: 10_000, holdMs: 30_000 };

/** One more move is asked for. @returns what is known then, and whether the move is to be followed */
export function moved(
  before: Moves,
  now: number,
  { moves, withinMs, holdMs }: Damping = usualDamping,
): { readonly moves: Moves; readonly follow: boolean } {
  const count = before.count + 1;
  if (isHeld(before, now)) return { moves: { ...before, count }, follow: false };
  const times = [...before.times.filter(time => time > now - withinMs), now];
  return times.length > moves
    ? { moves: { count, times: [], heldUntil: now + holdMs }, follow: false }
    : { moves: { count, times }, follow: true };
}

export const isHeld = ({ heldUntil }: Moves, now: number): boolean =>
  heldUntil !== undefined && now < heldUntil;
