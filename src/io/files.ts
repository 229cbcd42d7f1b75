import { open } from 'node:fs/promises';
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
      const { size } = await file.stat();
      if (size > largestFile) throw new Error(`it has ${size} bytes, more than ${largestFile}`);
      const bytes = await file.readFile();
      return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    } finally {
      await file.close();
    }
  } catch (error) {
    const why = error instanceof TypeError ? 'it is not UTF-8 text' : messageOf(error);
    throw new HeddleError('FILE_UNREADABLE', `cannot read ${path}: ${why}`, { cause: error });
  }
}
