import { OFPPR } from '../constants.js';
import type { PortStatus } from '../messages/index.js';
import type { Port } from '../messages/ports.js';

type Ports = ReadonlyMap<number, Port>;

/** More ports than Open vSwitch gives numbers to (1 to 0xfeff, and its own): those above are not kept. */
export const maxPorts = 0xff00;

/** After a part of PORT_DESC [OF1.3.5 7.3.5.6]. */
export function withDescribed(ports: Ports, described: readonly Port[]): Ports {
  const next = new Map(ports);
  for (const port of described) put(next, port);
  return next;
}

/** After a PORT_STATUS [OF1.3.5 7.4.3]. */
export function withStatus(ports: Ports, { reason, desc }: PortStatus): Ports {
  const next = new Map(ports);
  if (reason === OFPPR.DELETE) next.delete(desc.portNo);
  else put(next, desc);
  return next;
}

function put(ports: Map<number, Port>, port: Port): void {
  if (ports.size < maxPorts || ports.has(port.portNo)) ports.set(port.portNo, port);
}
