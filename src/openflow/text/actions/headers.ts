/** Headers put on and taken off, and their TTLs. */
import type { Action } from '../../actions/actions.js';
import type { Reader } from '../reader.js';
import { readNumber } from '../values.js';
import { bare, entry } from './entry.js';
import type { ActionText } from './entry.js';

type Pushing = 'push_vlan' | 'push_mpls' | 'pop_mpls' | 'push_pbb';

/** `push_vlan:0x8100`. */
const withEthertype = (type: Pushing): ActionText<{ type: Pushing; ethertype: number }> => ({
  format: ({ ethertype }) => `${type}:0x${ethertype.toString(16).padStart(4, '0')}`,
  words: {
    [type]: ({ r }) => ({ type, ethertype: readNumber(r, r.argument(), 0xffff, 'an Ethernet type') }),
  },
});

export const pushVlan = withEthertype('push_vlan');
export const pushMpls = withEthertype('push_mpls');
export const popMpls = withEthertype('pop_mpls');
export const pushPbb = withEthertype('push_pbb');
export const popVlan = bare('pop_vlan', { type: 'pop_vlan' }, 'strip_vlan');
export const popPbb = bare('pop_pbb', { type: 'pop_pbb' });

export const decMplsTtl = bare('dec_mpls_ttl', { type: 'dec_mpls_ttl' });
export const copyTtlOut = bare('copy_ttl_out', { type: 'copy_ttl_out' });
export const copyTtlIn = bare('copy_ttl_in', { type: 'copy_ttl_in' });

const readTtl = (r: Reader): number => readNumber(r, r.argument(), 0xff, 'a TTL');

export const setNwTtl = entry('set_nw_ttl', {
  format: ({ ttl }) => `mod_nw_ttl:${ttl}`,
  words: { mod_nw_ttl: ({ r }) => ({ type: 'set_nw_ttl', ttl: readTtl(r) }) },
});

export const setMplsTtl = entry('set_mpls_ttl', {
  format: ({ ttl }) => `set_mpls_ttl(${ttl})`,
  words: { set_mpls_ttl: ({ r }) => ({ type: 'set_mpls_ttl', ttl: readTtl(r) }) },
});

export const decNwTtl = entry('dec_nw_ttl', {
  format: () => 'dec_ttl',
  words: {
    dec_ttl: ({ r }): Action => {
      if (!r.sees('(')) return { type: 'dec_nw_ttl' };
      const controllerIds: number[] = [];
      r.list(() => controllerIds.push(readNumber(r, r.value(), 0xffff, 'an id')));
      return { type: 'dec_ttl_cnt_ids', controllerIds };
    },
  },
});

/** Read by `dec_nw_ttl`. */
export const decTtlCntIds = entry('dec_ttl_cnt_ids', {
  format: ({ controllerIds }) => `dec_ttl(${controllerIds.join(',')})`,
  words: {},
});

export const decNshTtl = bare('dec_nsh_ttl', { type: 'dec_nsh_ttl' });
