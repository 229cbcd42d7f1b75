import { exitCodes } from './exit-codes.js';
import { readConfig } from './read-config.js';

/**
 * `heddle check FILE`: says what the file holds, or every mistake in it. Nothing is connected to.
 *
 * @throws HeddleError FILE_UNREADABLE, CONFIG_INVALID
 */
export async function check(file: string): Promise<number> {
  const { config, apps } = await readConfig(file);
  const count = (n: number, one: string): string => `${n} ${one}${n === 1 ? '' : 's'}`;
  console.log(
    `${file} is good: ${count(config.hypervisors.length, 'hypervisor')}, ${count(config.networks.length, 'network')}, apps ${apps.map(({ module }) => module.name).join(', ')}`,
  );
  return exitCodes.ok;
}
