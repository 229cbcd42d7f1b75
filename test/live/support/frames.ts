/** Frames that tcpdump has written into a file, for what no filter can ask: whose text is in them. */
import { readFile } from 'node:fs/promises';

export interface CapturedFrame {
  /** By this machine's clock. Milliseconds. */
  readonly at: number;
  readonly bytes: Buffer;
}

/** All frames of a capture file, as far as they are complete. @throws Error when it is none that this machine writes */
export async function framesOf(file: string): Promise<readonly CapturedFrame[]> {
  const bytes = await readFile(file);
  if (bytes.length < headerLength || bytes.readUInt32LE(0) !== 0xa1b2c3d4)
    throw new Error(`${file} is no capture in this machine's byte order`);
  const frames: CapturedFrame[] = [];
  for (let at = headerLength; at + recordLength <= bytes.length;) {
    const end = at + recordLength + bytes.readUInt32LE(at + 8);
    if (end > bytes.length) break;
    frames.push({
      at: bytes.readUInt32LE(at) * 1_000 + bytes.readUInt32LE(at + 4) / 1_000,
      bytes: bytes.subarray(at + recordLength, end),
    });
    at = end;
  }
  return frames;
}

/** Of the file, and of what stands before each frame [pcap-savefile(5)]. */
const headerLength = 24;
const recordLength = 16;

export const macAt = (frame: Buffer, offset: 0 | 6): string =>
  [...frame.subarray(offset, offset + 6)].map(byte => byte.toString(16).padStart(2, '0')).join(':');
