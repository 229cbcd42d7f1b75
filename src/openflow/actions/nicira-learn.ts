/** The learn actions (nicira-ext): a flow that is made from the packet at hand. What it is made of is in learn-specs.ts. */
import { align, badValue, optional, pad, struct, u16, u32, u64, u8 } from '../../lib/struct/index.js';
import { LearnFlag } from '../constants.js';
import { learnSpecs } from './learn-specs.js';
import { nicira } from './nicira-header.js';
import { fieldRef } from '../fields/oxm.js';
import type { FieldRef } from '../fields/oxm.js';

const learned = {
  /** Timeouts of the learned flow in seconds; 0 is none. */
  idleTimeout: u16,
  /** Seconds; 0 is none. */
  hardTimeout: u16,
  /** The learned flow's priority, 0 to 65535. */
  priority: u16,
  /** The learned flow's cookie, not that of the flow that learns. */
  cookie: u64,
  /** LearnFlag. */
  flags: u16,
  /** The table that learns, 0 to 254. */
  tableId: u8,
  _pad1: pad(1),
  /** What the timeouts become, at most, once a TCP segment with FIN or RST was seen, in seconds; 0 is no change. */
  finIdleTimeout: u16,
  /** Seconds; 0 is no change. */
  finHardTimeout: u16,
} as const;

/** Adds or replaces a flow made from the packet at hand (subtype 16). */
export const learn = struct('learn', {
  ...nicira(16),
  ...learned,
  /** What the learned flow matches and does. */
  specs: learnSpecs,
  _pad: align(8),
});

/** Where learn2 writes 1 or 0 (learned, or over the limit): there where flags has WRITE_RESULT, and only then. */
const learnResult = optional<FieldRef | undefined>({
  name: 'result',
  given: 'flags',
  read: (c, flags) =>
    (flags & LearnFlag.WRITE_RESULT) !== 0 ? (fieldRef.read(c, 0) as FieldRef) : undefined,
  write: (w, ref, flags) => {
    if (((flags & LearnFlag.WRITE_RESULT) !== 0) !== (ref !== undefined))
      throw badValue('result', 'WRITE_RESULT and result go together', w.pos - w.frame);
    if (ref !== undefined) fieldRef.write(w, ref as never, 0);
  },
});

/** As `learn`, with at most `limit` flows of this cookie in the table; 0 is no limit (subtype 45). */
export const learn2 = struct('learn2', {
  ...nicira(45),
  ...learned,
  /** Flows of this cookie in the table at most; 0 is no limit. */
  limit: u32,
  /** The bit of `result` that is written, 0 being the lowest. */
  resultOffset: u16,
  _pad2: pad(2),
  /** The field that tells whether it was learned; there where `flags` has WRITE_RESULT. */
  result: learnResult,
  /** What the learned flow matches and does. */
  specs: learnSpecs,
  _pad: align(8),
});
