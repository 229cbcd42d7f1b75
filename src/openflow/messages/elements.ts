/**
 * Elements that we do not look into, of a hello and of ONF extensions [OF1.3.5 7.5.1; ONF extensions 191 and 230]:
 * `type:16 length:16`, then the body; padding up to 8 bytes follows, and is not in the length.
 */
import {
  badLength,
  badValue,
  getU16,
  need,
  optional,
  putUint,
  shown,
  viewOf,
} from '../../lib/struct/index.js';
import type { Cursor, Writer } from '../../lib/struct/index.js';

/** An element, or a property, that we do not know. */
export interface RawElement {
  /** Its type: 0 to 65535. */
  readonly typeId: number;
  /** All bytes behind its length. */
  readonly body: Uint8Array;
}

/** `type:16 length:16`. */
export const elementHeader = 4;
export const paddedSize = (size: number): number => Math.ceil(size / 8) * 8;

/** @throws WireError where the type or the body is none; `what` names the list that it is in */
export function writeElement(w: Writer, what: string, element: unknown): void {
  const offset = w.pos - w.frame;
  const { typeId, body } = (element ?? {}) as Partial<RawElement>;
  if (!isU16(typeId)) throw badValue(what, `${shown(typeId)} is no type`, offset);
  if (!(body instanceof Uint8Array)) throw badValue(what, `${shown(body)} is no Uint8Array`, offset);
  const size = elementHeader + body.length;
  if (size > 0xffff) throw badLength(what, `${size} bytes`, offset);
  w.ensure(paddedSize(size));
  w.bytes.fill(0, w.pos, w.pos + paddedSize(size));
  putUint(w.bytes, w.pos, 2, typeId);
  putUint(w.bytes, w.pos + 2, 2, size);
  w.bytes.set(body, w.pos + elementHeader);
  w.pos += paddedSize(size);
}

const isU16 = (value: unknown): value is number => typeof value === 'number' && (value & 0xffff) === value;

const what = 'properties';

function readProperties(c: Cursor): readonly RawElement[] | undefined {
  // Where something follows a message in a bundle, it begins at a multiple of 8.
  c.pos = Math.min(c.end, paddedSize(c.pos));
  const properties: RawElement[] = [];
  while (c.pos < c.end) {
    need(c, what, elementHeader);
    const at = c.pos;
    const size = getU16(c.bytes, at + 2);
    if (size < elementHeader || paddedSize(size) > c.end - at)
      throw badLength(what, `a length of ${size}`, at + 2);
    properties.push({
      typeId: getU16(c.bytes, at),
      body: viewOf(c.bytes, at + elementHeader, size - elementHeader),
    });
    c.pos = at + paddedSize(size);
  }
  return properties.length === 0 ? undefined : properties;
}

function writeProperties(w: Writer, properties: readonly RawElement[] | undefined): void {
  if (properties === undefined) return;
  if (!Array.isArray(properties)) throw badValue(what, `${shown(properties)} is no list`, w.pos - w.frame);
  for (const one of properties as readonly unknown[]) {
    const gap = -(w.pos - w.frame) & 7;
    w.ensure(gap);
    w.bytes.fill(0, w.pos, w.pos + gap);
    w.pos += gap;
    writeElement(w, what, one);
  }
}

/** Properties at the end of a message, which only extensions of extensions have; absent where there is none. */
export const rawProperties = optional<readonly RawElement[] | undefined>({
  name: what,
  read: readProperties,
  write: writeProperties,
});
