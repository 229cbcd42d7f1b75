/** How the values of match fields are written: one notation each, with both its directions. */
import { formatIpv4, formatMac, parseIpv4 } from '../../lib/addresses.js';
import type { Notation as NotationName, OxmField } from '../fields/table.js';
import { formatIpv6, parseIpv6 } from '../../lib/ipv6.js';
import type { Reader, Token } from './reader.js';
import { expectedPort, formatPort, hex, parsePort, parseUint } from './values.js';
import type { PortName } from './values.js';

/** A value and which of its bits count; all of them where there is no mask. */
export interface MaskedValue {
  readonly value: bigint;
  readonly mask?: bigint | undefined;
}

/** How flows are written. */
export interface FormatOptions {
  /** The name of a port, to be written in place of its number. */
  readonly portName?: PortName | undefined;
}

export interface Notation {
  format(one: MaskedValue, row: OxmField, options: FormatOptions): string;
  /** Undefined where the text is none of this notation. */
  parse(token: Token, row: OxmField, r: Reader): MaskedValue | undefined;
  /** What a value looks like, for the error that says what was expected. */
  readonly expected: string;
}

/** A notation of `value` and `value/mask`, where both are written the same way. */
function plain(
  expected: string,
  format: (value: bigint, options: FormatOptions) => string,
  parse: (token: Token, r: Reader) => bigint | undefined,
  formatMasked = format,
): Notation {
  return {
    expected,
    format: ({ value, mask }, _row, options) =>
      mask === undefined
        ? format(value, options)
        : `${formatMasked(value, options)}/${formatMasked(mask, options)}`,
    parse: (token, _row, r) => {
      const [value, mask] = halves(token).map(half => parse(half, r));
      if (value === undefined) return undefined;
      if (!token.text.includes('/')) return { value };
      return mask === undefined ? undefined : { value, mask };
    },
  };
}

function halves({ text, at }: Token): readonly Token[] {
  const slash = text.indexOf('/');
  if (slash < 0) return [{ text, at }];
  return [
    { text: text.slice(0, slash), at },
    { text: text.slice(slash + 1), at: at + slash + 1 },
  ];
}

const number = ({ text }: Token): bigint | undefined => parseUint(text);
const expectedNumber = 'a number (decimal or 0x…), with /mask where not all bits count';

/** Where there is a mask, hexadecimal: `0x0/0x1`. */
export const decimal = plain(expectedNumber, String, number, value => `0x${value.toString(16)}`);
/** As `decimal`, with two digits where there is a mask: `0x00/0x01`. */
export const decimalByte = plain(
  expectedNumber,
  String,
  number,
  value => `0x${value.toString(16).padStart(2, '0')}`,
);
/** As `decimal`, where a value is written to a field: `1/0x3`. */
export const decimalToSet: Notation = {
  ...decimal,
  format: ({ value, mask }) => (mask === undefined ? String(value) : `${value}/${hex(mask)}`),
};
export const hexadecimal = plain(expectedNumber, hex, number);

/** Hexadecimal, with zeros up to so many digits. */
export const padded = (digits: number): Notation =>
  plain(expectedNumber, value => `0x${value.toString(16).padStart(digits, '0')}`, number);

const mac = plain(
  'a MAC address (aa:bb:cc:dd:ee:ff), with /mask where not all bits count',
  value => formatMac(Number(value)),
  ({ text }) =>
    /^[0-9a-f]{1,2}(:[0-9a-f]{1,2}){5}$/i.test(text)
      ? text.split(':').reduce((address, byte) => (address << 8n) | BigInt(`0x${byte}`), 0n)
      : undefined,
);

const port = plain(
  expectedPort,
  (value, { portName }) => formatPort(Number(value), portName),
  (token, r) => {
    const found = parsePort(r, token);
    return found === undefined ? undefined : BigInt(found);
  },
  hex,
);

/** An IP address; a mask that is a prefix is written as its length. */
function address(expected: string, bits: number, plainly: Notation): Notation {
  return {
    expected,
    format: (one, row, options) => {
      const prefix = one.mask === undefined ? undefined : prefixLength(one.mask, bits);
      return prefix === undefined
        ? plainly.format(one, row, options)
        : `${plainly.format({ value: one.value }, row, options)}/${prefix}`;
    },
    parse: (token, row, r) => {
      const [, length] = halves(token);
      if (length === undefined || !/^[0-9]{1,3}$/.test(length.text)) return plainly.parse(token, row, r);
      const one = plainly.parse({ ...token, text: token.text.slice(0, -length.text.length - 1) }, row, r);
      const prefix = Number(length.text);
      return one && prefix <= bits
        ? { value: one.value, mask: (1n << BigInt(bits)) - (1n << BigInt(bits - prefix)) }
        : undefined;
    },
  };
}

const ipv4Address = 'an IPv4 address (a.b.c.d), with /length or /mask where not all bits count';
const ipv4 = address(
  ipv4Address,
  32,
  plain(
    ipv4Address,
    value => formatIpv4(Number(value)),
    ({ text }) => {
      const found = parseIpv4(text);
      return found === undefined ? undefined : BigInt(found);
    },
  ),
);

const ipv6Address = 'an IPv6 address, with /length or /mask where not all bits count';
const ipv6 = address(
  ipv6Address,
  128,
  plain(ipv6Address, formatIpv6, ({ text }) => parseIpv6(text)),
);

/** How many leading ones a mask has, where it has nothing else. */
function prefixLength(mask: bigint, bits: number): number | undefined {
  const zeros = mask === 0n ? bits : mask.toString(2).length - mask.toString(2).lastIndexOf('1') - 1;
  return mask === (1n << BigInt(bits)) - (1n << BigInt(zeros)) ? bits - zeros : undefined;
}

/** The notation that the table of fields names. */
export const notations: Readonly<Record<NotationName, Notation>> = {
  decimal,
  hex: hexadecimal,
  mac,
  ipv4,
  ipv6,
  port,
  bytes: hexadecimal,
};
