/** Hello [OF1.3.5 7.5.1]: the first message, from either side, by which both agree on a version. */
import {
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
import { elementHeader, paddedSize, writeElement } from './elements.js';
import type { RawElement } from './elements.js';
import { headerAfterVersion } from './header.js';

/** The element that lists versions [OF1.3.5 7.5.1]. */
const versionBitmap = 1;

/**
 * Hello elements, read leniently: a hello of another version may hold anything, elements that are not known are to be
 * skipped, and a hello without a bitmap is a good hello [OF1.3.5 7.5.1, 6.3.1].
 */
function elementsAt(c: Cursor): {
  readonly versions: RawElement | undefined;
  readonly others: RawElement[];
} {
  let versions: RawElement | undefined;
  const others: RawElement[] = [];
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
  if (!Array.isArray(versions))
    throw badValue('hello.versions', `${shown(versions)} is no list`, w.pos - w.frame);
  const bitmaps = [0];
  for (const version of versions as readonly number[]) {
    if (!Number.isInteger(version) || version < 0 || version > highestVersion)
      throw badValue('hello.versions', `${shown(version)} is no version`, w.pos - w.frame);
    const word = version >> 5;
    while (bitmaps.length <= word) bitmaps.push(0);
    bitmaps[word] = (bitmaps[word] ?? 0) | (1 << (version & 31));
  }
  const body = new Uint8Array(4 * bitmaps.length);
  bitmaps.forEach((bitmap, index) => putUint(body, 4 * index, 4, bitmap >>> 0));
  writeElement(w, 'hello.versions', { typeId: versionBitmap, body });
}

/** What of the elements is broken is left out. */
function readOthers(c: Cursor): readonly RawElement[] | undefined {
  const { others } = elementsAt(c);
  c.pos = c.end;
  return others.length === 0 ? undefined : others;
}

function writeOthers(w: Writer, others: readonly RawElement[] | undefined): void {
  const what = 'hello.otherElements';
  if (others === undefined) return;
  if (!Array.isArray(others)) throw badValue(what, `${shown(others)} is no list`, w.pos - w.frame);
  for (const element of others as readonly unknown[]) writeElement(w, what, element);
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
  otherElements: optional<readonly RawElement[] | undefined>({
    name: 'otherElements',
    read: readOthers,
    write: writeOthers,
  }),
});
