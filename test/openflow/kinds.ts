/** Which parts of the protocol a decoded message has: by name those that are declared, by number those kept raw. */
import type { Message } from '../../src/openflow/index.js';
import { hexOf } from './fixtures.js';

type Values = Readonly<Record<string, unknown>>;

/** Every discriminated value in it, as `action output` or `oxm eth_type`; `unknown action ffff 00002320000a` if raw. */
export function kindsIn(message: Message): Set<string> {
  const kinds = new Set<string>();
  collect(message, 'message', kinds);
  return kinds;
}

function collect(value: unknown, what: string, kinds: Set<string>): void {
  if (Array.isArray(value)) for (const one of value) collect(one, what, kinds);
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Uint8Array)
    return;
  const values = value as Values;
  const { type, field } = values;
  if (type === 'unknown' || field === 'unknown') kinds.add(`unknown ${what} ${numberOf(values, what)}`);
  else if (type === 'experimenter') kinds.add(`unknown ${what} ${numberOf(values, what)}`);
  else if (typeof type === 'string') kinds.add(`${what} ${type}`);
  else if (typeof field === 'string') kinds.add(`oxm ${field}`);
  const name = type === 'multipart_request' || type === 'multipart_reply' ? `${type}:` : '';
  for (const [key, part] of Object.entries(values)) collect(part, `${name}${singular(key)}`, kinds);
}

const singular = (name: string): string => (name === 'properties' ? 'property' : name.replace(/s$/, ''));

const hexNumber = (value: unknown): string => (typeof value === 'number' ? value.toString(16) : '?');

const experimenterType = 0xffff;
/** An experimenter's id, and a subtype of 16 bits in Nicira's actions, of 32 bits in a multipart. */
const idSize = (what: string): number => (what.endsWith('body') ? 8 : 6);

function numberOf({ header, typeId, body, experimenter, expType }: Values, what: string): string {
  if (typeof header === 'number') return `class ${hexNumber(header >>> 16)} field ${(header >>> 9) & 0x7f}`;
  if (typeof experimenter === 'number') return `${hexNumber(experimenter)} ${hexNumber(expType)}`;
  const start =
    typeId === experimenterType && body instanceof Uint8Array ? hexOf(body.subarray(0, idSize(what))) : '';
  return `${hexNumber(typeId)} ${start}`.trim();
}
