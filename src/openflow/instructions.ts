/** Instructions [OF1.3.5 7.2.4]: `type:16 length:16`, then the body. */
import {
  constant,
  length,
  listOf,
  pad,
  rest,
  struct,
  u16,
  u32,
  u64,
  u8,
  union,
} from '../lib/struct/index.js';
import type { Infer } from '../lib/struct/index.js';
import { actions } from './actions.js';

const header = (type: number) => ({ _type: constant(u16, type), _length: length(u16) }) as const;

const gotoTable = struct('goto_table', { ...header(1), tableId: u8, _pad: pad(3) });
const writeMetadata = struct('write_metadata', { ...header(2), _pad: pad(4), metadata: u64, mask: u64 });
const writeActions = struct('write_actions', { ...header(3), _pad: pad(4), actions });
const applyActions = struct('apply_actions', { ...header(4), _pad: pad(4), actions });
const clearActions = struct('clear_actions', { ...header(5), _pad: pad(4) });
const meter = struct('meter', { ...header(6), meterId: u32 });
const unknown = struct('unknown', { typeId: u16, _length: length(u16), body: rest });

export const instruction = union(
  'instruction',
  [gotoTable, writeMetadata, writeActions, applyActions, clearActions, meter],
  unknown,
);
export const instructions = listOf(instruction);

export type Instruction = Infer<typeof instruction>;
/** The instruction of one type. */
export type InstructionOf<T extends Instruction['type']> = Extract<Instruction, { type: T }>;
