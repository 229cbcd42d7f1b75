/** Reads a match: the items of it in any order, then what they mean together. */
import type { Match } from '../fields/match.js';
import type { KnownOxm, Oxm } from '../fields/oxm.js';
import { fieldByHeader, fieldByName } from '../fields/table.js';
import type { OxmField } from '../fields/table.js';
import { cleared, matchFieldNames, matchFields } from './fields.js';
import type { Spelled } from './fields.js';
import { decimal, hexadecimal } from './notations.js';
import type { MaskedValue, Notation } from './notations.js';
import { protocols, shared } from './protocols.js';
import type { Known } from './protocols.js';
import { Reader } from './reader.js';
import type { ReaderOptions, Token } from './reader.js';
import { bytesOf, bytesOfNumber, parseUint, widthOf } from './values.js';
import { fieldsOfTag, vidOf } from './vlan.js';

/** A field and its value, as they were written. */
interface Item {
  readonly name: Token;
  readonly value: Token;
}

const isWord = (name: string): boolean => Object.hasOwn(protocols, name);
const vlanNames: readonly string[] = ['dl_vlan', 'dl_vlan_pcp', 'vlan_tci'];
/** All words that may stand in a match. */
export const matchWords = (): readonly string[] => [
  ...Object.keys(protocols),
  ...vlanNames,
  ...matchFieldNames(),
];

/** The name space of a packet_type whose types are Ethernet's. */
const etherTypes = 1;
const packetTypeValue = /\([^()]*\)/y;

export class MatchReader {
  readonly #r: Reader;
  readonly #items: Item[] = [];
  readonly #words: Token[] = [];
  readonly #fields = new Map<string, { readonly oxm: Oxm; readonly at: number }>();

  constructor(r: Reader) {
    this.#r = r;
  }

  /** Reads the item that begins with `name`; false where it is none of a match. */
  accepts(name: Token): boolean {
    const { text } = name;
    if (isWord(text)) this.#words.push(name);
    else if (vlanNames.includes(text) || matchFields(text).length > 0 || unknownHeader(text) !== undefined) {
      const isPresence = this.#r.isAtBreak && matchFields(text)[0]?.row.notation === 'bytes';
      if (!isPresence) this.#r.expect('=');
      const value = this.#r.sees('(') ? this.#r.matching(packetTypeValue) : this.#r.value();
      this.#items.push({ name, value });
    } else return false;
    return true;
  }

