import { assertNever } from '../../lib/errors.js';
import type { Action, ActionOf } from '../actions.js';
import { NX_RESUBMIT_IN_PORT, OFPCML_NO_BUFFER, OFPP, OFPR } from '../constants.js';
import { fieldByName } from '../oxm-fields.js';
import { formatCt, formatNat } from './conntrack.js';
import { formatSubfield, ovsName } from './fields.js';
import { formatLearn } from './learn.js';
import { formatOxmValue } from './match.js';
import * as nx from './nicira.js';
import { formatPort, formatPort16, hex, hexOf } from './values.js';

/** Actions as ovs-ofctl prints and reads them; `drop` where there are none. */
export const formatActions = (actions: readonly Action[]): string =>
  actions.length === 0 ? 'drop' : actions.map(formatAction).join(',');

/** One action. One that we do not know is shown by its bytes, which ovs-ofctl does not read. */
function formatAction(action: Action): string {
  switch (action.type) {
    case 'output':
      return formatOutput(action);
    case 'group':
      return `group:${action.groupId}`;
    case 'set_field':
      return formatSetField(action);
    case 'push_vlan':
    case 'push_mpls':
    case 'pop_mpls':
    case 'push_pbb':
      return `${action.type}:0x${action.ethertype.toString(16).padStart(4, '0')}`;
    case 'pop_vlan':
    case 'pop_pbb':
    case 'dec_mpls_ttl':
    case 'copy_ttl_out':
    case 'copy_ttl_in':
    case 'pop_queue':
    case 'exit':
    case 'ct_clear':
    case 'dec_nsh_ttl':
    case 'debug_recirc':
    case 'debug_slow':
      return action.type;
    case 'set_queue':
      return `set_queue:${action.queueId}`;
    case 'set_nw_ttl':
      return `mod_nw_ttl:${action.ttl}`;
    case 'dec_nw_ttl':
      return 'dec_ttl';
    case 'set_mpls_ttl':
      return `set_mpls_ttl(${action.ttl})`;
    case 'resubmit_port':
      return `resubmit:${formatPort16(action.inPort)}`;
    case 'resubmit':
      return `resubmit(${action.inPort === NX_RESUBMIT_IN_PORT ? '' : formatPort16(action.inPort)},${action.tableId})`;
    case 'resubmit_ct':
      return `resubmit(${action.inPort === NX_RESUBMIT_IN_PORT ? '' : formatPort16(action.inPort)},${action.tableId},ct)`;
    case 'load2':
      return formatSetField(action);
    case 'load':
      return `load:${hex(action.value)}->${formatSubfield(action.dst, action.range.offset, action.range.bits)}`;
    case 'move':
      return `move:${formatSubfield(action.src, action.srcOffset, action.bits)}->${formatSubfield(action.dst, action.dstOffset, action.bits)}`;
    case 'note':
      return `note:${hexOf(action.note).replace(/(..)(?=.)/g, '$1.')}`;
    case 'output_reg':
    case 'output_reg2':
      return `output:${formatSubfield(action.src, action.range.offset, action.range.bits)}`;
    case 'learn':
    case 'learn2':
      return formatLearn(action);
    case 'controller':
      return formatController(action);
    case 'conjunction':
      return `conjunction(${action.id},${action.clause + 1}/${action.clauses})`;
    case 'output_trunc':
      return `output(port=${formatPort16(action.port)},max_len=${action.maxLen})`;
    case 'clone':
      return `clone(${action.actions.map(formatAction).join(',')})`;
    case 'stack_push':
    case 'stack_pop':
      return `${action.type.slice('stack_'.length)}:${formatSubfield(action.field, action.offset, action.bits)}`;
    case 'check_pkt_larger':
      return `check_pkt_larger(${action.pktLen})->${formatSubfield(action.dst, action.offset, 1)}`;
    case 'delete_field':
      return `delete_field:${typeof action.field === 'string' ? ovsName(action.field) : hex(action.field.header)}`;
    case 'set_tunnel':
    case 'set_tunnel64':
      return `${action.type}:${hex(action.tunnelId)}`;
    case 'dec_ttl_cnt_ids':
      return `dec_ttl(${action.controllerIds.join(',')})`;
    case 'fin_timeout':
      return nx.formatFinTimeout(action);
    case 'multipath':
      return nx.formatMultipath(action);
    case 'bundle':
    case 'bundle_load':
      return nx.formatBundle(action);
    case 'sample':
    case 'sample2':
    case 'sample3':
      return nx.formatSample(action);
    case 'controller2':
      return nx.formatController2(action);
    case 'encap':
      return nx.formatEncap(action);
    case 'decap':
      return nx.formatDecap(action);
    case 'ct':
      return formatCt(action, formatAction);
    case 'nat':
      return formatNat(action);
    case 'unknown':
      return `action_${action.typeId}(${hexOf(action.body)})`;
    default:
      return assertNever(action);
  }
}

const reasons: Readonly<Record<number, string>> = { 0: 'no_match', 2: 'invalid_ttl' };

function formatController({ reason, maxLen, controllerId }: ActionOf<'controller'>): string {
  const options = [
    ...(reason === OFPR.ACTION ? [] : [`reason=${reasons[reason] ?? reason}`]),
    ...(maxLen === OFPCML_NO_BUFFER ? [] : [`max_len=${maxLen}`]),
    `id=${controllerId}`,
  ];
  return `controller(${options.join(',')})`;
}

function formatOutput({ port, maxLen }: ActionOf<'output'>): string {
  if (port === OFPP.CONTROLLER) return `CONTROLLER:${maxLen}`;
  return port >= OFPP.MAX ? formatPort(port) : `output:${port}`;
}

function formatSetField({ oxm }: ActionOf<'set_field' | 'load2'>): string {
  const row = fieldByName(oxm.field);
  if (oxm.field === 'unknown' || !row)
    return `set_field:oxm_${hex(oxm.field === 'unknown' ? oxm.header : 0)}`;
  return `set_field:${formatOxmValue(row, oxm)}->${ovsName(row.name)}`;
}
