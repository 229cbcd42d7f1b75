/** The frames that were recorded from a real Open vSwitch: captured/*.txt, which `npm run record` makes. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseRecording, type Receiver } from '../../lab/record/recording.js';

export interface CapturedFrame {
  /** The file, and what was run: unique together with `bytes`. */
  readonly name: string;
  readonly to: Receiver;
  readonly bytes: Uint8Array;
}

const folder = join(import.meta.dirname, 'captured');

export const captures: readonly CapturedFrame[] = readdirSync(folder)
  .filter(file => file.endsWith('.txt'))
  .sort()
  .flatMap(file =>
    parseRecording(readFileSync(join(folder, file), 'utf8')).flatMap(({ title, frames }) =>
      frames.map(frame => ({ name: `${file}: ${title}`, ...frame })),
    ),
  );
