/**
 * Lists of entries that say their type and length: LLDP's TLVs, the options of Neighbor Discovery. The body of an entry
 * that is known is a struct; one that is not, or that its struct does not fit, is kept as bytes.
 */
import { WireError } from '../lib/errors.js';
import { badLength, badValue, compile, custom, need, shown, viewOf } from '../lib/struct/index.js';
import type { Codec, Cursor, Infer, Struct, UnknownCase, Writer } from '../lib/struct/index.js';

/** How entries are led by their type and length. */
export interface TlvForm {
  readonly name: string;
  /** Bytes of the type and length. */
  readonly headerSize: number;
  /** Bodies are padded with zeros until the whole entry is a multiple of this. */
  readonly padTo: number;
  readonly maxType: number;
  readonly maxBody: number;
  /** The entry at `at`: its type, and the size of its body. A size below 0 is refused. */
  readonly read: (bytes: Uint8Array, at: number) => { readonly type: number; readonly size: number };
  readonly write: (bytes: Uint8Array, at: number, type: number, size: number) => void;
  /** The type of the entry that ends the list, where there is one: it is not in the value, and is written at the end. */
  readonly end?: number;
}

/** The type of one entry of a list over these bodies. */
export type TlvOf<B> = UnknownCase | { [N in keyof B]: { readonly type: N } & Infer<B[N]> }[keyof B];

type Body = readonly [type: number, of: Struct<string, object>];

/** A list of entries; `bodies` are the known ones, by their numbers. */
export function tlvList<const C extends readonly Body[]>(form: TlvForm, bodies: C) {
  type Named = { [B in C[number] as B[1]['name']]: B[1] };
  const cases = bodies.map(([type, of]) => ({ type, name: of.name, codec: whenUsed(of) }));

  const readBody = (c: Cursor, type: number, end: number): object => {
    const start = c.pos;
    const known = cases.find(one => one.type === type);
    const outer = c.end;
    c.end = end;
    try {
      if (known) {
        const value = known.codec().decode(c);
        if (c.pos === end) return { type: known.name, ...value };
      }
    } catch (thrown) {
      if (!(thrown instanceof WireError)) throw thrown;
    } finally {
      c.pos = end;
      c.end = outer;
    }
    return { type: 'unknown', typeId: type, body: viewOf(c.bytes, start, end - start) };
  };

  const read = (c: Cursor): object[] => {
    const entries: object[] = [];
    while (c.pos < c.end) {
      need(c, form.name, form.headerSize);
      const { type, size } = form.read(c.bytes, c.pos);
      if (size < 0) throw badLength(form.name, 'an entry shorter than its header', c.pos);
      c.pos += form.headerSize;
      need(c, form.name, size);
      if (type === form.end) {
        c.pos += size;
        break;
      }
      entries.push(readBody(c, type, c.pos + size));
    }
    return entries;
  };

  const writeEntry = (w: Writer, entry: Record<string, unknown>): void => {
    const start = w.pos;
    const known = cases.find(one => one.name === entry['type']);
    const type = known?.type ?? entry['typeId'];
    if (typeof type !== 'number' || !(type >= 0 && type <= form.maxType) || !Number.isInteger(type))
      throw badValue(form.name, `no type ${shown(known ? type : entry['type'])}`, start - w.frame);
    w.ensure(form.headerSize);
    w.pos += form.headerSize;
    if (known) known.codec().encode(w, entry);
    else writeBytes(w, form.name, entry['body']);
    while ((w.pos - start) % form.padTo !== 0) writeBytes(w, form.name, zero);
    const size = w.pos - start - form.headerSize;
    if (size > form.maxBody) throw badLength(form.name, `${size} bytes`, start - w.frame);
    form.write(w.bytes, start, type, size);
  };

  const write = (w: Writer, entries: readonly object[]): void => {
    if (!Array.isArray(entries)) throw badValue(form.name, `${shown(entries)} is no list`, w.pos - w.frame);
    for (const entry of entries as unknown[]) {
      if (typeof entry !== 'object' || entry === null)
        throw badValue(form.name, `${shown(entry)} is no object`, w.pos - w.frame);
      writeEntry(w, entry as Record<string, unknown>);
    }
    if (form.end !== undefined) writeEntry(w, { type: 'unknown', typeId: form.end, body: nothing });
  };

  // The bodies' declarations give each value its type, which TypeScript can not follow through the list of cases.
  return custom<readonly TlvOf<Named>[]>({ name: form.name, read: c => read(c) as never, write });
}

const nothing = new Uint8Array(0);
const zero = new Uint8Array(1);

/** Compiled at its first use: most programs never meet most bodies. */
function whenUsed(of: Struct<string, object>): () => Codec<object> {
  let codec: Codec<object> | undefined;
  return () => (codec ??= compile<object>(of));
}

function writeBytes(w: Writer, what: string, bytes: unknown): void {
  if (!(bytes instanceof Uint8Array))
    throw badValue(what, `${shown(bytes)} is no Uint8Array`, w.pos - w.frame);
  w.ensure(bytes.length);
  w.bytes.set(bytes, w.pos);
  w.pos += bytes.length;
}
