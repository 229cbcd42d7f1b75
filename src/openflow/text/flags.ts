/** Fields whose bits, or values, have names. */
import { decimal, hexadecimal } from './notations.js';
import type { MaskedValue, Notation } from './notations.js';

/**
 * Bits by name, the lowest first: `+syn-ack` where some of them count (1 and 0), `syn|ack` where all do. What has no name
 * is written `[200]` among the names that are 1; where such a bit is asked for by a mask, all is written as numbers.
 */
export function flags(...names: readonly string[]): Notation {
  const bits = new Map(names.map((name, bit) => [name, 1n << BigInt(bit)]));
  const named = (1n << BigInt(names.length)) - 1n;
  return {
    expected: `flags (+${names[0] ?? ''}-${names[1] ?? ''}; of ${names.join(', ')}) or a number, with /mask where not all bits count`,
    format: (one, row, options) => {
      const { value, mask } = one;
      if (mask === undefined) return formatSet(value, names);
      if ((mask & ~named) !== 0n || (value & ~mask) !== 0n || mask === 0n)
        return hexadecimal.format(one, row, options);
      return [...bits]
        .filter(([, bit]) => (mask & bit) !== 0n)
        .map(([name, bit]) => `${(value & bit) === 0n ? '-' : '+'}${name}`)
        .join('');
    },
    parse: (token, row, r) =>
      /^[+-]/.test(token.text)
        ? parseSigned(token.text, bits)
        : (parseSet(token.text, bits) ?? hexadecimal.parse(token, row, r)),
  };
}

function formatSet(value: bigint, names: readonly string[]): string {
  if (value === 0n) return '0';
  const set: string[] = [];
  for (let bit = 0; value >> BigInt(bit) !== 0n; bit++)
    if (((value >> BigInt(bit)) & 1n) === 1n) set.push(names[bit] ?? `[${(1n << BigInt(bit)).toString(16)}]`);
  return set.join('|');
}

type Bits = ReadonlyMap<string, bigint>;

function parseSigned(text: string, bits: Bits): MaskedValue | undefined {
  if (!/^(?:[+-][a-z]+)+$/i.test(text)) return undefined;
  let value = 0n;
  let mask = 0n;
  for (const [, sign, name = ''] of text.matchAll(/([+-])([a-z]+)/gi)) {
    const bit = bits.get(name.toLowerCase());
    if (bit === undefined || (mask & bit) !== 0n) return undefined;
    mask |= bit;
    if (sign === '+') value |= bit;
  }
  return { value, mask };
}

function parseSet(text: string, bits: Bits): MaskedValue | undefined {
  let value = 0n;
  for (const name of text.split('|')) {
    const bit = /^\[[0-9a-f]{1,16}\]$/i.test(name)
      ? BigInt(`0x${name.slice(1, -1)}`)
      : bits.get(name.toLowerCase());
    if (bit === undefined) return undefined;
    value |= bit;
  }
  return { value };
}

/** Names for some values of a field; what has none is a number. */
export function choices(named: Readonly<Record<string, MaskedValue>>): Notation {
  const all = Object.entries(named);
  return {
    expected: `one of ${all.map(([name]) => name).join(', ')}`,
    format: (one, row, options) =>
      all.find(([, { value, mask }]) => value === one.value && mask === one.mask)?.[0] ??
      decimal.format(one, row, options),
    parse: (token, row, r) =>
      all.find(([name]) => name === token.text.toLowerCase())?.[1] ?? decimal.parse(token, row, r),
  };
}
