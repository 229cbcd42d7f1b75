import { assertNever } from '../../lib/errors.js';
import type { Action, ActionOf } from '../actions.js';
import { NX_RESUBMIT_IN_PORT, OFPCML_NO_BUFFER, OFPP, OFPR } from '../constants.js';
import { fieldByName } from '../oxm-fields.js';
import { formatSubfield, ovsName } from './fields.js';
import { formatLearn } from './learn.js';
import { formatOxmValue } from './match.js';
import { formatPort, hex, hexOf } from './values.js';

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
    case 'load':
      return `load:${hex(action.value)}->${formatSubfield(action.dst, action.range.offset, action.range.bits)}`;
    case 'move':
      return `move:${formatSubfield(action.src, action.srcOffset, action.bits)}->${formatSubfield(action.dst, action.dstOffset, action.bits)}`;
    case 'note':
      return `note:${hexOf(action.note).replace(/(..)(?=.)/g, '$1.')}`;
    case 'output_reg':
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

/** A port of OpenFlow 1.0's 16 bits: its reserved ones are the last of them. */
const formatPort16 = (port: number): string => formatPort(port >= 0xfff8 ? 0xffff0000 + port : port);

function formatOutput({ port, maxLen }: ActionOf<'output'>): string {
  if (port === OFPP.CONTROLLER) return `CONTROLLER:${maxLen}`;
  return port >= OFPP.MAX ? formatPort(port) : `output:${port}`;
}

function formatSetField({ oxm }: ActionOf<'set_field'>): string {
  const row = fieldByName(oxm.field);
  if (oxm.field === 'unknown' || !row)
    return `set_field:oxm_${hex(oxm.field === 'unknown' ? oxm.header : 0)}`;
  return `set_field:${formatOxmValue(row, oxm)}->${ovsName(row.name)}`;
}
