/** Flows as `ovs-ofctl dump-flows` prints them and `ovs-ofctl add-flow` reads them. */
import { OFPFF } from '../constants.js';
import type { Instruction } from '../actions/instructions.js';
import type { Match } from '../fields/match.js';
import { optionValue } from './actions/entry.js';
import { formatInstructions, readInstructions } from './instructions.js';
import { formatMatch } from './match.js';
import { MatchReader, matchWords } from './match-reader.js';
import type { FormatOptions } from './notations.js';
import { Reader } from './reader.js';
import type { ReaderOptions } from './reader.js';
import { readNumber, readU64 } from './values.js';

/** What of a flow is shown. */
export interface FlowText {
  /** 0 to 254. */
  readonly table: number;
  /** 0 to 65535. */
  readonly priority: number;
  /** What it matches; an empty list is every packet. */
  readonly match: Match;
  /** What it does with a packet. */
  readonly instructions: readonly Instruction[];
  /** 64 bits; 0 where it is not given. */
  readonly cookie?: bigint;
  /** Seconds, up to 65535; 0 is none. */
  readonly idleTimeout?: number;
  /** Seconds, up to 65535; 0 is none. */
  readonly hardTimeout?: number;
  /** A bitmap of OFPFF. */
  readonly flags?: number;
}

/** What a flow has where its text says nothing [ovs-ofctl(8)]. */
const usualPriority = 0x8000;

const flagWords: readonly (readonly [word: string, flag: number])[] = [
  ['send_flow_rem', OFPFF.SEND_FLOW_REM],
  ['check_overlap', OFPFF.CHECK_OVERLAP],
  ['reset_counts', OFPFF.RESET_COUNTS],
  ['no_packet_counts', OFPFF.NO_PKT_COUNTS],
  ['no_byte_counts', OFPFF.NO_BYT_COUNTS],
];

/**
 * A flow as `ovs-ofctl --no-stats dump-flows` prints it: `table=5, priority=100,in_port=1 actions=goto_table:10`. As there,
 * table 0, priority 32768, cookie 0 and no timeout are left out. `ovs-ofctl add-flow` and `parseFlow` read it back;
 * formatMatch, formatActions and formatInstructions say what the notation can not express.
 */
export function formatFlow(flow: FlowText, options: FormatOptions = {}): string {
  const { cookie = 0n, idleTimeout = 0, hardTimeout = 0, flags = 0 } = flow;
  const head = [
    ...(cookie === 0n ? [] : [`cookie=0x${cookie.toString(16)}, `]),
    ...(flow.table === 0 ? [] : [`table=${flow.table}, `]),
    ...(idleTimeout === 0 ? [] : [`idle_timeout=${idleTimeout}, `]),
    ...(hardTimeout === 0 ? [] : [`hard_timeout=${hardTimeout}, `]),
    ...flagWords.filter(([, flag]) => (flags & flag) !== 0).map(([word]) => `${word} `),
  ];
  const match = [
    ...(flow.priority === usualPriority ? [] : [`priority=${flow.priority}`]),
    formatMatch(flow.match, options),
  ].filter(text => text !== '');
  const fields = match.length === 0 ? '' : `${match.join(',')} `;
  return `${head.join('')}${fields}actions=${formatInstructions(flow.instructions, options)}`;
}

/** What dump-flows says of a flow's past, which is passed over. */
const statistics = ['duration', 'n_packets', 'n_bytes', 'idle_age', 'hard_age', 'importance'] as const;

interface Reading {
  table: number;
  priority: number;
  cookie: bigint;
  idleTimeout: number;
  hardTimeout: number;
  flags: number;
}

type Keys = Readonly<Record<string, () => void>>;

function keysOf(r: Reader, flow: Reading): Keys {
  const u16 = (what: string): number => readNumber(r, optionValue(r), 0xffff, what);
  return {
    table: () => (flow.table = readNumber(r, optionValue(r), 0xff, 'a table')),
    priority: () => (flow.priority = u16('a priority')),
    cookie: () => (flow.cookie = readU64(r, optionValue(r))),
    idle_timeout: () => (flow.idleTimeout = u16('seconds')),
    hard_timeout: () => (flow.hardTimeout = u16('seconds')),
    ...Object.fromEntries(flagWords.map(([word, flag]) => [word, () => (flow.flags |= flag)])),
    ...Object.fromEntries(statistics.map(name => [name, () => optionValue(r)])),
  };
}

/**
 * Reads a flow as users type it for `ovs-ofctl add-flow` and as dump-flows prints it, statistics or not. What the text does
 * not say is what ovs-ofctl takes: table 0, priority 32768, cookie 0, no timeout and no flag.
 * @throws TextError OF_BAD_TEXT, with the place and what was expected there
 */
export function parseFlow(text: string, options: ReaderOptions = {}): Required<FlowText> {
  const r = new Reader(text, options);
  const flow: Reading = {
    table: 0,
    priority: usualPriority,
    cookie: 0n,
    idleTimeout: 0,
    hardTimeout: 0,
    flags: 0,
  };
  const keys = keysOf(r, flow);
  const match = new MatchReader(r);
  const seen = new Set<string>();
  while (r.hasNext()) {
    const name = r.word();
    if (name.text === 'actions' || name.text === 'action') {
      r.expect('=');
      return { ...flow, match: match.done(), instructions: readInstructions(r) };
    }
    const read = Object.hasOwn(keys, name.text) ? keys[name.text] : undefined;
    if (read) {
      if (seen.has(name.text)) r.fail(`${name.text} is given twice`, name.at);
      seen.add(name.text);
      read();
    } else if (!match.accepts(name))
      r.unknown('field', name, ['actions', ...Object.keys(keys), ...matchWords()]);
    if (!r.isAtBreak) r.fail(`expected , after ${name.text}`);
  }
  return r.fail('expected actions=, where the text ends');
}

const header = /^\s*(?:NXST_FLOW|OFPST_FLOW)\s+reply/;

/**
 * Reads all flows of a dump, or of a file for `ovs-ofctl add-flows`: one a line; blank lines, comments (`#`) and the
 * reply's own line are passed over.
 * @throws TextError OF_BAD_TEXT, with line, column and what was expected there
 */
export const parseFlows = (text: string, options: ReaderOptions = {}): readonly Required<FlowText>[] =>
  linesOf(text, options).flatMap(({ line, content }) =>
    header.test(content) ? [] : [parseFlow(content, { ...options, line })],
  );

/** The lines that say something, with their numbers. */
export function linesOf(
  text: string,
  options: ReaderOptions,
): readonly { readonly line: number; readonly content: string }[] {
  const first = new Reader(text, options).line;
  return text
    .split('\n')
    .map((content, index) => ({ line: first + index, content: content.replace(/#.*/, '') }))
    .filter(({ content }) => content.trim() !== '');
}
