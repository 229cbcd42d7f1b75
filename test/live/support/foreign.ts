/** What somebody else has put into br-int by hand, and whether it is still there. */
import type { Hypervisor } from '../../../lab/hypervisor.js';

const cookie = '0x1234';

/** A flow in a table of Heddle's and one in none, a group that one of them uses, a port, and a note on the bridge. */
export async function addForeign(hypervisor: Hypervisor): Promise<void> {
  await hypervisor.vsctl(
    ...['add-port', 'br-int', 'theirs', '--', 'set', 'Interface', 'theirs', 'type=internal'],
    ...['external_ids:iface-id=nobody', '--', 'set', 'Bridge', 'br-int', 'external_ids:theirs=yes'],
  );
  await hypervisor.ofctl('add-group', 'br-int', 'group_id=7,type=all,bucket=actions=output:LOCAL');
  await hypervisor.ofctl(
    'add-flow',
    'br-int',
    `cookie=${cookie},table=0,priority=7,in_port=LOCAL,actions=group:7`,
  );
  await hypervisor.ofctl('add-flow', 'br-int', `cookie=${cookie},table=200,priority=7,actions=drop`);
}

/** What is there of it, with the packets that each flow has counted left out. */
export async function foreignOn(hypervisor: Hypervisor): Promise<readonly string[]> {
  const flows = await hypervisor.ofctl('--no-stats', 'dump-flows', 'br-int', `cookie=${cookie}/-1`);
  const groups = await hypervisor.ofctl('dump-groups', 'br-int');
  const port = await hypervisor.vsctl('get', 'Interface', 'theirs', 'type', 'ofport', 'external_ids');
  const bridge = await hypervisor.vsctl('get', 'Bridge', 'br-int', 'external_ids:theirs');
  return [...flows.split('\n'), ...groups.split('\n'), ...port.split('\n'), bridge]
    .map(line => line.trim())
    .filter(line => /cookie=0x1234|group_id=7,|^internal$|^\d+$|nobody|^"?yes"?$/.test(line));
}
