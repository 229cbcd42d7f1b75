/**
 * Which labs are there. Each has a directory that tells who made it, so that a lab whose maker was killed can be told
 * from one that is in use, and from one that was left up on purpose.
 */
import { mkdir, mkdtemp, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { HeddleError, messageOf } from '../src/lib/errors.js';
import { thisMachine } from './host.js';
import { checkLabId, isLabId, parseNamespaceName } from './names.js';
import { listNamespaces, removeNamespaces } from './namespaces.js';

/** Only root can write here, and a socket's path stays short enough for sun_path. */
const labsDirectory = '/run/heddle-lab';

export const directoryOf = (id: string): string => `${labsDirectory}/${checkLabId(id)}`;
const ownerFile = (id: string): string => `${directoryOf(id)}/owner`;
const keptFile = (id: string): string => `${directoryOf(id)}/kept`;

/**
 * Makes the lab's directory, which must not be there: two labs of one id would take each other down. It appears with
 * its owner in it, since one without would be taken for left over.
 */
export async function claimDirectory(id: string): Promise<void> {
  try {
    await mkdir(labsDirectory, { recursive: true, mode: 0o700 });
    const unnamed = await mkdtemp(`${labsDirectory}/.`);
    try {
      await writeFile(`${unnamed}/owner`, (await processIdentity(process.pid)) ?? '');
      await rename(unnamed, directoryOf(id));
    } catch (thrown) {
      await rm(unnamed, { recursive: true });
      throw thrown;
    }
  } catch (thrown) {
    throw new HeddleError('LAB_FAILED', `lab ${id} cannot be made: ${messageOf(thrown)}`, { cause: thrown });
  }
}

export async function markKept(id: string): Promise<void> {
  await writeFile(keptFile(id), '');
}

export type LabState = 'in use' | 'kept' | 'left over';

/** Every lab on this machine. */
export async function listLabs(): Promise<{ id: string; state: LabState }[]> {
  // Namespaces first: a lab that is being made has its directory before them, so it cannot seem ownerless.
  const namespaces = await listNamespaces(thisMachine);
  const directories = await readdir(labsDirectory).catch(() => []);
  const ids = new Set([
    ...namespaces.flatMap(name => parseNamespaceName(name)?.id ?? []),
    ...directories.filter(isLabId),
  ]);
  return Promise.all([...ids].sort().map(async id => ({ id, state: await stateOf(id) })));
}

async function stateOf(id: string): Promise<LabState> {
  if (await exists(keptFile(id))) return 'kept';
  const owner = await readFile(ownerFile(id), 'utf8').catch(() => '');
  const pid = Number(owner.split(' ')[0]);
  return pid > 0 && (await processIdentity(pid)) === owner ? 'in use' : 'left over';
}

/** Takes a lab away by its id alone: its processes, its namespaces, its files. Also one whose maker was killed. */
export async function takeDown(id: string): Promise<void> {
  await removeNamespaces(thisMachine, await listNamespaces(thisMachine, checkLabId(id)));
  for (const disk of await disksIn(directoryOf(id))) await thisMachine.run(['umount', disk]);
  await rm(directoryOf(id), { recursive: true, force: true });
}

/** What has been mounted in a lab's directory: a host's own disk, for example. */
async function disksIn(directory: string): Promise<readonly string[]> {
  const mounts = await readFile('/proc/self/mounts', 'utf8');
  return mounts.split('\n').flatMap(line => {
    const place = line.split(' ')[1];
    return place?.startsWith(`${directory}/`) === true ? [place] : [];
  });
}

/** Takes down the labs in any of these states. @returns their ids */
export async function takeDownAll(states: readonly LabState[]): Promise<string[]> {
  const ids = (await listLabs()).filter(({ state }) => states.includes(state)).map(({ id }) => id);
  for (const id of ids) await takeDown(id);
  return ids;
}

/** "PID STARTED", as process ids are used again; undefined when there is no such process. */
async function processIdentity(pid: number): Promise<string | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  // The second field is the program's name in brackets, which may itself hold any character (proc(5)).
  const started = text?.slice(text.lastIndexOf(')') + 2).split(' ')[19];
  return started === undefined ? undefined : `${pid} ${started}`;
}

const exists = (file: string): Promise<boolean> =>
  stat(file).then(
    () => true,
    () => false,
  );
