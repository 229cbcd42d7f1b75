import { Composer, Lexer, LineCounter, Parser, type CST, type Document, type YAMLError } from 'yaml';
import type { KeyPath, Mistake, Position } from './mistake.js';
import { createSource, type Source } from './source.js';
import { growTree } from './tree.js';

/** A text that was read as YAML: what can be told of it, and what is wrong with it. No source: nothing can be told. */
export interface YamlReading {
  readonly source?: Source;
  /** Where the text is no YAML: what follows from such a place is told on thin ice. */
  readonly syntax: readonly Mistake[];
  /** What is YAML, and yet cannot be taken: keys given twice, aliases that lead nowhere. */
  readonly refused: readonly Mistake[];
}

/** Files larger than this are refused unread. */
const mostBytes = 4 * 1024 * 1024;
/** How deep the parser may nest, before a hostile text exhausts the memory of the composer, which recurses. */
const deepest = 100;
/** One slip can make an error of every line that follows. */
const mostErrors = 20;

/**
 * Reads one YAML 1.2 document. Duplicate keys, aliases that lead nowhere or explode, tags and further documents are
 * mistakes. An empty text is an empty map.
 */
export function readYaml(input: string, file: string, isText: (path: KeyPath) => boolean): YamlReading {
  // A byte order mark is no column of the first line.
  const text = input.replace(/^\ufeff/, '');
  const positionOf = positions(text);
  const mistake = (offset: number, message: string, path: KeyPath = []): Mistake => ({
    file,
    ...positionOf(offset),
    path,
    message,
  });
  const refusal = refuse(text);
  if (refusal !== undefined) return { syntax: [mistake(refusal.offset, refusal.message)], refused: [] };

  const parsed = parse(text);
  if ('tooDeepAt' in parsed) {
    const tooDeep = mistake(parsed.tooDeepAt, `values are nested deeper than ${deepest} levels`);
    return { syntax: [tooDeep], refused: [] };
  }
  const [first, second] = parsed.documents;
  const syntax = syntaxErrors(first, positionOf).map(error =>
    mistake(error.pos[0], `not valid YAML: ${error.message}`),
  );
  if (second !== undefined) {
    syntax.push(mistake(second.range[0], 'a second YAML document begins here: the file is one document'));
  }
  const lineOf = (offset: number) => positionOf(offset).line;
  const { root, findings } = growTree(first?.contents ?? null, lineOf, isText);
  const refused = findings.map(({ offset, path, message }) => mistake(offset, message, path));
  // Nothing at all, or nothing but comments, is as good as no file.
  const whole =
    root.value === null && syntax.length === 0 && refused.length === 0 ? { ...root, value: {} } : root;
  return { source: createSource(file, whole, positionOf), syntax, refused };
}

function positions(text: string): (offset: number) => Position {
  const lines = new LineCounter();
  lines.addNewLine(0);
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) lines.addNewLine(at + 1);
  return offset => {
    const { line, col } = lines.linePos(Math.min(offset, text.length));
    return { line, column: col };
  };
}

/** Texts that are no YAML in an obvious way: one clear message is better than a thousand of the parser's. */
function refuse(text: string): { offset: number; message: string } | undefined {
  if (Buffer.byteLength(text) > mostBytes) {
    return { offset: 0, message: `the file is larger than ${mostBytes / 1024 / 1024} MiB` };
  }
  // The characters that YAML does not allow [YAML 1.2.2 section 5.1], and what a decoder puts for bytes that are no UTF-8.
  const unreadable = text.search(/[\0-\x08\x0b\x0c\x0e-\x1f\x7f\ufffd\ufffe\uffff]/);
  if (unreadable !== -1) {
    const code = text.charCodeAt(unreadable).toString(16).toUpperCase().padStart(4, '0');
    return { offset: unreadable, message: `this is not a text file in UTF-8: found the character U+${code}` };
  }
  const start = text.search(/\S/);
  if (start !== -1 && text[start] === '<' && text[start + 1] !== '<') {
    return { offset: start, message: 'this is an HTML or XML page, not YAML' };
  }
  return undefined;
}

type Parsed = { readonly documents: readonly Document.Parsed[] } | { readonly tooDeepAt: number };

/** `parseDocument` with a look at the parser's stack after each token. */
function parse(text: string): Parsed {
  const parser = new Parser();
  const tokens: CST.Token[] = [];
  for (const lexeme of new Lexer().lex(text)) {
    for (const token of parser.next(lexeme)) tokens.push(token);
    if (parser.stack.length > deepest) return { tooDeepAt: parser.offset };
  }
  for (const token of parser.end()) tokens.push(token);
  // `schema` holds against a %YAML directive, which would bring back "yes" and octal numbers; duplicates are growTree's.
  const composer = new Composer({ schema: 'core', uniqueKeys: false, prettyErrors: false });
  return { documents: [...composer.compose(tokens, true, text.length)] };
}

/** The first error of each line: those that follow it on one line are mostly its echo. Warnings (tags) are errors here. */
function syntaxErrors(
  document: Document.Parsed | undefined,
  positionOf: (offset: number) => Position,
): YAMLError[] {
  const byLine = new Map<number, YAMLError>();
  for (const error of [...(document?.errors ?? []), ...(document?.warnings ?? [])]) {
    const { line } = positionOf(error.pos[0]);
    if (!byLine.has(line)) byLine.set(line, error);
    if (byLine.size === mostErrors) break;
  }
  return [...byLine.values()];
}
