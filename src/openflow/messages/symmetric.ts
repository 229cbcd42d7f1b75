/** Messages that either side may send [OF1.3.5 7.5], and errors [OF1.3.5 7.4.4]. */
import {
  badValue,
  defaulted,
  getU16,
  getU32,
  optional,
  putUint,
  rest,
  shown,
  struct,
  u16,
  u32,
  u8,
} from '../../lib/struct/index.js';
import type { Cursor, Writer } from '../../lib/struct/index.js';
import { OFP_VERSION } from '../constants.js';
import { header } from './header.js';

const versionBitmap = 1;

/** HELLO and ERROR must be understood before a version is agreed on [OF1.3.5 6.3.1]. */
const headerAfterVersion = (type: number) => {
  const { _version, ...after } = header(type);
  return after;
};

/**
 * Hello elements, read leniently: a hello of another version may hold anything, elements that are not known are to be
 * skipped, and a hello without a bitmap is a good hello [OF1.3.5 7.5.1, 6.3.1].
 */
function readVersions(c: Cursor): readonly number[] | undefined {
  let versions: number[] | undefined;
  while (c.end - c.pos >= 4) {
    const size = getU16(c.bytes, c.pos + 2);
    if (size < 4 || size > c.end - c.pos) break;
    if (getU16(c.bytes, c.pos) === versionBitmap) versions ??= readBitmaps(c.bytes, c.pos + 4, c.pos + size);
    c.pos += Math.ceil(size / 8) * 8;
  }
  c.pos = c.end;
  return versions;
}

/** A version has 8 bits, so that bits past 255 say nothing. */
const highestVersion = 0xff;

function readBitmaps(b: Uint8Array, from: number, to: number): number[] {
  const versions: number[] = [];
  for (let at = from, base = 0; at + 4 <= to && base <= highestVersion; at += 4, base += 32) {
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
  const size = 4 + 4 * bitmaps.length;
  const padded = Math.ceil(size / 8) * 8;
  w.ensure(padded);
  w.bytes.fill(0, w.pos, w.pos + padded);
  putUint(w.bytes, w.pos, 2, versionBitmap);
  putUint(w.bytes, w.pos + 2, 2, size);
  bitmaps.forEach((bitmap, index) => putUint(w.bytes, w.pos + 4 + 4 * index, 4, bitmap >>> 0));
  w.pos += padded;
}

/** `version` is the highest that the sender speaks; `versions` all of them, where it says so. */
export const hello = struct('hello', {
  version: u8,
  ...headerAfterVersion(0),
  versions: optional<readonly number[] | undefined>({
    name: 'versions',
    read: readVersions,
    write: writeVersions,
  }),
});

/** `data` quotes the message that was refused; see errors.ts for what stands before it in experimenter errors. */
export const error = struct('error', {
  version: defaulted(u8, OFP_VERSION),
  ...headerAfterVersion(1),
  errorType: u16,
  code: u16,
  data: rest,
});

export const echoRequest = struct('echo_request', { ...header(2), data: rest });
export const echoReply = struct('echo_reply', { ...header(3), data: rest });

/** An extension that we do not know. */
export const experimenter = struct('experimenter', {
  ...header(4),
  experimenter: u32,
  expType: u32,
  data: rest,
});
