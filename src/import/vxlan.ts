import { vxlanPort } from '../intent/vxlan-port.js';
import { type Ipv4, parseIpv4 } from '../lib/addresses.js';
import type { VxlanFacts } from './facts.js';

/** A vxlan port's options and status [ovs-vswitchd.conf.db(5), Interface: Tunnel Options, Status]. */
export function readVxlan(
  options: ReadonlyMap<string, string>,
  status: ReadonlyMap<string, string>,
): VxlanFacts {
  const { remoteIp, inKey, outKey, dstPort } = vxlanPort(options);
  const localIp = parseIpv4(options.get('local_ip') ?? '');
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

function remoteOf(remoteIp: Ipv4 | 'flow' | undefined, text: string): VxlanFacts['remote'] {
  if (remoteIp === 'flow') return { kind: 'flow' };
  if (remoteIp !== undefined && isTunnelAddress(remoteIp)) return { kind: 'one', address: remoteIp };
  return text === '' ? { kind: 'none' } : { kind: 'other', text };
}

/** One host's: not 0.0.0.0/8, loopback, multicast, reserved or broadcast [RFC 6890 2.2.2]. */
export function isTunnelAddress(address: Ipv4): boolean {
  const firstByte = address >>> 24;
  return firstByte !== 0 && firstByte !== 127 && firstByte < 224;
}
