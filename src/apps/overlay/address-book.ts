import type { IpAddress } from '../../config/config.js';
import type { LearnedFlow, LearnedNews } from '../../intent/index.js';
import type { Dpid, Mac } from '../../lib/addresses.js';

/** That a MAC has said that it has an address. */
export interface SeenAddress {
  readonly address: IpAddress;
  /** Since when it is known, in milliseconds. */
  readonly since: number;
}

interface Note extends SeenAddress {
  readonly cookie: bigint;
  readonly vni: number;
  readonly mac: Mac;
}

/** So many notes of one switch are kept. */
export const mostNotes = 65_536;

/** Which addresses MACs have, as switches have noted it (learn-ips.ts). Kept in place. */
export class AddressBook {
  readonly #bySwitch = new Map<Dpid, Map<string, Note>>();
  readonly #byMac = new Map<string, Set<Note>>();

  /** @param table the one that notes are in: other flows of the news are none */
  onNews({ dpid, whole, changes }: LearnedNews, table: number, now: number): void {
    const notes = this.#bySwitch.get(dpid) ?? new Map<string, Note>();
    this.#bySwitch.set(dpid, notes);
    const gone = new Set(whole ? notes.keys() : undefined);
    for (const { type, flow } of changes) {
      const note = flow.table === table ? noteOf(flow, now) : undefined;
      if (note === undefined) continue;
      const key = `${note.vni} ${note.mac} ${note.address.version} ${note.address.value}`;
      const before = notes.get(key);
      if (type === 'went') this.#drop(notes, key);
      else if (before?.cookie === note.cookie) gone.delete(key);
      else {
        this.#drop(notes, key);
        gone.delete(key);
        if (notes.size < mostNotes) this.#keep(notes, key, note);
      }
    }
    for (const key of gone) this.#drop(notes, key);
  }

  /** Forgets what was noted under other cookies than these: the switch has been told to, and tells nothing of it. */
  keepOnly(dpid: Dpid, cookies: ReadonlySet<bigint>): void {
    const notes = this.#bySwitch.get(dpid);
    for (const [key, { cookie }] of notes ?? []) if (notes && !cookies.has(cookie)) this.#drop(notes, key);
    if (notes?.size === 0) this.#bySwitch.delete(dpid);
  }

  /** Forgets what all other switches have noted. */
  keepSwitches(dpids: ReadonlySet<Dpid>): void {
    for (const dpid of [...this.#bySwitch.keys()]) if (!dpids.has(dpid)) this.keepOnly(dpid, new Set());
  }

  /** Each address once, the newest first. */
  of(vni: number, mac: Mac): readonly SeenAddress[] {
    const seen = new Map<string, SeenAddress>();
    for (const note of [...(this.#byMac.get(`${vni} ${mac}`) ?? [])].sort((a, b) => b.since - a.since)) {
      const key = `${note.address.version} ${note.address.value}`;
      if (!seen.has(key)) seen.set(key, note);
    }
    return [...seen.values()];
  }

  #keep(notes: Map<string, Note>, key: string, note: Note): void {
    notes.set(key, note);
    const owner = `${note.vni} ${note.mac}`;
    const its = this.#byMac.get(owner);
    if (its === undefined) this.#byMac.set(owner, new Set([note]));
    else its.add(note);
  }

  #drop(notes: Map<string, Note>, key: string): void {
    const note = notes.get(key);
    if (note === undefined) return;
    notes.delete(key);
    const owner = `${note.vni} ${note.mac}`;
    const its = this.#byMac.get(owner);
    its?.delete(note);
    if (its?.size === 0) this.#byMac.delete(owner);
  }
}

/** What a flow of the table says; undefined: nothing that is worth telling, as of who has no address yet. */
function noteOf({ cookie, match, since }: LearnedFlow, now: number): Note | undefined {
  let vni: number | undefined;
  let mac: Mac | undefined;
  let address: IpAddress | undefined;
  for (const one of match) {
    if ('mask' in one) return undefined;
    if (one.field === 'metadata') vni = Number(one.value);
    if (one.field === 'eth_src') mac = one.value;
    if (one.field === 'arp_spa') address = { version: 4, value: one.value };
    if (one.field === 'ipv6_src') address = { version: 6, value: one.value };
  }
  if (vni === undefined || mac === undefined || address === undefined || !isOfOneHost(address))
    return undefined;
  return { cookie, vni, mac, address, since: since ?? now };
}

/** Not unspecified, multicast or broadcast, nor link-local, which every host has and says nothing [RFC 6890 2.2]. */
const isOfOneHost = ({ version, value }: IpAddress): boolean =>
  version === 4
    ? value >>> 24 > 0 && value >>> 24 < 224
    : value > 1n && value >> 120n !== 0xffn && value >> 118n !== 0xfe80n >> 6n;
