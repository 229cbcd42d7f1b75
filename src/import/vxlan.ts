import { vxlanPort } from '../intent/vxlan-port.js';
import { isOfOneHost, parseVtep, type Vtep } from '../lib/vtep.js';
import type { VxlanFacts } from './facts.js';

/** A vxlan port's options and status [ovs-vswitchd.conf.db(5), Interface: Tunnel Options, Status]. */
export function readVxlan(
  options: ReadonlyMap<string, string>,
  status: ReadonlyMap<string, string>,
): VxlanFacts {
  const { remoteIp, inKey, outKey, dstPort } = vxlanPort(options);
  const localIp = parseVtep(options.get('local_ip') ?? '');
  const egress = status.get('tunnel_egress_iface');
  return {
    remote: remoteOf(remoteIp, options.get('remote_ip') ?? ''),
    ...(localIp !== undefined && isTunnelAddress(localIp) && { localIp }),
    inKey,
    outKey,
    dstPort,
    ...(egress !== undefined && egress !== '' && { egress }),
  };
}

function remoteOf(remoteIp: Vtep | 'flow' | undefined, text: string): VxlanFacts['remote'] {
  if (remoteIp === 'flow') return { kind: 'flow' };
  if (remoteIp !== undefined && isTunnelAddress(remoteIp)) return { kind: 'one', address: remoteIp };
  return text === '' ? { kind: 'none' } : { kind: 'other', text };
}

/** One that other hosts can reach: no loopback address either [RFC 6890 2.2.2]. */
export const isTunnelAddress = (address: Vtep): boolean =>
  isOfOneHost(address) && !(typeof address === 'number' && address >>> 24 === 127);
