/** Fields whose bits, or values, have names. */
import { decimal, hexadecimal } from './notations.js';
import type { MaskedValue, Notation } from './notations.js';

interface FlagsOptions {
  /** Bits that have no name have no meaning either: a value is written and read with a mask of those that have. */
  readonly onlyNamed?: true;
  /** `+oam` also where all bits count. */
  readonly alwaysSigned?: true;
}

/**
 * Bits by name, the lowest first: `+syn-ack` where some of them count (1 and 0), `syn|ack` where all do. A bit that has no
 * name is written `[200]`, which ovs-ofctl does not read.
 */
export function flags(names: readonly string[], { onlyNamed, alwaysSigned }: FlagsOptions = {}): Notation {
  const bits = new Map(names.map((name, bit) => [name, 1n << BigInt(bit)]));
  const named = (1n << BigInt(names.length)) - 1n;
  const all = onlyNamed ? named : undefined;
  return {
    expected: `flags (of ${names.join(', ')}: +${names[0] ?? ''} or -${names[0] ?? ''} for each that counts), or a number`,
    format: ({ value, mask }, row, options) => {
      if (mask === 0n || (value & ~(mask ?? value)) !== 0n)
        return hexadecimal.format({ value, mask }, row, options);
      const isWhole = mask === undefined || mask === all;
      return isWhole && !alwaysSigned ? formatSet(value, names) : formatSigned(value, mask ?? named, names);
    },
    parse: (token, row, r) => {
      if (/^[+-]/.test(token.text)) return parseSigned(token.text, bits);
      const { value, mask } = parseSet(token.text, bits) ?? hexadecimal.parse(token, row, r) ?? {};
      if (value === undefined || (all !== undefined && (value & ~all) !== 0n)) return undefined;
      return { value, mask: mask ?? all };
    },
  };
}

const unnamed = (bit: number): string => `[${(1n << BigInt(bit)).toString(16)}]`;

function formatSigned(value: bigint, mask: bigint, names: readonly string[]): string {
  let text = '';
  for (let bit = 0; mask >> BigInt(bit) !== 0n; bit++)
    if (((mask >> BigInt(bit)) & 1n) === 1n)
      text += `${((value >> BigInt(bit)) & 1n) === 1n ? '+' : '-'}${names[bit] ?? unnamed(bit)}`;
  return text;
}

function formatSet(value: bigint, names: readonly string[]): string {
  if (value === 0n) return '0';
  const set: string[] = [];
  for (let bit = 0; value >> BigInt(bit) !== 0n; bit++)
    if (((value >> BigInt(bit)) & 1n) === 1n) set.push(names[bit] ?? unnamed(bit));
  return set.join('|');
}

type Bits = ReadonlyMap<string, bigint>;

const oneFlag = /([+-])([a-z]+|\[[0-9a-f]{1,16}\])/giy;

function parseSigned(text: string, bits: Bits): MaskedValue | undefined {
  let value = 0n;
  let mask = 0n;
  oneFlag.lastIndex = 0;
  for (let at = 0; at < text.length; at = oneFlag.lastIndex) {
    const [, sign, name = ''] = oneFlag.exec(text) ?? [];
    const bit = bitOf(name, bits);
    if (bit === undefined || (mask & bit) !== 0n) return undefined;
    mask |= bit;
    if (sign === '+') value |= bit;
  }
  return { value, mask };
}

function parseSet(text: string, bits: Bits): MaskedValue | undefined {
  let value = 0n;
  for (const name of text.split('|')) {
    const bit = bitOf(name, bits);
    if (bit === undefined) return undefined;
    value |= bit;
  }
  return { value };
}

const bitOf = (name: string, bits: Bits): bigint | undefined =>
  /^\[[0-9a-f]{1,16}\]$/i.test(name) ? BigInt(`0x${name.slice(1, -1)}`) : bits.get(name.toLowerCase());

/** Names for some values of a field; what has none is a number. */
export function choices(named: Readonly<Record<string, MaskedValue>>): Notation {
  const all = Object.entries(named);
  return {
    expected: `one of ${all.map(([name]) => name).join(', ')}`,
    format: (one, row, options) => {
      const given = one.mask ?? (1n << BigInt(row.bits)) - 1n;
      const name = all.find(([, { value, mask }]) => value === one.value && mask === given)?.[0];
      return name ?? decimal.format(one, row, options);
    },
    parse: (token, row, r) =>
      all.find(([name]) => name === token.text.toLowerCase())?.[1] ?? decimal.parse(token, row, r),
  };
}
