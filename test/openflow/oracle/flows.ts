/** Flows and groups whose parts go together, as Open vSwitch asks of them. */
import type { Action, GroupMod, Instruction, Match } from '../../../src/openflow/index.js';
import { CtAlg, type MatchFields, OFPG, OFPP } from '../../../src/openflow/index.js';
import { fieldByName } from '../../../src/openflow/fields/table.js';
import { Need } from '../../../src/openflow/fields/definition.js';
import { consistent, needsMetBy } from './matches.js';

/** What packets an action is for, where it is not for all (Need). */
const needs: Partial<Record<Action['type'], number>> = {
  set_nw_ttl: Need.IP,
  dec_nw_ttl: Need.IP,
  dec_ttl_cnt_ids: Need.IP,
  ct: Need.IP,
  resubmit_ct: Need.CT,
  fin_timeout: Need.TCP,
  set_mpls_ttl: Need.MPLS,
  dec_mpls_ttl: Need.MPLS,
  pop_mpls: Need.MPLS,
  pop_vlan: Need.VLAN,
  push_vlan: Need.ETHERNET,
  push_mpls: Need.ETHERNET,
  decap: Need.ETHERNET,
  dec_nsh_ttl: Need.NSH,
};
/** After these the packet is another one than the match says. */
const changing: ReadonlySet<Action['type']> = new Set<Action['type']>([
  'push_mpls',
  'pop_mpls',
  'push_vlan',
  'pop_vlan',
  'encap',
  'decap',
]);

const sorts: readonly (readonly [need: number, fields: MatchFields])[] = [
  [Need.CT, { eth_type: 0x0800, ct_state: 0x21 }],
  [Need.TCP, { eth_type: 0x0800, ip_proto: 6 }],
  [Need.UDP, { eth_type: 0x86dd, ip_proto: 17 }],
  [Need.SCTP, { eth_type: 0x0800, ip_proto: 132 }],
  [Need.ICMPV4, { eth_type: 0x0800, ip_proto: 1 }],
  [Need.ND_SOLICIT, { eth_type: 0x86dd, ip_proto: 58, icmpv6_type: 135 }],
  [Need.ND_ADVERT, { eth_type: 0x86dd, ip_proto: 58, icmpv6_type: 136 }],
  [Need.ICMPV6, { eth_type: 0x86dd, ip_proto: 58 }],
  [Need.IPV4, { eth_type: 0x0800 }],
  [Need.IPV6, { eth_type: 0x86dd }],
  [Need.ARP, { eth_type: 0x0806 }],
  [Need.MPLS, { eth_type: 0x8847 }],
  [Need.NSH, { eth_type: 0x894f }],
  [Need.VLAN, { vlan_vid: 0x1005 }],
];

function needOf(action: Action): number {
  if (action.type === 'ct' && action.actions[0]?.type === 'nat') {
    const { range } = action.actions[0];
    if (range.ipv6Min !== undefined) return Need.IPV6;
    if (range.ipv4Min !== undefined) return Need.IPV4;
  }
  if (action.type === 'ct' && action.alg !== CtAlg.NONE)
    return action.alg === CtAlg.FTP ? Need.TCP : Need.UDP;
  if (action.type !== 'set_field' && action.type !== 'load2') return needs[action.type] ?? 0;
  const { field } = action.oxm;
  if (field === 'vlan_vid' || field === 'vlan_tci') return Need.VLAN;
  return field === 'unknown' ? 0 : (fieldByName(field)?.needs ?? 0);
}

interface FlowParts {
  readonly tableId: number;
  readonly match: Match;
  readonly instructions: readonly Instruction[];
}

