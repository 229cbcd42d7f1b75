import { stat } from 'node:fs/promises';

/** How often a file is looked at. Milliseconds. */
const defaultPeriod = 500;

/**
 * What tells one state of a file from another, without reading it: which file the path leads to, through whatever links, and
 * when that was written. Undefined where there is none, or where it is none that can be read twice, such as a pipe.
 */
export async function fileStamp(path: string): Promise<string | undefined> {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs, isFile } = await bigStat(path);
    return isFile ? [dev, ino, size, mtimeNs, ctimeNs].join(' ') : undefined;
  } catch {
    return undefined;
  }
}

async function bigStat(path: string) {
  const found = await stat(path, { bigint: true });
  return { ...found, isFile: found.isFile() };
}

/**
 * Looks at a file again and again, and tells when it has changed and then stayed so for one look more: who writes it may
 * need a moment. Not inotify, which follows no links: an editor puts a new file in the old one's place, and a mounted
 * configuration changes by a link somewhere above it.
 *
 * @param since what `fileStamp` said when the file was read last
 */
export function watchFile(
  path: string,
  since: string | undefined,
  changed: () => void,
  period = defaultPeriod,
): { close(): void } {
  let told = since;
  let seen = since;
  let isLooking = false;
  const look = async (): Promise<void> => {
    const now = await fileStamp(path);
    const isStable = now === seen;
    seen = now;
    if (!isStable || now === told) return;
    told = now;
    changed();
  };
  const timer = setInterval(() => {
    // A file system that hangs must not gather looks.
    if (isLooking) return;
    isLooking = true;
    void look().finally(() => (isLooking = false));
  }, period);
  return { close: () => clearInterval(timer) };
}
