/**
 * The real ovs-ofctl reads what we write: random messages of every kind that is declared, printed by it with no complaint,
 * and where Heddle has a notation of its own for them, with the same words. ORACLE_DRAWS says how many are drawn,
 * ORACLE_SEED gives others.
 */
import t from 'tap';
import fc from '../support/fast-check.js';
import type { Spec } from '../../src/lib/struct/specs.js';
import {
  encodeInto,
  formatActions,
  formatInstructions,
  formatMatch,
  type Match,
  type Message,
  Writer,
} from '../../src/openflow/index.js';
import { flowMod } from '../../src/openflow/messages/flows.js';
import { message } from '../../src/openflow/messages/index.js';
import { arbitraryOf, never } from '../support/arbitrary.js';
import { choices } from './oracle/choices.js';
import { complaint, missing, printFrames } from './oracle/printed.js';

const draws = Number(process.env['ORACLE_DRAWS'] ?? 16_000);
const seed = Number(process.env['ORACLE_SEED'] ?? 20_130_901);
const everything = arbitraryOf(message, choices) as fc.Arbitrary<Message>;
/** These have the most to say. */
const flowMods = arbitraryOf({ ...message, variants: [flowMod] }, choices) as fc.Arbitrary<Message>;

/**
 * Fields that Open vSwitch prints otherwise than it was told them: parts of registers as registers, and some of tunnels,
 * connections and NSH only beside others.
 */
const otherwise = /^(xx?reg|tun_erspan|tun_gtpu|tun_gbp|ct_tp|nsh_c)/;

t.test('random messages of every kind', { skip: missing() }, t => {
  const sample = (of: fc.Arbitrary<Message>): Message[] => fc.sample(of, { numRuns: draws / 2, seed });
  const messages = [...sample(everything), ...sample(flowMods)].map((one, index) => withXid(one, index + 1));
  const writer = new Writer();
  for (const one of messages) encodeInto(writer, one);
  const { texts, log } = printFrames(writer.toBytes());
  const textOf = (one: Message): string => asWeSayIt(texts.get(one.xid) ?? '');

  const unprinted = messages.filter(({ xid }) => !texts.has(xid));
  t.same(unprinted, [], 'each is printed');
  t.equal(log, '', 'and nothing is logged');
  const refused = messages.filter(one => complaint.test(textOf(one)));
  t.same(refused.slice(0, 3).map(textOf), [], 'with no complaint');
  const meanings = messages.flatMap(one => meaningOf(one).map(part => ({ one, part })));
  const differing = meanings.filter(({ one, part }) => !textOf(one).includes(part));
  t.same(
    differing.slice(0, 3).map(({ one, part }) => ({ meant: part, printed: textOf(one) })),
    [],
    'as what was meant',
  );
  t.ok(meanings.length > draws / 2, `${meanings.length} texts were compared`);

  const seen = typesIn(messages);
  const missed = [...variantsOf(message)].filter(([, name]) => !seen.has(name)).map(([place]) => place);
  t.same(missed, [], 'nothing that is declared was left out');
  t.end();
});

/** A message inside another has its xid. */
function withXid(one: Message, xid: number): Message {
  return ('message' in one ? { ...one, xid, message: { ...one.message, xid } } : { ...one, xid }) as Message;
}

/** Parts of what ovs-ofctl must print, in the notation that Heddle itself writes. */
function meaningOf(one: Message): string[] {
  switch (one.type) {
    case 'flow_mod':
      return [`actions=${formatInstructions(one.instructions)}`, ...partsOf(one.match)];
    case 'packet_out':
      return [`actions=${formatActions(one.actions)} data_len`];
    case 'group_mod':
      return one.buckets.map(bucket => `actions=${formatActions(bucket.actions)}`);
    case 'flow_removed':
      return partsOf(one.match);
    case 'bundle_add':
      return one.message.type === 'unknown' ? [] : meaningOf(one.message);
    case 'multipart_reply':
      return one.body.type === 'flow'
        ? one.body.entries.flatMap(({ instructions, match }) => [
            ` actions=${formatInstructions(instructions)}`,
            ...partsOf(match),
          ])
        : [];
    default:
      return [];
  }
}

/** ovs-ofctl does not read `resubmit(,)` itself, so that Heddle writes what it reads. */
function asWeSayIt(text: string): string {
  return text.replaceAll(/\s+$/gm, '').replaceAll('resubmit(,)', 'resubmit:IN_PORT');
}

function partsOf(match: Match): string[] {
  return match.length === 0 || match.some(({ field }) => otherwise.test(field)) ? [] : [formatMatch(match)];
}

/** The names of all variants, by place, that the choices do not keep out. */
function variantsOf(
  spec: Spec,
  found = new Map<string, string>(),
  known = new Set<Spec>(),
): Map<string, string> {
  if (known.has(spec)) return found;
  known.add(spec);
  const add = (union: string, one: Spec & { readonly name: string }): void => {
    const place = `${union} ${one.name}`;
    if (choices[place] === never) return;
    found.set(place, one.name);
    variantsOf(one, found, known);
  };
  switch (spec.kind) {
    case 'union':
      for (const variant of spec.variants) add(spec.name, variant);
      break;
    case 'select':
      for (const { of } of spec.cases) add(spec.name, of);
      break;
    case 'struct':
      for (const [, field] of spec.fields) variantsOf(field, found, known);
      break;
    case 'list':
      variantsOf(spec.of, found, known);
      break;
    case 'lazy':
      variantsOf(spec.get(), found, known);
      break;
    default: // has none
  }
  return found;
}

/** Every `type` in a value, however deep. */
function typesIn(value: unknown, found = new Set<string>()): Set<string> {
  if (Array.isArray(value)) for (const one of value as unknown[]) typesIn(one, found);
  else if (typeof value === 'object' && value !== null && !ArrayBuffer.isView(value)) {
    if ('type' in value && typeof value.type === 'string') found.add(value.type);
    for (const one of Object.values(value)) typesIn(one, found);
  }
  return found;
}
