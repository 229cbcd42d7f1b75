/** Where a bridge would send a frame, as `ofproto/trace` tells it (ovs-vswitchd(8)). */
import type { Hypervisor } from '../../../lab/hypervisor.js';

export interface Frame {
  /** The port's name. */
  readonly inPort: string;
  readonly from?: string;
  readonly to: string;
  /** With a frame that comes by the tunnel. */
  readonly tunnel?: { readonly vni: number; readonly source: string };
}

export const broadcast = 'ff:ff:ff:ff:ff:ff';
export const tunnelName = 'heddle-vxlan';

/** @returns the places, sorted: a port's name, or `10.97.0.2 vni 5000`; none when the frame is dropped */
export async function outputsOf(hypervisor: Hypervisor, frame: Frame): Promise<string[]> {
  const { inPort, from = '02:00:00:00:00:fe', to, tunnel } = frame;
  const fields = [`in_port=${inPort}`, `dl_src=${from}`, `dl_dst=${to}`];
  if (tunnel) {
    const source = tunnel.source.includes(':') ? 'tun_ipv6_src' : 'tun_src';
    fields.push(`tun_id=${tunnel.vni}`, `${source}=${tunnel.source}`);
  }
  return parseTrace(await hypervisor.appctl('ofproto/trace', '--names', 'br-int', fields.join(',')));
}

/** Reads what a trace says. An `output:` to the port that the frame came from is followed by ">> skipping". */
export function parseTrace(text: string): string[] {
  const outputs: string[] = [];
  let vni = 0;
  for (const line of text.split('\n')) {
    const output = /^ *output:"?([\w.-]+)"?$/.exec(line)?.[1];
    if (output !== undefined) outputs.push(output);
    if (/>> skipping output|-> output to native tunnel/.test(line)) outputs.pop();
    vni = Number(/NXM_NX_TUN_ID\[\] is now (0x[0-9a-f]+)/.exec(line)?.[1] ?? vni);
    const peer = /-> tunneling to ([\da-f.:]+) via /.exec(line)?.[1];
    if (peer !== undefined) outputs.push(`${peer} vni ${vni}`);
  }
  return outputs.sort();
}

/** Frames that a port's guest has sent, by the bridge's own count. */
export async function framesFrom(hypervisor: Hypervisor, port: string): Promise<number> {
  const count = /rx pkts=(\d+)/.exec(await hypervisor.ofctl('dump-ports', 'br-int', port))?.[1];
  if (count === undefined) throw new Error(`no counters of ${port}`);
  return Number(count);
}
