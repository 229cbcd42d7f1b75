import { exitCodes } from './exit-codes.js';
import { foreseen } from '../qos/foreseen.js';
import { readConfig } from './read-config.js';

/** A file with a thousand hosts may have as many of them. */
const mostNotes = 10;

/**
 * `heddle check FILE`: says what the file holds, and what of it hosts will not do, or every mistake in it. Nothing is connected to.
 *
 * @throws HeddleError FILE_UNREADABLE, CONFIG_INVALID
 */
export async function check(file: string): Promise<number> {
  const { config, apps } = await readConfig(file);
  const count = (n: number, one: string): string => `${n} ${one}${n === 1 ? '' : 's'}`;
  console.log(
    `${file} is good: ${count(config.hypervisors.length, 'hypervisor')}, ${count(config.networks.length, 'network')}, apps ${apps.map(({ module }) => module.name).join(', ')}`,
  );
  const notes = foreseen(config);
  for (const note of notes.slice(0, mostNotes)) console.log(`note: ${note}`);
  if (notes.length > mostNotes) console.log(`note: and ${notes.length - mostNotes} more of this kind`);
  return exitCodes.ok;
}
