/** Numbers, ports and bytes as ovs-ofctl writes them, both ways. */
import { OFPP } from '../constants.js';
import type { Reader, Token } from './reader.js';

/** Hexadecimal, and a bare 0. */
export const hex = (value: number | bigint): string =>
  BigInt(value) === 0n ? '0' : `0x${value.toString(16)}`;

/** Bytes that have no notation of their own. */
export const hexOf = (bytes: Uint8Array): string =>
  Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('');

/** Bytes from pairs of hexadecimal digits, or undefined. */
export function bytesOf(text: string): Uint8Array | undefined {
  if (text.length % 2 !== 0 || !/^[0-9a-f]*$/i.test(text)) return undefined;
  return Uint8Array.from({ length: text.length / 2 }, (_, i) =>
    Number.parseInt(text.slice(2 * i, 2 * i + 2), 16),
  );
}

/** A value as a number, whatever it is in a match: bytes are one, the first of them the highest. */
export const bigintOf = (value: number | bigint | Uint8Array): bigint =>
  value instanceof Uint8Array ? BigInt(`0x0${hexOf(value)}`) : BigInt(value);

/** How many bytes a number takes, at least 1. */
export const widthOf = (value: bigint): number => Math.ceil(value.toString(16).length / 2);

/** A number in `width` bytes, which it fits. */
export const bytesOfNumber = (value: bigint, width: number): Uint8Array =>
  bytesOf(value.toString(16).padStart(2 * width, '0')) ?? new Uint8Array(width);

/** `01.02.03`: the bytes of a note or of userdata. */
export const dottedBytes = (bytes: Uint8Array): string => hexOf(bytes).replace(/(..)(?=.)/g, '$1.');

/** More digits than any field has: longer ones would take more than linear time. */
const mostDigits = 300;

/** A decimal or hexadecimal number, or undefined. A leading 0 is refused: ovs-ofctl reads octal there. */
export const parseUint = (text: string): bigint | undefined =>
  text.length <= mostDigits && /^(?:0|[1-9][0-9]*|0x[0-9a-f]+)$/i.test(text) ? BigInt(text) : undefined;

/** A number from 0 to `most`. */
export function readNumber(r: Reader, token: Token, most: number, what = 'a number'): number {
  const value = parseUint(token.text);
  if (value === undefined || value > BigInt(most)) r.mismatch(`${what} from 0 to ${most}`, token);
  return Number(value);
}

/** A number of 64 bits. */
export function readU64(r: Reader, token: Token): bigint {
  const value = parseUint(token.text);
  if (value === undefined || value >> 64n !== 0n) r.mismatch('a number of 64 bits', token);
  return value;
}

const portNames = new Map<number, string>(
  Object.entries(OFPP).flatMap(([name, number]): [number, string][] =>
    name === 'MAX' ? [] : [[number, name]],
  ),
);
const reservedPorts = new Map<string, number>([
  ...[...portNames].map(([number, name]): [string, number] => [name, number]),
  ['NONE', OFPP.ANY],
]);

/** Names the ports of a switch; undefined where a port has no name that is to be shown. */
export type PortName = (port: number) => string | undefined;

/** A port by number, or by name where it is a reserved one, or where `portName` has one for it. */
export function formatPort(port: number, portName?: PortName): string {
  const name = portNames.get(port) ?? portName?.(port);
  if (name === undefined || name.includes('"')) return String(port);
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) ? name : `"${name}"`;
}

/** A port of OpenFlow 1.0's 16 bits: its reserved ones are the last of them. */
export const formatPort16 = (port: number, portName?: PortName): string =>
  formatPort(widened(port), portName);

const widened = (port: number): number => (port >= 0xfff8 && port <= 0xffff ? 0xffff0000 + port : port);

/**
 * A port by number or name, or undefined. As with ovs-ofctl 0xfff8 to 0xffff are OpenFlow 1.0's numbers of the reserved
 * ports, whatever the version.
 */
export function parsePort(r: Reader, { text }: Token): number | undefined {
  const number = parseUint(text);
  if (number !== undefined) return number > 0xffffffffn ? undefined : widened(Number(number));
  const name = text.startsWith('"') ? text.slice(1, -1) : text;
  return reservedPorts.get(name.toUpperCase()) ?? r.portNumber(name);
}

export const expectedPort = 'a port (a number, LOCAL, IN_PORT, CONTROLLER, NORMAL, FLOOD, ALL, TABLE or ANY)';

export const readPort = (r: Reader, token: Token): number =>
  parsePort(r, token) ?? r.mismatch(expectedPort, token);

/** A port that fits OpenFlow 1.0's 16 bits. */
export function readPort16(r: Reader, token: Token): number {
  const port = readPort(r, token);
  if (port > 0xfff7 && port < OFPP.IN_PORT) r.mismatch('a port of 16 bits', token);
  return port & 0xffff;
}
