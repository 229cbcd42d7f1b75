/** Instructions in ovs-ofctl's notation: among the actions, which stand for apply_actions. */
import type { Action } from '../actions/actions.js';
import type { Instruction, InstructionOf } from '../actions/instructions.js';
import { formatActions, readAction, readHeld } from './actions/index.js';
import { optionValue } from './actions/entry.js';
import { readUnknown } from './actions/names.js';
import type { FormatOptions } from './notations.js';
import { Reader } from './reader.js';
import type { ReaderOptions } from './reader.js';
import { hex, hexOf, parseUint, readNumber, readU64 } from './values.js';

interface InstructionText<T extends Instruction['type']> {
  /** Empty where there is nothing to write. */
  readonly format: (one: InstructionOf<T>, options: FormatOptions) => string;
  /** The word that begins it; apply_actions has none. */
  readonly word?: string;
  readonly parse?: (r: Reader) => InstructionOf<T>;
}

const allBits = 0xffffffffffffffffn;

/** In the order in which a switch runs them [OF1.3.5 5.9], in which ovs-ofctl writes them and wants them. */
const texts: { readonly [T in Instruction['type']]: InstructionText<T> } = {
  meter: {
    format: ({ meterId }) => `meter:${meterId}`,
    word: 'meter',
    parse: r => ({ type: 'meter', meterId: readNumber(r, r.argument(), 0xffffffff, 'a meter') }),
  },
  apply_actions: {
    format: ({ actions }, options) => (actions.length === 0 ? '' : formatActions(actions, options)),
  },
  clear_actions: {
    format: () => 'clear_actions',
    word: 'clear_actions',
    parse: () => ({ type: 'clear_actions' }),
  },
  write_actions: {
    format: ({ actions }, options) => `write_actions(${formatActions(actions, options)})`,
    word: 'write_actions',
    parse: r => ({ type: 'write_actions', actions: readHeld(r) }),
  },
  write_metadata: {
    format: ({ metadata, mask }) =>
      `write_metadata:${hex(metadata)}${mask === allBits ? '' : `/${hex(mask)}`}`,
    word: 'write_metadata',
    parse: readWriteMetadata,
  },
  goto_table: {
    format: ({ tableId }) => `goto_table:${tableId}`,
    word: 'goto_table',
    parse: r => ({ type: 'goto_table', tableId: readNumber(r, r.argument(), 0xff, 'a table') }),
  },
  unknown: {
    format: ({ typeId, body }) => `unknown_instruction(${typeId},${hexOf(body)})`,
    word: 'unknown_instruction',
    parse: r => ({ type: 'unknown', ...readUnknown(r) }),
  },
};
const order = Object.keys(texts);
const words = new Map<string, (r: Reader) => Instruction>(
  Object.values<Pick<InstructionText<Instruction['type']>, 'word' | 'parse'>>(texts).flatMap(
    ({ word, parse }) => (word === undefined || parse === undefined ? [] : [[word, parse]]),
  ),
);

function readWriteMetadata(r: Reader): InstructionOf<'write_metadata'> {
  const token = optionValue(r);
  const [value = '', mask, more] = token.text.split('/');
  if (more !== undefined || (mask !== undefined && parseUint(mask) === undefined))
    r.mismatch('a number of 64 bits, with /mask where not all bits are written', token);
  return {
    type: 'write_metadata',
    metadata: readU64(r, { text: value, at: token.at }),
    mask: mask === undefined ? allBits : readU64(r, { text: mask, at: token.at + value.length + 1 }),
  };
}

/**
 * Instructions as ovs-ofctl prints and reads them, in the order in which a switch runs them; `drop` where nothing is done.
 * `parseInstructions` reads them back. What the notation can not say: an apply_actions that does nothing.
 */
export function formatInstructions(
  instructions: readonly Instruction[],
  options: FormatOptions = {},
): string {
  const items = [...instructions]
    .sort((a, b) => order.indexOf(a.type) - order.indexOf(b.type))
    .map(one => formatInstruction(one, options))
    .filter(text => text !== '');
  return items.length === 0 ? 'drop' : items.join(',');
}

/** The entry has the type that belongs to the instruction; TypeScript can not follow that through a lookup. */
const formatInstruction = (one: Instruction, options: FormatOptions): string =>
  (texts[one.type] as InstructionText<Instruction['type']>).format(one, options);

const names = /[a-z_]+/iy;

/** Reads actions and instructions up to the end of the text. */
export function readInstructions(r: Reader): readonly Instruction[] {
  const actions: Action[] = [];
  const others: Instruction[] = [];
  let last = { word: 'meter', place: -1 };
  while (r.hasNext()) {
    const name = r.matching(names);
    const word = name.text.toLowerCase();
    const read = words.get(word);
    const place = order.indexOf(read ? (word === 'unknown_instruction' ? 'unknown' : word) : 'apply_actions');
    if (place < last.place) r.fail(`${name.text || 'an action'} must stand before ${last.word}`, name.at);
    if (read && place === last.place && word !== 'unknown_instruction')
      r.fail(`${name.text} is given twice`, name.at);
    last = { word: read ? word : 'an action', place };
    if (read) others.push(read(r));
    else {
      r.back(name);
      actions.push(...readAction(r, words.keys()));
    }
    if (!r.isAtBreak) r.fail(`expected , after ${name.text}`);
  }
  if (actions.length === 0) return others;
  const apply: Instruction = { type: 'apply_actions', actions };
  const meters = others.filter(({ type }) => type === 'meter');
  return [...meters, apply, ...others.filter(({ type }) => type !== 'meter')];
}

/**
 * Reads what stands behind `actions=`: `meter:1,set_field:1->reg0,output:2,goto_table:5`. Actions become one apply_actions.
 * @throws TextError OF_BAD_TEXT, with the place and what was expected there
 */
export const parseInstructions = (text: string, options: ReaderOptions = {}): readonly Instruction[] =>
  readInstructions(new Reader(text, options));
