/** Hello [OF1.3.5 7.5.1]: the first message, from either side, by which both agree on a version. */
import {
  badLength,
  badValue,
  getU16,
  getU32,
  optional,
  putUint,
  shown,
  struct,
  u8,
  viewOf,
} from '../../lib/struct/index.js';
import type { Cursor, Writer } from '../../lib/struct/index.js';
import { headerAfterVersion } from './header.js';

/** The element that lists versions [OF1.3.5 7.5.1]. */
const versionBitmap = 1;
/** `type:16 length:16`; what follows an element fills 8 bytes, and is not in its length. */
const elementHeader = 4;
const paddedSize = (size: number): number => Math.ceil(size / 8) * 8;

/** A hello element that we do not know. */
export interface HelloElement {
  /** The element's type: 0 to 65535. */
  readonly typeId: number;
  /** All bytes behind its length. */
  readonly body: Uint8Array;
}

/**
 * Hello elements, read leniently: a hello of another version may hold anything, elements that are not known are to be
 * skipped, and a hello without a bitmap is a good hello [OF1.3.5 7.5.1, 6.3.1].
 */
function elementsAt(c: Cursor): {
  readonly versions: HelloElement | undefined;
  readonly others: HelloElement[];
} {
  let versions: HelloElement | undefined;
  const others: HelloElement[] = [];
  for (let at = c.pos; c.end - at >= elementHeader;) {
    const typeId = getU16(c.bytes, at);
    const size = getU16(c.bytes, at + 2);
    if (size < elementHeader || size > c.end - at) break;
    const element = { typeId, body: viewOf(c.bytes, at + elementHeader, size - elementHeader) };
    if (typeId === versionBitmap && versions === undefined) versions = element;
    else others.push(element);
    at += paddedSize(size);
  }
  return { versions, others };
}

/** Leaves the cursor where it is, for the other elements. */
function readVersions(c: Cursor): readonly number[] | undefined {
  const { versions } = elementsAt(c);
  return versions && readBitmaps(versions.body);
}

/** A version has 8 bits, so that bits past 255 say nothing. */
const highestVersion = 0xff;

function readBitmaps(b: Uint8Array): number[] {
  const versions: number[] = [];
  for (let at = 0, base = 0; at + 4 <= b.length && base <= highestVersion; at += 4, base += 32) {
    const bitmap = getU32(b, at);
    for (let bit = 0; bit < 32; bit++) if (((bitmap >>> bit) & 1) === 1) versions.push(base + bit);
  }
  return versions;
}

function writeVersions(w: Writer, versions: readonly number[] | undefined): void {
  if (versions === undefined) return;
  const bitmaps = [0];
  for (const version of versions) {
    if (!(version >= 0 && version <= highestVersion))
      throw badValue('hello.versions', shown(version), w.pos - w.frame);
    const word = version >> 5;
    while (bitmaps.length <= word) bitmaps.push(0);
    bitmaps[word] = (bitmaps[word] ?? 0) | (1 << (version & 31));
  }
  const body = new Uint8Array(4 * bitmaps.length);
  bitmaps.forEach((bitmap, index) => putUint(body, 4 * index, 4, bitmap >>> 0));
  writeElement(w, { typeId: versionBitmap, body });
}

/** What of the elements is broken is left out. */
function readOthers(c: Cursor): readonly HelloElement[] | undefined {
  const { others } = elementsAt(c);
  c.pos = c.end;
  return others.length === 0 ? undefined : others;
}

function writeOthers(w: Writer, others: readonly HelloElement[] | undefined): void {
  for (const element of others ?? []) writeElement(w, element);
}

function writeElement(w: Writer, { typeId, body }: HelloElement): void {
  const what = 'hello.otherElements';
  const offset = w.pos - w.frame;
  if (!Number.isInteger(typeId) || typeId < 0 || typeId > 0xffff) throw badValue(what, shown(typeId), offset);
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

/** The first message on a connection: what versions the sender speaks. */
export const hello = struct('hello', {
  /** The highest version that the sender speaks: 4 is OpenFlow 1.3. */
  version: u8,
  ...headerAfterVersion(0),
  /** All versions that the sender speaks, 0 to 255, in any order; absent where it does not say. */
  versions: optional<readonly number[] | undefined>({
    name: 'versions',
    read: readVersions,
    write: writeVersions,
  }),
  /** Elements that we do not know, in their order; absent where there is none. They are written after the versions. */
  otherElements: optional<readonly HelloElement[] | undefined>({
    name: 'otherElements',
    read: readOthers,
    write: writeOthers,
  }),
});
