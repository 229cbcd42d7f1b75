/** What a lab needs of this machine, and what of it is missing. */
import { accessSync, constants, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { projectRoot } from './compiled.js';

/** Each program, and the Debian package that has it: one list for the lab and for scripts/setup. */
function programs(): [program: string, from: string][] {
  const text = readFileSync(join(projectRoot(), 'lab/programs.txt'), 'utf8');
  return text.split('\n').flatMap(line => {
    const [program, from] = line.split(' ');
    return program === undefined || from === undefined ? [] : [[program, from]];
  });
}

export interface Machine {
  readonly uid: number;
  readonly has: (program: string) => boolean;
  /** Whether the file can be read and written. */
  readonly canUse: (file: string) => boolean;
}

/** One line for each thing that is missing, with how to get it; none when a lab can be made. */
export function missingForLab(machine: Machine = thisMachine()): string[] {
  if (machine.uid !== 0) return ['root: network namespaces are made by root only (sudo npm run lab)'];
  const packages = new Set(programs().flatMap(([program, from]) => (machine.has(program) ? [] : [from])));
  const missing = [...packages].map(name => `${name}: apt-get install ${name}`);
  // The userspace datapath makes its bridges' own interfaces with it.
  if (!machine.canUse('/dev/net/tun')) missing.push('/dev/net/tun: modprobe tun');
  return missing;
}

function thisMachine(): Machine {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return {
    uid: process.getuid?.() ?? -1,
    has: program => folders.some(folder => can(join(folder, program), constants.X_OK)),
    canUse: file => can(file, constants.R_OK | constants.W_OK),
  };
}

function can(file: string, mode: number): boolean {
  try {
    accessSync(file, mode);
    return true;
  } catch {
    return false;
  }
}
