import { type FileHandle, open, writeFile } from 'node:fs/promises';
import { HeddleError, messageOf } from '../lib/errors.js';

/** A configuration file larger than this is a mistake, or an attack. Bytes. */
const largestFile = 4 * 1024 * 1024;

/**
 * Reads a text file.
 *
 * @throws HeddleError FILE_UNREADABLE, with the path and the reason
 */
export async function readText(path: string): Promise<string> {
  try {
    const file = await open(path);
    try {
      return decodeUtf8(await readAll(file));
    } finally {
      await file.close();
    }
  } catch (error) {
    throw new HeddleError('FILE_UNREADABLE', `cannot read ${path}: ${reasonOf(error)}`, { cause: error });
  }
}

/**
 * Writes a new text file. One that is there is replaced only where that is said.
 *
 * @throws HeddleError FILE_UNWRITABLE, with the path and the reason
 */
export async function writeText(path: string, text: string, options: { replace: boolean }): Promise<void> {
  try {
    await writeFile(path, text, { flag: options.replace ? 'w' : 'wx' });
  } catch (error) {
    throw new HeddleError('FILE_UNWRITABLE', `cannot write ${path}: ${whyUnwritten(error)}`, {
      cause: error,
    });
  }
}

function whyUnwritten(error: unknown): string {
  switch (codeOf(error)) {
    case 'EEXIST':
      return 'it is there already (--force replaces it)';
    case 'ENOENT':
      return 'there is no such folder';
    case 'EISDIR':
      return 'it is a folder';
    case 'EACCES':
      return 'this user may not write it';
    default:
      return messageOf(error);
  }
}

/** The size that a file tells is not asked: a pipe and /dev/zero tell none. */
async function readAll(file: FileHandle): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const { bytesRead, buffer } = await file.read({ buffer: new Uint8Array(65_536) });
    if (bytesRead === 0) return Buffer.concat(chunks);
    size += bytesRead;
    if (size > largestFile) throw new Error(`it has more than ${largestFile} bytes`);
    chunks.push(buffer.subarray(0, bytesRead));
  }
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw new Error('it is not UTF-8 text', { cause: error });
  }
}

const codeOf = (error: unknown): unknown =>
  error instanceof Error && 'code' in error ? error.code : undefined;

function reasonOf(error: unknown): string {
  switch (codeOf(error)) {
    case 'ENOENT':
      return 'there is no such file';
    case 'EISDIR':
      return 'it is a folder';
    case 'EACCES':
      return 'this user may not read it';
    default:
      return messageOf(error);
  }
}
