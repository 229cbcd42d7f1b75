/** What a bridge holds, in words that are the same as long as it holds the same. */
import type { Hypervisor } from '../../../lab/hypervisor.js';
import { classOfCookie, groupIds, isOurCookie, meterIds } from '../../../src/intent/index.js';

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

/** Of these, what Heddle itself has sent: what the switch has learned comes and goes. */
export const sentTo = async (hypervisor: Hypervisor, bridge = 'br-int'): Promise<readonly string[]> =>
  (await oursOf(hypervisor, bridge)).filter(line => {
    const cookie = /^cookie=(0x[0-9a-f]+)/.exec(line)?.[1];
    return cookie === undefined || classOfCookie(BigInt(cookie)) === 'static';
  });

function isOurs(line: string): boolean {
  const [, kind, id] = /^(cookie|group_id|meter)=(\w+)/.exec(line) ?? [];
  if (kind === 'cookie') return isOurCookie(BigInt(id ?? 0));
  return kind === 'meter' ? meterIds.isOurs(Number(id)) : groupIds.isOurs(Number(id));
}

/** Each with its bands on one line. */
async function metersOf(hypervisor: Hypervisor, bridge: string): Promise<readonly string[]> {
  return (await hypervisor.ofctl('dump-meters', bridge)).replaceAll(/\n(?=\s*type=)/g, ' ').split('\n');
}
