import type { Rate, RateUnit } from './config.js';
import type { Reading } from './endpoint.js';

/** Rates and amounts of traffic, as people write them: `100mbit`, `5000pps`, `64kbyte`, `500ms`. */

/** How much may pass above the rate: so much, or what the rate lets pass in so long. */
export type Burst =
  { readonly unit: RateUnit; readonly amount: number } | { readonly unit: 'ms'; readonly amount: number };

const rateUnits: Readonly<Record<string, readonly [RateUnit, factor: number]>> = {
  bit: ['kbit', 1e-3],
  kbit: ['kbit', 1],
  mbit: ['kbit', 1e3],
  gbit: ['kbit', 1e6],
  pps: ['packet', 1],
  kpps: ['packet', 1e3],
  mpps: ['packet', 1e6],
};

const burstUnits: Readonly<Record<string, readonly [Burst['unit'], factor: number]>> = {
  bit: ['kbit', 1e-3],
  kbit: ['kbit', 1],
  mbit: ['kbit', 1e3],
  gbit: ['kbit', 1e6],
  byte: ['kbit', 8e-3],
  kbyte: ['kbit', 8],
  mbyte: ['kbit', 8e3],
  packets: ['packet', 1],
  ms: ['ms', 1],
  s: ['ms', 1e3],
};

/** Units of other tools, some of which mean bits in one and bytes in another. */
const strangers: Readonly<Record<string, string>> = {
  bps: 'bit',
  kbps: 'kbit',
  mbps: 'mbit',
  gbps: 'gbit',
  k: 'kbit',
  m: 'mbit',
  g: 'gbit',
  kb: 'kbyte',
  mb: 'mbyte',
  b: 'byte',
  packet: 'packets',
};

const rateExpected = 'expected a rate such as 100mbit, 1.5gbit or 5000pps';
const burstExpected = 'expected an amount such as 500kbit, 64kbyte or 100packets, or a time such as 500ms';

/** A band's rate has 32 bits. */
const most = 2 ** 32 - 1;

/** @param text what the file has, of whatever type */
export function readRate(text: unknown): Reading<Rate> {
  const read = readQuantity(text, rateUnits, rateExpected);
  if ('problem' in read) return read;
  const [unit, amount] = read.value;
  const perSecond = Math.round(amount);
  const name = unit === 'kbit' ? 'kbit' : 'pps';
  if (perSecond < 1 || perSecond > most)
    return { problem: `expected a rate from 1${name} to ${most}${name}` };
  return { value: { unit, perSecond } };
}

/** @param text what the file has, of whatever type */
export function readBurst(text: unknown): Reading<Burst> {
  const read = readQuantity(text, burstUnits, burstExpected);
  if ('problem' in read) return read;
  const [unit, amount] = read.value;
  return amount > 0 ? { value: { unit, amount } } : { problem: 'expected a burst above 0' };
}

function readQuantity<Unit>(
  text: unknown,
  units: Readonly<Record<string, readonly [Unit, number]>>,
  expected: string,
): Reading<readonly [Unit, amount: number]> {
  if (typeof text !== 'string') return { problem: expected };
  const [, digits = '', word = ''] = /^(\d{1,15}(?:\.\d{1,9})?) ?([A-Za-z/]{0,16})$/.exec(text) ?? [];
  if (digits === '') return { problem: expected };
  const name = word.toLowerCase().replace(/\/s$/, '');
  const unit = Object.hasOwn(units, name) ? units[name] : undefined;
  if (unit !== undefined) return { value: [unit[0], Number(digits) * unit[1]] };
  const near = Object.hasOwn(strangers, name) ? strangers[name] : undefined;
  const hint =
    near !== undefined && Object.hasOwn(units, near) ? { hint: `did you mean "${digits}${near}"?` } : {};
  const known = Object.keys(units).join(', ');
  return {
    problem: word === '' ? `expected a unit behind the number: ${known}` : `unknown unit, ${expected}`,
    ...hint,
  };
}

/** A burst of bits or time, as a whole number of kbit. @param rate of bits */
export const kbitOf = ({ unit, amount }: Burst, rate: Rate): number =>
  Math.ceil(unit === 'ms' ? (rate.perSecond * amount) / 1_000 : amount);

/** `100mbit`, `1500kbit`, `5000pps`: what `readRate` reads back. */
export const formatRate = ({ unit, perSecond }: Rate): string =>
  unit === 'packet' ? `${perSecond}pps` : formatBits(perSecond);

/** @param kbit a whole number */
export function formatBits(kbit: number): string {
  if (kbit >= 1e6 && kbit % 1e6 === 0) return `${kbit / 1e6}gbit`;
  if (kbit >= 1e3 && kbit % 1e3 === 0) return `${kbit / 1e3}mbit`;
  return `${kbit}kbit`;
}
