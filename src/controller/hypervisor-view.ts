import type { HypervisorConfig } from '../config/config.js';
import type { HostPort, HypervisorView } from '../intent/index.js';
import { parseMac } from '../lib/addresses.js';
import type { SwitchPort, SwitchPorts } from '../ovsdb/index.js';
import { isMarked } from '../reconcile/owner.js';

export const unknownHypervisor = (config: HypervisorConfig): HypervisorView => ({
  config,
  known: false,
  ports: new Map(),
});

/** What apps see of a hypervisor: the ports of its bridge, with Heddle's own told apart from those of its VMs. */
export function viewOf(config: HypervisorConfig, all: SwitchPorts): HypervisorView {
  const ports = new Map<string, HostPort>();
  let tunnelPort: number | undefined;
  for (const port of all.values()) {
    if (port.bridge !== config.bridge || port.name === config.bridge) continue;
    if (!isMarked(port.externalIds)) ports.set(port.name, hostPort(port));
    else if (port.type === 'vxlan') tunnelPort = port.ofport ?? undefined;
  }
  return { config, known: true, ports, ...(tunnelPort !== undefined && { tunnelPort }) };
}

function hostPort({ name, ofport, error, externalIds }: SwitchPort): HostPort {
  const ifaceId = externalIds.get('iface-id');
  const mac = parseMac(externalIds.get('attached-mac') ?? '');
  return {
    name,
    ...(ofport !== null && { ofport }),
    ...(ifaceId !== undefined && { ifaceId }),
    ...(mac !== undefined && { attachedMac: mac }),
    ...(error !== null && error !== '' && { error }),
  };
}
