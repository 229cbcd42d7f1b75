import { type Change, preview, readNumber, readString, type Replica } from '../ovsdb/index.js';
import { findBridge, pinOf } from './host-bridge.js';
import { controllerTargets } from './host-controllers.js';
import type { HostPlan } from './host-plan.js';

/** A host's database as a plan would leave it. */
export interface HostFuture {
  /** As the transaction leaves it, before ovs-vswitchd has done its part. */
  readonly written: Replica;
  /** The same with a port number for each new interface, which stands for the one that ovs-vswitchd will choose. */
  readonly carriedOut: Replica;
  /** The names of those interfaces, by the numbers that stand for theirs. */
  readonly standIns: ReadonlyMap<number, string>;
}

/** The highest port number that Open vSwitch takes for an interface [ovs-vswitchd.conf.db(5), ofport_request]. */
const highestOfport = 65_279;

/** OFPP_LOCAL as Open vSwitch's database has it: the port of a bridge's own name. */
const localOfport = 65_534;

/** What a plan would make of a host, so that what is wanted after it can be told before it. */
export function futureOf({ operations }: HostPlan, rows: Replica): HostFuture {
  const written = preview(rows, operations);
  const standIns = new Map<number, string>();
  const taken = new Set([...written.table('Interface').values()].map(row => readNumber(row, 'ofport')));
  let number = highestOfport;
  const numbered: Change[] = [];
  for (const [uuid, row] of written.table('Interface')) {
    if (rows.row('Interface', uuid) !== undefined) continue;
    const name = readString(row, 'name') ?? '';
    const isLocal = findBridge(name, written) !== undefined;
    while (taken.has(number)) number -= 1;
    const ofport = isLocal ? localOfport : number;
    if (!isLocal) standIns.set(number, name);
    taken.add(ofport);
    numbered.push({ table: 'Interface', uuid, before: row, after: { ...row, ofport } });
  }
  return { written, carriedOut: written.with(numbered), standIns };
}

/**
 * What a change of a bridge's row does to what goes on there now.
 *
 * @param bridge its name
 * @returns a sentence for each thing; none for a bridge that is still to be made
 */
export function disruptions(bridge: string, before: Replica, after: Replica): readonly string[] {
  const told: string[] = [];
  for (const [uuid, old] of before.table('Bridge')) {
    const name = readString(old, 'name') ?? '';
    const now = after.row('Bridge', uuid);
    if (now === undefined) continue;
    const [had, has] = [controllerTargets(old, before), controllerTargets(now, after)];
    if (had.length === 0 && has.length > 0) {
      const first = `${name} gets its first controller: Open vSwitch empties its tables of flows, groups and meters once, and Heddle fills them`;
      told.push(
        readString(old, 'fail_mode') === 'secure'
          ? `${first} some milliseconds after the bridge has connected`
          : `${first} again: about 10 ms without forwarding, more on a busy host. With \`heddle run --gentle\` nothing is lost; it takes some seconds`,
      );
    }
    if (had.length > 0 && has.length === 0)
      told.push(
        `${name} loses its last controller: Open vSwitch empties its tables of flows, groups and meters`,
      );
    if (name !== bridge) continue;
    const [mode, nextMode] = [readString(old, 'fail_mode'), readString(now, 'fail_mode')];
    if (mode !== nextMode)
      told.push(
        `fail_mode of ${name} becomes ${nextMode ?? 'unset'}: from then on it forwards by flows alone, also while no controller is there${had.length > 0 ? besideOthers(had) : ''}`,
      );
    if (pinOf(old) !== pinOf(now) && had.length > 0)
      told.push(`${name} gets another datapath id: its controllers are connected anew, and its flows stay`);
  }
  return told;
}

/** Of a bridge that may fail open now (controller/takeover.ts). */
const besideOthers = (targets: readonly string[]): string =>
  `. It has a controller already (${targets.join(', ')}), and may forward by itself while that is away: \`heddle run\` changes this when all hosts of the file have been read and the bridge has its flows, with \`--gentle\` or without; no table is emptied`;
