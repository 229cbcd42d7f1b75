/** What the real ovs-ofctl makes of frames: it prints a file of them as text, and says what it can not read. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Why the oracle can not be asked, or false. */
export const missing = (): string | false => {
  try {
    execFileSync('ovs-ofctl', ['--version'], { stdio: 'ignore' });
    return false;
  } catch {
    return 'ovs-ofctl is not installed';
  }
};

/** Prints of frames by xid; the frames must have xids of their own. */
export interface Printed {
  readonly texts: ReadonlyMap<number, string>;
  /** What it wrote beside them: its log. */
  readonly log: string;
}

const header = /^\S.* \(xid=0x([0-9a-f]+)\):?/;

/** One run over all frames (`ovs-ofctl ofp-parse`). */
export function printFrames(frames: Uint8Array): Printed {
  const folder = mkdtempSync(join(tmpdir(), 'heddle-'));
  try {
    const path = join(folder, 'frames');
    writeFileSync(path, frames);
    const args = ['-O', 'OpenFlow13', '-m', '-vconsole:warn', 'ofp-parse', path];
    const { stdout, stderr, status } = spawnSync('ovs-ofctl', args, { encoding: 'utf8', maxBuffer: 2 ** 28 });
    return { texts: split(stdout), log: status === 0 ? stderr : `${stderr} (ended with ${status})` };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function split(output: string): ReadonlyMap<number, string> {
  const texts = new Map<number, string>();
  let current: number | undefined;
  for (const line of output.split('\n')) {
    const begins = header.exec(line);
    if (begins) current = Number.parseInt(begins[1]!, 16);
    if (current !== undefined) texts.set(current, `${texts.get(current) ?? ''}${line}\n`);
  }
  return texts;
}

/** What ovs-ofctl says of frames that it does not understand. */
export const complaint = /\*\*\*|unknown|\|WARN\|/;