/** One instruction of each type, goto_table leads on, and the match says what the first particular action presumes. */
export function consistentFlow<F extends FlowParts>(flow: F): F {
  const tableId = Math.min(flow.tableId, 252);
  const wanted = flow.instructions
    .flatMap(one => ('actions' in one ? one.actions : []))
    .flatMap(one => [one, ...(one.type === 'clone' ? one.actions : [])])
    .map(needOf)
    .find(need => need !== 0 && need !== Need.ETHERNET);
  const kind = sorts.find(([need]) => wanted !== undefined && (need & wanted) !== 0)?.[1];
  const of = kind === undefined ? flow.match : consistent({ ...settingsOf(flow.match), ...kind });
  const have = needsMetBy(of);
  const ofConjunction = flow.instructions.some(
    one => one.type === 'apply_actions' && one.actions.some(({ type }) => type === 'conjunction'),
  );
  const changes = flow.instructions.some(
    one => 'actions' in one && one.actions.some(action => changing.has(action.type)),
  );
  const instructions = flow.instructions
    .filter(one => !ofConjunction || one.type === 'apply_actions')
    .filter((one, index, all) => all.findIndex(other => other.type === one.type) === index)
    .map((one): Instruction => {
      if (one.type === 'goto_table')
        return { ...one, tableId: tableId + 1 + (one.tableId % (253 - tableId)) };
      if (one.type === 'apply_actions')
        return { ...one, actions: withConjunctions(fitting(one.actions, have)) };
      if (one.type === 'write_actions')
        return {
          ...one,
          actions: fitting(one.actions, changes ? Need.ETHERNET : have).filter(action =>
            ofSets.has(action.type),
          ),
        };
      return one;
    });
  return { ...flow, tableId, match: of, instructions };
}

/** Fields that the kind of packet says are its own. */
const settingsOf = (of: Match): MatchFields =>
  Object.fromEntries(
    of.flatMap(one =>
      one.field === 'unknown' || /eth_type|ip_proto|icmp|vlan|^nxm_/.test(one.field)
        ? []
        : [[one.field, one.mask === undefined ? one.value : { value: one.value, mask: one.mask }]],
    ),
  );

function fitting(actions: readonly Action[], have: number): Action[] {
  let known = have;
  return actions.flatMap((action): Action[] => {
    const need = needOf(action);
    if (need !== 0 && (known & need) === 0) return [];
    if (changing.has(action.type)) known = action.type === 'decap' ? 0 : Need.ETHERNET;
    return action.type === 'clone'
      ? [{ ...action, actions: withoutConjunctions(fitting(action.actions, known)) }]
      : [action];
  });
}

/** A conjunction stands in a flow's actions, among its like alone. */
function withConjunctions(actions: readonly Action[]): Action[] {
  const conjunctions = actions.filter(({ type }) => type === 'conjunction');
  return conjunctions.length > 0 ? conjunctions : [...actions];
}

export const withoutConjunctions = (actions: readonly Action[]): Action[] =>
  actions
    .filter(({ type }) => type !== 'conjunction')
    .map(one => (one.type === 'clone' ? { ...one, actions: withoutConjunctions(one.actions) } : one));

/** What an action set may hold [OF1.3.5 5.10]. */
const ofSets: ReadonlySet<Action['type']> = new Set<Action['type']>([
  'output',
  'group',
  'set_field',
  'push_vlan',
  'pop_vlan',
  'set_queue',
  'dec_nw_ttl',
  'set_nw_ttl',
  'push_mpls',
  'pop_mpls',
  'dec_mpls_ttl',
  'set_mpls_ttl',
]);

/** Weights are for select groups, and what is watched for fast failover, which has to watch something. */
export function consistentGroup<G extends Pick<GroupMod, 'groupType' | 'buckets'> & Partial<GroupMod>>(
  group: G,
): G {
  const { groupType, buckets } = group;
  const some = groupType === 'indirect' ? [...buckets, anyBucket].slice(0, 1) : buckets;
  return {
    ...group,
    buckets: (group.command === 'delete' ? [] : some).map(bucket => ({
      ...bucket,
      actions: withoutConjunctions(bucket.actions),
      weight: groupType === 'select' ? bucket.weight : 0,
      watchPort: groupType === 'ff' ? Math.min(bucket.watchPort, 0xfeff) : OFPP.ANY,
      watchGroup: OFPG.ANY,
    })),
  };
}
const anyBucket = { weight: 0, watchPort: OFPP.ANY, watchGroup: OFPG.ANY, actions: [] };
