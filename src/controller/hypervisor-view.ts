import type { HypervisorConfig } from '../config/config.js';
import type { HostPort, HostPortBandwidth, HypervisorView } from '../intent/index.js';
import { vxlanPort } from '../intent/vxlan-port.js';
import { isGroupMac, type Mac, parseMac } from '../lib/addresses.js';
import type { SwitchPort, SwitchPorts } from '../ovsdb/index.js';
import type { BridgeIdentity } from '../reconcile/host-bridge.js';
import { isMarked, policingMark, policingOf } from '../reconcile/owner.js';

export const unknownHypervisor = (config: HypervisorConfig): HypervisorView => ({
  config,
  known: false,
  ports: new Map(),
});

/**
 * What apps see of a hypervisor: the ports of its bridge, with Heddle's own told apart from those of its VMs. A bridge
 * without this hypervisor's datapath id is another's, or is not taken over yet: its port numbers mean nothing in the
 * switch that has the id. A bridge that is still to be made has no ports, and that is known.
 */
export function viewOf(
  config: HypervisorConfig,
  all: SwitchPorts,
  bridge: BridgeIdentity | undefined,
): HypervisorView {
  if (bridge !== undefined && bridge.pinned !== config.dpid) return unknownHypervisor(config);
  const ports = new Map<string, HostPort>();
  let tunnel: SwitchPort | undefined;
  for (const port of all.values()) {
    if (port.bridge !== config.bridge || port.name === config.bridge) continue;
    if (!isMarked(port.externalIds)) ports.set(port.name, hostPort(port));
    else if (port.type === 'vxlan') tunnel = port;
  }
  const { ofport = null, error = null } = tunnel ?? {};
  return {
    config,
    known: true,
    ports,
    ...(ofport !== null && { tunnelPort: ofport }),
    ...(error !== null && error !== '' && { tunnelError: error }),
  };
}

function hostPort(of: SwitchPort): HostPort {
  const { name, port, bonded, type, ofport, error, options, externalIds } = of;
  const bandwidth = bandwidthOf(of);
  const ifaceId = externalIds.get('iface-id');
  const mac = attachedMac(externalIds.get('attached-mac'));
  return {
    name,
    ...(ofport !== null && { ofport }),
    ...(ifaceId !== undefined && { ifaceId }),
    ...(mac !== undefined && { attachedMac: mac }),
    ...(bonded && { bond: port }),
    ...(error !== null && error !== '' && { error }),
    ...(bandwidth !== undefined && { bandwidth }),
    ...(/^(internal|tap|patch|dpdk.*)$/.test(type) && { unshaped: type }),
    ...(type === 'vxlan' && { vxlan: vxlanPort(options) }),
  };
}

function bandwidthOf({ ingressPolicing, qos, externalIds }: SwitchPort): HostPortBandwidth | undefined {
  const { rateKbit } = ingressPolicing;
  const isPoliced = rateKbit > 0 && externalIds.get(policingMark) !== policingOf(ingressPolicing);
  const isShaped = qos !== undefined && !isMarked(qos.externalIds);
  if (!isPoliced && !isShaped) return undefined;
  return { ...(isPoliced && { ingressPolicing: rateKbit }), ...(isShaped && { qos: qos.type }) };
}

/** A group address can be nobody's: taken as a port's own, it would draw a network's broadcasts to that port alone. */
function attachedMac(text: string | undefined): Mac | undefined {
  const mac = parseMac(text ?? '');
  return mac === undefined || isGroupMac(mac) ? undefined : mac;
}
