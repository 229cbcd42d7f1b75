/** Instructions [OF1.3.5 7.2.4]: `type:16 length:16`, then the body. */
import { constant, length, listOf, pad, struct, u16, u32, u64, u8, union } from '../../lib/struct/index.js';
import type { Infer } from '../../lib/struct/index.js';
import { actions } from './actions.js';
import { unknownElement } from '../unknown.js';

const header = (type: number) => ({ _type: constant(u16, type), _length: length(u16) }) as const;

/** Goes on in a later table [OF1.3.5 7.2.4]. */
const gotoTable = struct('goto_table', {
  ...header(1),
  /** 1 to 254: higher than the table at hand. */
  tableId: u8,
  _pad: pad(3),
});

/** Writes the metadata that the next tables see [OF1.3.5 7.2.4]. */
const writeMetadata = struct('write_metadata', {
  ...header(2),
  _pad: pad(4),
  /** The bits. */
  metadata: u64,
  /** Which bits are written. */
  mask: u64,
});

/** Puts actions into the set that is run at the end of the pipeline [OF1.3.5 7.2.4]. */
const writeActions = struct('write_actions', { ...header(3), _pad: pad(4), actions });

/** Runs actions at once, in their order [OF1.3.5 7.2.4]. */
const applyActions = struct('apply_actions', { ...header(4), _pad: pad(4), actions });

/** Empties the set of actions [OF1.3.5 7.2.4]. */
const clearActions = struct('clear_actions', { ...header(5), _pad: pad(4) });

/** Sends the packet through a meter, which may drop it [OF1.3.5 7.2.4]. */
const meter = struct('meter', {
  ...header(6),
  /** 1 to OFPM.MAX, or one of OFPM. */
  meterId: u32,
});

/** What a flow does with a packet [OF1.3.5 7.2.4]. */
export const instruction = union(
  'instruction',
  [gotoTable, writeMetadata, writeActions, applyActions, clearActions, meter],
  unknownElement,
);

/** The instructions of a flow, one of each type at most [OF1.3.5 7.2.4]. */
export const instructions = listOf(instruction);

/** What a flow does with a packet [OF1.3.5 7.2.4]. */
export type Instruction = Infer<typeof instruction>;

/** The instruction of one type. */
export type InstructionOf<T extends Instruction['type']> = Extract<Instruction, { type: T }>;
