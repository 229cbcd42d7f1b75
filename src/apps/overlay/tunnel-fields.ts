/** Open vSwitch has one field of a tunnel's end for each family [ovs-fields(7)]. */
import { learnLoad, type LearnSpec, type match, setField } from '../../openflow/index.js';
import type { Vtep } from '../../lib/vtep.js';

type Fields = Parameters<typeof match>[0];

/** Sends the packet, where it goes into a tunnel, to this end. */
export const sendTo = (vtep: Vtep): ReturnType<typeof setField> =>
  setField(typeof vtep === 'number' ? { tun_dst: vtep } : { tun_ipv6_dst: vtep });

/** Packets that came by a tunnel from this end. */
export const cameFrom = (vtep: Vtep): Fields =>
  typeof vtep === 'number' ? { tun_src: vtep } : { tun_ipv6_src: vtep };

/** For learned flows: back to where the packet came from, which is of this one's family. */
export const learnSender = (vtep: Vtep): LearnSpec =>
  typeof vtep === 'number' ? learnLoad('tun_dst', 'tun_src') : learnLoad('tun_ipv6_dst', 'tun_ipv6_src');