  /** What the items mean together, in canonical order. */
  done(): Match {
    for (const { text, at } of this.#words) this.#putProtocol(text, at);
    for (const item of this.#items) if (isEthType(item)) this.#putItem(item);
    for (const item of this.#items) if (isIpProto(item)) this.#putItem(item);
    for (const item of this.#items) if (!isEthType(item) && !isIpProto(item)) this.#putItem(item);
    if (this.#fields.has('vlan_pcp') && !this.#fields.has('vlan_vid'))
      this.#put({ field: 'vlan_vid', value: 0x1000, mask: 0x1000 }, 0);
    return [...this.#fields.values()].map(({ oxm }) => oxm).sort((a, b) => rankOf(a) - rankOf(b));
  }

  /** What the match says of the protocol, so far. */
  get known(): Known {
    const packetType = this.#exact('packet_type') ?? 0;
    const inner = packetType >>> 16 === etherTypes ? packetType & 0xffff : undefined;
    return { ethType: this.#exact('eth_type') ?? inner, ipProto: this.#exact('ip_proto') };
  }

  #exact(field: 'eth_type' | 'ip_proto' | 'packet_type'): number | undefined {
    const found = this.#fields.get(field)?.oxm;
    return found?.field === field && found.mask === undefined ? found.value : undefined;
  }

  #putProtocol(word: string, at: number): void {
    const one = protocols[word];
    if (!one) return;
    this.#put({ field: 'eth_type', value: one.ethType }, at);
    if (one.ipProto !== undefined) this.#put({ field: 'ip_proto', value: one.ipProto }, at);
  }

  /** Adds a field. The same may be said twice (`tcp,nw_proto=6`), two things of one field may not. */
  #put(oxm: Oxm, at: number): void {
    const key = oxm.field === 'unknown' ? `unknown ${oxm.header}` : oxm.field;
    const before = this.#fields.get(key)?.oxm;
    if (before && !isSame(before, oxm)) this.#r.fail(`${key} is given twice, with two values`, at);
    this.#fields.set(key, { oxm, at });
  }

  #putItem(item: Item): void {
    const { name, value } = item;
    if (value.text === '*') return;
    const [spelled] = matchFields(name.text);
    if (spelled?.row.notation === 'bytes' && value.text === '') {
      const none = new Uint8Array();
      this.#put({ field: spelled.row.name, value: none, mask: none } as KnownOxm, name.at);
      return;
    }
    const header = unknownHeader(name.text);
    if (header !== undefined) this.#put(readUnknownOxm(this.#r, header, name, value), name.at);
    else if (name.text === 'dl_vlan') this.#putDlVlan(value);
    else if (name.text === 'vlan_tci') this.#putTci(value);
    else {
      const { row, notation } = this.#meant(name);
      for (const oxm of readOxm(this.#r, row, notation, value))
        // A packet is one of Ethernet where nothing else is said.
        if (oxm.field !== 'packet_type' || oxm.value !== 0) this.#put(oxm, name.at);
    }
  }

  /** The field that a name means with this protocol. */
  #meant(name: Token): Spelled {
    const fields = matchFields(name.text);
    const one = Object.hasOwn(shared, name.text) ? shared[name.text] : undefined;
    const field = one?.meanings.find(({ when }) => when(this.known))?.field;
    const found = one ? matchSpelling(field) : fields[0];
    if (!found) this.#r.fail(`${name.text} needs ${one?.needs ?? 'a protocol'} in the match`, name.at);
    return found;
  }

  #putDlVlan(value: Token): void {
    const number = parseUint(value.text);
    const vid = number === undefined ? undefined : vidOf(number);
    if (vid === undefined) this.#r.mismatch('a VLAN from 0 to 4095, or 65535 for no tag', value);
    this.#put({ field: 'vlan_vid', value: vid }, value.at);
  }

  #putTci(value: Token): void {
    const row = fieldByName('vlan_tci');
    const [tag] = row ? readOxm(this.#r, row, hexadecimal, value) : [];
    if (tag?.field !== 'vlan_tci') return;
    for (const oxm of fieldsOfTag({ value: tag.value, mask: tag.mask ?? 0xffff })) this.#put(oxm, value.at);
  }
}

const isEthType = ({ name }: Item): boolean => ['dl_type', 'eth_type', 'packet_type'].includes(name.text);
const isIpProto = ({ name }: Item): boolean => name.text === 'nw_proto' || name.text === 'ip_proto';
const rankOf = (one: Oxm): number =>
  one.field === 'unknown' ? Infinity : (fieldByName(one.field)?.rank ?? 0);

/** The header of a field that we do not know, from what formatMatch calls it. */
export function unknownHeader(name: string): number | undefined {
  const digits = /^oxm_0x([0-9a-f]{8})$/i.exec(name)?.[1];
  return digits === undefined ? undefined : Number.parseInt(digits, 16);
}

/** A field that we do not know, with the bytes that were written. */
export function readUnknownOxm(r: Reader, header: number, name: Token, value: Token): Oxm {
  const size = header & 0xff;
  const body = /^0x/i.test(value.text) ? bytesOf(value.text.slice(2)) : undefined;
  if (body?.length !== size) r.mismatch(`0x and ${size} bytes in hexadecimal`, value);
  if (fieldByHeader(header)) r.fail(`${name.text} is a field that has a name`, name.at);
  return { field: 'unknown', header, body };
}

function matchSpelling(field: string | undefined): Spelled | undefined {
  if (field === undefined) return undefined;
  return matchFields(field).find(({ row }) => row.name === field);
}

function isSame(a: Oxm, b: Oxm): boolean {
  if (a.field === 'unknown' || b.field === 'unknown') return false;
  return a.field === b.field && a.value === b.value && a.mask === b.mask;
}

/** A field with the value that was written: none where its mask is 0, and no mask where that is all ones. */
export function readOxm(r: Reader, row: OxmField, notation: Notation, token: Token): readonly KnownOxm[] {
  const one = notation.parse(token, row, r);
  if (!one) r.mismatch(notation.expected, token);
  const most = (1n << BigInt(row.bits)) - 1n;
  if (one.value > most || (one.mask ?? 0n) > most)
    r.mismatch(
      `a value of at most ${row.bits} bits (${(notation === decimal ? decimal : hexadecimal).format({ value: most }, row, {})})`,
      token,
    );
  const { value, mask } = cleared(one);
  if (mask === 0n) return [];
  return [knownOxm(row, { value, mask: mask === most ? undefined : mask })];
}

/** The table gives the value the type that belongs to the name; TypeScript can not follow that through a lookup. */
export function knownOxm(row: OxmField, { value, mask }: MaskedValue): KnownOxm {
  const width = Math.max(widthOf(value), widthOf(mask ?? 0n));
  const sized = (of: bigint): number | bigint | Uint8Array => {
    if (row.notation === 'bytes') return bytesOfNumber(of, width);
    return row.size >= 8 ? of : Number(of);
  };
  return {
    field: row.name,
    value: sized(value),
    ...(mask === undefined ? {} : { mask: sized(mask) }),
  } as KnownOxm;
}

/**
 * Reads a match: `tcp,nw_src=10.0.0.0/8,tp_dst=80`, in ovs-ofctl's spellings, old and new, with commas or spaces between
 * the items. The fields come back in canonical order; what a field needs (`tcp_src` needs `tcp`) is for `encode` to check.
 * @throws TextError OF_BAD_TEXT, with the place and what was expected there
 */
export function parseMatch(text: string, options: ReaderOptions = {}): Match {
  const r = new Reader(text, options);
  const match = new MatchReader(r);
  while (r.hasNext()) {
    const name = r.word();
    if (!match.accepts(name)) r.unknown('field', name, matchWords());
    if (!r.isAtBreak) r.fail(`expected , after ${name.text}`);
  }
  return match.done();
}
