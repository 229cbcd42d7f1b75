/** What a bridge holds, in words that are the same as long as it holds the same. */
import type { Hypervisor } from '../../../lab/hypervisor.js';
import { meterIds } from '../../../src/intent/index.js';

/** Flows with their ages and counters left out, those that the switch learned too, groups, and meters; of anybody's. */
export async function tablesOf(hypervisor: Hypervisor, bridge = 'br-int'): Promise<readonly string[]> {
  const flows = await hypervisor.ofctl('--no-stats', 'dump-flows', bridge);
  const groups = await hypervisor.ofctl('dump-groups', bridge);
  const meters = await metersOf(hypervisor, bridge);
  return [...`${flows}\n${groups}`.split('\n').map(line => line.trim()), ...meters]
    .filter(line => /^(?:cookie|group_id|meter)=/.test(line))
    .sort();
}

/** Of these, what is Heddle's. */
export const oursOf = async (hypervisor: Hypervisor, bridge = 'br-int'): Promise<readonly string[]> =>
  (await tablesOf(hypervisor, bridge)).filter(isOurs);

const isOurs = (line: string): boolean =>
  /^cookie=0x4864|^group_id=12/.test(line) || meterIds.isOurs(Number(/^meter=(\d+)/.exec(line)?.[1]));

/** Each with its bands on one line. */
async function metersOf(hypervisor: Hypervisor, bridge: string): Promise<readonly string[]> {
  return (await hypervisor.ofctl('dump-meters', bridge)).replaceAll(/\n(?=\s*type=)/g, ' ').split('\n');
}
