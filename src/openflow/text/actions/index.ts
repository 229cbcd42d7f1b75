/** Actions in ovs-ofctl's notation, both ways. */
import type { Action, ActionOf } from '../../actions/actions.js';
import type { FormatOptions } from '../notations.js';
import { Reader } from '../reader.js';
import type { ReaderOptions } from '../reader.js';
import { parsePort } from '../values.js';
import type { ActionParser, ActionText, FormatContext } from './entry.js';
import * as choice from './choice.js';
import * as conntrack from './conntrack.js';
import { controller, controller2 } from './controller.js';
import { decap, encap } from './encap.js';
import * as fields from './fields.js';
import * as headers from './headers.js';
import { learn, learn2 } from './learn.js';
import * as outputs from './output.js';
import * as sampling from './sampling.js';
import * as tables from './tables.js';

/** One entry for each kind of action: a kind that has none is a type error. */
const texts: { readonly [T in Action['type']]: ActionText<ActionOf<T>> } = {
  output: outputs.output,
  output_reg: outputs.outputReg,
  output_reg2: outputs.outputReg2,
  output_trunc: outputs.outputTrunc,
  group: outputs.group,
  set_queue: outputs.setQueue,
  pop_queue: outputs.popQueue,
  controller,
  controller2,
  set_field: fields.setField,
  load: fields.load,
  load2: fields.load2,
  move: fields.move,
  copy_field: fields.copyField,
  stack_push: fields.stackPush,
  stack_pop: fields.stackPop,
  check_pkt_larger: fields.checkPktLarger,
  delete_field: fields.deleteField,
  set_tunnel: fields.setTunnel,
  set_tunnel64: fields.setTunnel64,
  push_vlan: headers.pushVlan,
  pop_vlan: headers.popVlan,
  push_mpls: headers.pushMpls,
  pop_mpls: headers.popMpls,
  push_pbb: headers.pushPbb,
  pop_pbb: headers.popPbb,
  set_nw_ttl: headers.setNwTtl,
  dec_nw_ttl: headers.decNwTtl,
  dec_ttl_cnt_ids: headers.decTtlCntIds,
  set_mpls_ttl: headers.setMplsTtl,
  dec_mpls_ttl: headers.decMplsTtl,
  copy_ttl_out: headers.copyTtlOut,
  copy_ttl_in: headers.copyTtlIn,
  dec_nsh_ttl: headers.decNshTtl,
  encap,
  decap,
  resubmit_port: tables.resubmitPort,
  resubmit: tables.resubmit,
  resubmit_ct: tables.resubmitCt,
  conjunction: tables.conjunction,
  note: tables.note,
  clone: tables.clone,
  exit: tables.exit,
  debug_recirc: tables.debugRecirc,
  debug_slow: tables.debugSlow,
  unknown: tables.unknown,
  learn,
  learn2,
  ct: conntrack.ct,
  nat: conntrack.nat,
  ct_clear: conntrack.ctClear,
  multipath: choice.multipath,
  bundle: choice.bundle,
  bundle_load: choice.bundleLoad,
  sample: sampling.sample,
  sample2: sampling.sample2,
  sample3: sampling.sample3,
  fin_timeout: sampling.finTimeout,
};

const words = new Map<string, ActionParser>(
  Object.values<{ readonly words: Readonly<Record<string, ActionParser>> }>(texts).flatMap(one =>
    Object.entries(one.words),
  ),
);

/** The words that begin actions. */
export const actionWords = (): readonly string[] => ['drop', ...words.keys()];

/**
 * Actions as ovs-ofctl prints and reads them; `drop` where there are none. `parseActions` reads them back. What the
 * notation can not say: `maxLen` of an output that is not to the controller, and of output_reg. An action that we do not
 * know is shown by its bytes, which ovs-ofctl does not read and `parseActions` does.
 */
export function formatActions(actions: readonly Action[], options: FormatOptions = {}): string {
  const context: FormatContext = { ...options, actions: held => formatList(held, context) };
  return context.actions(actions);
}

const formatList = (actions: readonly Action[], context: FormatContext): string =>
  actions.length === 0 ? 'drop' : actions.map(one => formatAction(one, context)).join(',');

/** The entry has the type that belongs to the action; TypeScript can not follow that through a lookup. */
const formatAction = (action: Action, context: FormatContext): string =>
  (texts[action.type] as ActionText<Action>).format(action, context);

const names = /[A-Za-z0-9_]+|"[^"]*"/y;

/** Reads one action, or `drop`, which is none. */
export function readAction(r: Reader, more: Iterable<string> = []): readonly Action[] {
  const word = r.matching(names);
  const key = word.text.toLowerCase();
  const read = words.get(key);
  const port = read || key === 'drop' ? undefined : parsePort(r, word);
  if (key !== 'drop' && !read && port === undefined) r.unknown('action', word, [...actionWords(), ...more]);
  const actions =
    read?.({ r, word, actions: () => readHeld(r) }) ?? (port === undefined ? [] : outputs.toPort(port));
  if (!r.isAtBreak) r.fail(`expected , after ${word.text}`);
  return actions instanceof Array ? actions : [actions];
}

/** Reads the actions in parentheses that another action, or an instruction, holds. */
export function readHeld(r: Reader): readonly Action[] {
  const all: Action[] = [];
  r.list(() => all.push(...readAction(r)));
  return all;
}

/**
 * Reads actions: `set_field:1->reg0,resubmit(,5)`; none where the text is empty or `drop`.
 * @throws TextError OF_BAD_TEXT, with the place and what was expected there
 */
export function parseActions(text: string, options: ReaderOptions = {}): readonly Action[] {
  const r = new Reader(text, options);
  const all: Action[] = [];
  while (r.hasNext()) all.push(...readAction(r));
  return all;
}
