/** Meters as `ovs-ofctl dump-meters` prints them and `ovs-ofctl add-meter` reads them. */
import { OFPM, OFPMF } from '../constants.js';
import type { MeterBand } from '../messages/meters.js';
import { readUnknown } from './actions/names.js';
import { optionValue } from './actions/entry.js';
import { linesOf } from './flow.js';
import { Reader } from './reader.js';
import type { ReaderOptions } from './reader.js';
import { bytesOf, hexOf, readNumber } from './values.js';

/** What of a meter is shown. */
export interface MeterText {
  /** 1 to OFPM.MAX, or one of OFPM. */
  readonly id: number;
  /** A bitmap of OFPMF. */
  readonly flags: number;
  /** What it does above a rate. */
  readonly bands: readonly MeterBand[];
}

const meterNames: Readonly<Record<string, number>> = {
  slowpath: OFPM.SLOWPATH,
  controller: OFPM.CONTROLLER,
  all: OFPM.ALL,
};
const flagWords: readonly (readonly [word: string, flag: number])[] = [
  ['kbps', OFPMF.KBPS],
  ['pktps', OFPMF.PKTPS],
  ['burst', OFPMF.BURST],
  ['stats', OFPMF.STATS],
];

/**
 * A meter as ovs-ofctl prints it, with a line for each band: `meter=1 kbps stats bands=⏎type=drop rate=1000`. As there, a
 * burst size is shown where the meter has OFPMF.BURST. `ovs-ofctl add-meter` and `parseMeter` read it back, line breaks
 * and all. A band of an experimenter, and one that we do not know, are shown by their bytes, which ovs-ofctl does not read.
 */
export function formatMeter({ id, flags, bands }: MeterText): string {
  const name = Object.entries(meterNames).find(([, number]) => number === id)?.[0] ?? String(id);
  const words = flagWords.filter(([, flag]) => (flags & flag) !== 0).map(([word]) => `${word} `);
  return [`meter=${name} ${words.join('')}bands=`, ...bands.map(band => formatBand(band, flags))].join('\n');
}

function formatBand(band: MeterBand, flags: number): string {
  if (band.type === 'unknown') return `type=unknown(${band.typeId},${hexOf(band.body)})`;
  const burst = (flags & OFPMF.BURST) !== 0 ? [`burst_size=${band.burstSize}`] : [];
  const more =
    band.type === 'dscp_remark'
      ? [`prec_level=${band.precLevel}`]
      : band.type === 'experimenter'
        ? [`experimenter=${band.experimenter}`, `data=${hexOf(band.data)}`]
        : [];
  return [`type=${band.type}`, `rate=${band.rate}`, ...burst, ...more].join(' ');
}

/** A band as it was read, before it is known whether all of it is there. */
interface BandReading {
  readonly type: 'drop' | 'dscp_remark' | 'experimenter';
  readonly at: number;
  rate: number | undefined;
  burstSize: number;
  precLevel: number;
  experimenter: number;
  data: Uint8Array;
}

/**
 * Reads a meter as users type it for `ovs-ofctl add-meter` and as dump-meters prints it: commas, spaces and line breaks all
 * separate.
 * @throws TextError OF_BAD_TEXT, with the place and what was expected there
 */
export function parseMeter(text: string, options: ReaderOptions = {}): MeterText {
  const r = new Reader(text, options);
  let id: number | undefined;
  let flags = 0;
  const bands: (BandReading | MeterBand)[] = [];
  const keys: Record<string, () => void> = {
    meter: () => (id = readMeterId(r)),
    ...Object.fromEntries(flagWords.map(([word, flag]) => [word, () => (flags |= flag)])),
    bands: () => {
      r.expect('=');
    },
    band: () => {
      r.expect('=');
    },
    ...bandKeys(r, bands),
  };
  while (r.hasNext()) {
    const name = r.word();
    const read = Object.hasOwn(keys, name.text) ? keys[name.text] : undefined;
    if (!read) return r.unknown('key', name, Object.keys(keys));
    read();
    if (!r.isAtBreak && !/^bands?$/.test(name.text)) r.fail(`expected , after ${name.text}`);
  }
  if (id === undefined) return r.fail('expected meter=, where the text ends');
  return { id, flags, bands: bands.map(one => ('at' in one ? bandOf(r, one) : one)) };
}

function readMeterId(r: Reader): number {
  const token = optionValue(r);
  const named = Object.hasOwn(meterNames, token.text) ? meterNames[token.text] : undefined;
  return named ?? readNumber(r, token, 0xffffffff, 'a meter');
}

function bandKeys(r: Reader, bands: (BandReading | MeterBand)[]): Record<string, () => void> {
  const latest = (): BandReading => {
    const band = bands.at(-1);
    return band && 'at' in band ? band : r.fail('expected type=, which begins a band');
  };
  const u32 = (what: string): number => readNumber(r, optionValue(r), 0xffffffff, what);
  return {
    type: () => {
      bands.push(readBandType(r));
    },
    rate: () => (latest().rate = u32('a rate')),
    burst_size: () => (latest().burstSize = u32('a size')),
    prec_level: () => (latest().precLevel = readNumber(r, optionValue(r), 0xff, 'a level')),
    experimenter: () => (latest().experimenter = u32('an experimenter')),
    data: () => {
      const token = optionValue(r);
      latest().data = bytesOf(token.text) ?? r.mismatch('bytes in hexadecimal', token);
    },
  };
}

const bandTypes = ['drop', 'dscp_remark', 'experimenter'] as const;

function readBandType(r: Reader): BandReading | MeterBand {
  const token = optionValue(r);
  if (token.text === 'unknown') return { type: 'unknown', ...readUnknown(r) };
  const type = bandTypes.find(one => one === token.text) ?? r.unknown('type', token, bandTypes);
  const rest = { rate: undefined, burstSize: 0, precLevel: 0, experimenter: 0, data: new Uint8Array() };
  return { type, at: token.at, ...rest };
}

function bandOf(
  r: Reader,
  { type, at, rate, burstSize, precLevel, experimenter, data }: BandReading,
): MeterBand {
  if (rate === undefined) return r.fail('expected rate= for this band', at);
  if (type === 'drop') return { type, rate, burstSize };
  if (type === 'dscp_remark') return { type, rate, burstSize, precLevel };
  return { type, rate, burstSize, experimenter, data };
}

const header = /^\s*OFPST_METER_CONFIG\s+reply/;

/**
 * Reads all meters of a dump: each begins with a line that begins with `meter=`.
 * @throws TextError OF_BAD_TEXT, with line, column and what was expected there
 */
export function parseMeters(text: string, options: ReaderOptions = {}): readonly MeterText[] {
  const meters: { line: number; content: string }[] = [];
  for (const { line, content } of linesOf(text, options)) {
    if (header.test(content)) continue;
    const latest = meters.at(-1);
    if (latest && !/^\s*meter\s*[=:]/.test(content)) latest.content += `\n${content}`;
    else meters.push({ line, content });
  }
  return meters.map(({ line, content }) => parseMeter(content, { ...options, line }));
}
