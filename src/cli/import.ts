import { readHost } from '../controller/plan/host-reader.js';
import { type HostToImport, type Imported, importHosts } from '../import/import.js';
import { importColumns } from '../import/read.js';
import { realEffects } from '../io/effects.js';
import { writeText } from '../io/files.js';
import { exitCodes } from './exit-codes.js';
import { formatFindings } from './import-text.js';
import { type ImportTarget, readTargets } from './import-targets.js';

export interface ImportOptions {
  /** The file to write; the standard output, unless said. */
  readonly output?: string;
  /** Whether a file that is there may be replaced. */
  readonly force?: boolean;
  readonly json?: boolean;
  readonly bridge?: string;
}

/** How many hosts are read at a time. */
const atATime = 50;

/**
 * `heddle import [NAME=]OVSDB…`: reads hosts that were set up by hand, and writes the file that describes them.
 *
 * @returns 0 done, 1 a host could not be read (the others are in the file), 2 something is broken
 * @throws HeddleError CONFIG_INVALID for wrong arguments, FILE_UNWRITABLE
 */
export async function importRunning(args: readonly string[], options: ImportOptions): Promise<number> {
  const { output, force = false, json = false, bridge } = options;
  const imported = importHosts(await readAll(readTargets(args)), bridge);
  const isAny = imported.hosts.some(({ error }) => error === undefined);
  const isWritten = isAny && output !== undefined;
  if (isWritten) await writeText(output, imported.yaml, { replace: force });
  if (json) console.log(JSON.stringify(imported, null, 2));
  else if (isAny && !isWritten) console.log(imported.yaml.trimEnd());
  console.error(formatFindings(imported, isWritten ? output : undefined));
  return exitCodeOf(imported);
}

function exitCodeOf({ hosts, findings }: Imported): number {
  if (hosts.some(({ error }) => error !== undefined)) return exitCodes.failed;
  return findings.some(({ level }) => level === 'broken') ? exitCodes.attention : exitCodes.ok;
}

async function readAll(targets: readonly ImportTarget[]): Promise<readonly HostToImport[]> {
  const effects = realEffects();
  const read: HostToImport[] = [];
  for (let from = 0; from < targets.length; from += atATime) {
    const some = targets.slice(from, from + atATime);
    const readings = some.map(async target => ({
      ...target,
      reading: await readHost(target.endpoint, effects, importColumns),
    }));
    read.push(...(await Promise.all(readings)));
  }
  return read;
}
