import { assertNever } from '../../lib/errors.js';
import { OFPG, OFPP } from '../constants.js';
import type { Instruction } from '../instructions.js';
import type { Match } from '../match.js';
import type { Bucket } from '../messages/groups.js';
import type { GroupMod } from '../messages/index.js';
import { formatActions } from './actions.js';
import { formatMatch } from './match.js';
import { formatPort, hex, hexOf } from './values.js';

/** What of a flow is shown. Timeouts are in seconds, 0 is none. */
export interface FlowText {
  readonly table: number;
  readonly priority: number;
  readonly match: Match;
  readonly instructions: readonly Instruction[];
  readonly cookie?: bigint;
  readonly idleTimeout?: number;
  readonly hardTimeout?: number;
}

/** A flow as `ovs-ofctl add-flow` reads it: `table=5,priority=100,in_port=1 actions=goto_table:10`. */
export function formatFlow(flow: FlowText): string {
  const { cookie = 0n, idleTimeout = 0, hardTimeout = 0 } = flow;
  const parts = [
    ...(cookie === 0n ? [] : [`cookie=0x${cookie.toString(16)}`]),
    `table=${flow.table}`,
    ...(idleTimeout === 0 ? [] : [`idle_timeout=${idleTimeout}`]),
    ...(hardTimeout === 0 ? [] : [`hard_timeout=${hardTimeout}`]),
    `priority=${flow.priority}`,
    ...(flow.match.length === 0 ? [] : [formatMatch(flow.match)]),
  ];
  return `${parts.join(',')} actions=${formatInstructions(flow.instructions)}`;
}

/** Instructions in the order in which a switch runs them [OF1.3.5 5.9]; `drop` where nothing is done. */
export function formatInstructions(instructions: readonly Instruction[]): string {
  const texts = [...instructions]
    .sort((a, b) => order.indexOf(a.type) - order.indexOf(b.type))
    .map(formatInstruction)
    .filter(text => text !== '');
  return texts.length === 0 ? 'drop' : texts.join(',');
}

const order: readonly Instruction['type'][] = [
  'meter',
  'apply_actions',
  'clear_actions',
  'write_actions',
  'write_metadata',
  'goto_table',
  'unknown',
];

const allBits = 0xffffffffffffffffn;

function formatInstruction(one: Instruction): string {
  switch (one.type) {
    case 'meter':
      return `meter:${one.meterId}`;
    case 'apply_actions':
      return one.actions.length === 0 ? '' : formatActions(one.actions);
    case 'clear_actions':
      return 'clear_actions';
    case 'write_actions':
      return `write_actions(${formatActions(one.actions)})`;
    case 'write_metadata': {
      const mask = one.mask === allBits ? '' : `/${hex(one.mask)}`;
      return `write_metadata:${hex(one.metadata)}${mask}`;
    }
    case 'goto_table':
      return `goto_table:${one.tableId}`;
    case 'unknown':
      return `instruction_${one.typeId}(${hexOf(one.body)})`;
    default:
      return assertNever(one);
  }
}

export interface GroupText {
  readonly id: number;
  readonly groupType: GroupMod['groupType'];
  readonly buckets: readonly Bucket[];
}

const groupTypeNames = { all: 'all', select: 'select', indirect: 'indirect', ff: 'fast_failover' } as const;

/** A group as `ovs-ofctl add-group` reads it: `group_id=1,type=all,bucket=actions=output:1,bucket=actions=output:2`. */
export const formatGroup = ({ id, groupType, buckets }: GroupText): string =>
  [
    `group_id=${id}`,
    `type=${groupTypeNames[groupType]}`,
    ...buckets.map(one => formatBucket(one, groupType)),
  ].join(',');

function formatBucket(
  { weight, watchPort, watchGroup, actions }: Bucket,
  groupType: GroupMod['groupType'],
): string {
  const options = [
    ...(groupType === 'select' ? [`weight:${weight}`] : []),
    ...(watchPort === OFPP.ANY ? [] : [`watch_port:${formatPort(watchPort)}`]),
    ...(watchGroup === OFPG.ANY ? [] : [`watch_group:${watchGroup}`]),
  ];
  return `bucket=${[...options, `actions=${formatActions(actions)}`].join(',')}`;
}
