/**
 * A host that speaks VXLAN with the kernel's own device and no Open vSwitch: what an appliance or a plain Linux box
 * is to an overlay. Its station is the vxlan device itself.
 */
import { ipBatch, type Host } from './host.js';
import { guestMtu, prefixLength } from './plan.js';
import { Station, stationDevice, type StationSpec } from './station.js';

export interface LinuxVtepSpec {
  /** VXLAN network identifier. */
  readonly vni: number;
  /** The tunnel addresses that flooded frames are copied to. Where they are of IPv6, its own is. */
  readonly peers: readonly string[];
  /** What it is in the overlay. */
  readonly station: StationSpec;
}

/** Sets the device up on a host whose underlay interface is up and has no address yet. */
export async function makeLinuxVtep(
  host: Host,
  underlay: { readonly device: string; readonly address: string },
  spec: LinuxVtepSpec,
): Promise<Station> {
  const device = stationDevice;
  const isIpv6 = underlay.address.includes(':');
  await ipBatch(host, [
    `addr replace ${underlay.address}/${isIpv6 ? '64' : prefixLength} dev ${underlay.device}${isIpv6 ? ' nodad' : ''}`,
    // 4789 is IANA's port [RFC 7348 section 8]; the kernel's own default is the older 8472.
    `link add name ${device} mtu ${guestMtu} address ${spec.station.mac} type vxlan id ${spec.vni} ` +
      `dstport 4789 local ${underlay.address} dev ${underlay.device}`,
  ]);
  for (const peer of spec.peers) await floodTo(host, peer);
  // The peer reads the frames with a userspace datapath, which computes no checksum that the kernel left out.
  await host.run(['ethtool', '-K', device, 'tx', 'off']);
  await host.run(['ethtool', '-K', underlay.device, 'tx', 'off']);
  const station = new Station(spec.station, host);
  await station.boot();
  return station;
}

/** Frames for unknown MACs, and broadcasts, go to this peer too. */
async function floodTo(host: Host, peer: string): Promise<void> {
  await host.run(['bridge', 'fdb', 'append', '00:00:00:00:00:00', 'dev', stationDevice, 'dst', peer]);
}
