/**
 * A site of emulated hypervisors in a process of its own. Usage: main.js HOSTS VMS-PER-HOST NETWORKS FIRST-PORT FILE, which writes a
 * file for Heddle; then it is told by messages what to do, and tells how it goes.
 */
import { writeFileSync } from 'node:fs';
import { bridge, EmulatedHypervisor, type Vm } from './hypervisor.js';
import { siteFile, vmsOf } from './site.js';

export type Order = { readonly type: 'counts' } | { readonly type: 'move' };

/** What the site was sent so far. */
export interface SiteCounts {
  readonly type: 'counts';
  /** Switches that are connected. */
  readonly connected: number;
  readonly flows: number;
  readonly flowMods: number;
  readonly groupMods: number;
  readonly bytes: number;
  /** Of those that were sent anything since the last time that was asked. */
  readonly touched: number;
  /** Milliseconds from the last move to the last message; 0 where there was none. */
  readonly sinceMove: number;
}

const [hosts = 0, vmsEach = 0, networks = 0, firstPort = 0] = process.argv.slice(2, 6).map(Number);
const file = process.argv[6];
if (file === undefined || !(hosts > 0)) throw new Error('HOSTS VMS-PER-HOST NETWORKS FIRST-PORT FILE');
const shape = { hosts, vmsEach, networks, firstPort };
writeFileSync(file, siteFile(shape, bridge));
const all: EmulatedHypervisor[] = [];
for (let host = 0; host < hosts; host += 1)
  all.push(await EmulatedHypervisor.start(firstPort + host, vmsOf(host, shape)));
process.send?.({ type: 'ready' });

let touchedBefore = new Map<EmulatedHypervisor, number>();
let movedAt = 0;
let moves = 0;

process.on('message', (order: Order) => {
  if (order.type === 'move') move();
  else process.send?.(counts());
});
process.on('disconnect', () => process.exit());

function counts(): SiteCounts {
  const sum = (of: (one: EmulatedHypervisor) => number): number =>
    all.reduce((total, one) => total + of(one), 0);
  const mods = new Map(
    all.map(one => [one, (one.openflow?.counts.flowMods ?? 0) + (one.openflow?.counts.groupMods ?? 0)]),
  );
  const touched = all.filter(one => mods.get(one) !== touchedBefore.get(one)).length;
  touchedBefore = mods;
  const lastAt = Math.max(...all.map(one => one.openflow?.counts.lastAt ?? 0));
  return {
    type: 'counts',
    connected: sum(one => Number(one.openflow !== undefined)),
    flows: sum(one => one.openflow?.flows ?? 0),
    flowMods: sum(one => one.openflow?.counts.flowMods ?? 0),
    groupMods: sum(one => one.openflow?.counts.groupMods ?? 0),
    bytes: sum(one => one.openflow?.counts.bytes ?? 0),
    touched,
    sinceMove: lastAt > movedAt ? lastAt - movedAt : 0,
  };
}

/** A VM goes to another host, as by live migration: its port comes there, and goes here. */
function move(): void {
  const from = moves % hosts;
  const to = (moves + 7) % hosts;
  moves += 1;
  const vm: Vm | undefined = vmsOf(from, shape)[0];
  if (vm === undefined) return;
  movedAt = performance.now();
  all[to]?.attach({ ...vm, name: `${vm.name}m` });
  all[from]?.detach(vm);
}
