/** What the exit codes of `heddle` mean; the same for every command. */
export const exitCodes = {
  /** Done, and all is well. */
  ok: 0,
  /** It could not be done: the message says why. */
  failed: 1,
  /** Done, and something needs attention: `status` found a problem. */
  attention: 2,
} as const;
