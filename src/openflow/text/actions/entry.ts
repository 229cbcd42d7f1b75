/** How one kind of action is written: its format and its parse stand side by side, so that neither forgets the other. */
import type { Action, ActionOf } from '../../actions/actions.js';
import type { FormatOptions } from '../notations.js';
import type { Reader, Token } from '../reader.js';

export interface FormatContext extends FormatOptions {
  /** The actions that an action holds, with commas between them; `drop` where there are none. */
  readonly actions: (actions: readonly Action[]) => string;
}

export interface ParseContext {
  readonly r: Reader;
  /** Reads the actions that stand here in parentheses. */
  readonly actions: () => readonly Action[];
  /** The word that was read last, which says what follows. */
  readonly word: Token;
}

/** Reads what follows a word: one action, or the several that ovs-ofctl makes of it. */
export type ActionParser = (context: ParseContext) => Action | readonly Action[];

export interface ActionText<A extends Action> {
  readonly format: (action: A, context: FormatContext) => string;
  /** By the words that begin it. A word that begins several kinds stands with one of them. */
  readonly words: Readonly<Record<string, ActionParser>>;
}

export const entry = <T extends Action['type']>(
  _type: T,
  text: ActionText<ActionOf<T>>,
): ActionText<ActionOf<T>> => text;

/** An action that is a word and nothing else. */
export const bare = <T extends Action['type']>(
  word: string,
  action: ActionOf<T>,
  ...aliases: readonly string[]
): ActionText<ActionOf<T>> => ({
  format: () => word,
  words: Object.fromEntries(
    [word, ...aliases].map(one => [
      one,
      ({ r }) => {
        // ovs-ofctl prints `decap()` and reads `ct_clear()`.
        if (r.accepts('(')) r.expect(')');
        return action;
      },
    ]),
  ),
});

/** Reads `name=value` options in parentheses; an option that is a word alone has no value. */
export function readOptions(r: Reader, options: Readonly<Record<string, () => void>>): void {
  r.list(() => {
    const name = r.word();
    const read = Object.hasOwn(options, name.text) ? options[name.text] : undefined;
    if (!read) r.unknown('option', name, Object.keys(options));
    read();
  });
}

/** The value of an option, after `=` or `:`. */
export function optionValue(r: Reader): Token {
  if (!r.accepts(':')) r.expect('=');
  return r.value();
}
