import { isMadeFromName } from '../config/dpid.js';
import { appOfCookie, type Scope } from '../intent/index.js';
import type { Dpid } from '../lib/addresses.js';

/** What is held against a switch of no hypervisor in the file. */
export interface Evidence {
  readonly dpid: Dpid;
  /** The bridge of the file, and its hypervisor, that has this datapath id by its host's OVSDB. */
  readonly bridge?: { readonly name: string; readonly hypervisor: string };
  /** What was read of Heddle's; undefined before. */
  readonly holds?: {
    /** Of static flows, and of those that the switch has learned by itself. */
    readonly cookies: Iterable<bigint>;
    readonly groups: number;
  };
  /** Of the apps that run, by their numbers in cookies. */
  readonly scopeOf: (app: number) => Scope | undefined;
}

/**
 * A switch that is, or was, a hypervisor's bridge must never become a plain one: the tenants on it would meet. Its
 * datapath id alone may not tell, since a person can set that by hand.
 *
 * @returns why it is not touched, and what to do; undefined where it may be served
 */
export function whyLeftAlone({ dpid, bridge, holds, scopeOf }: Evidence): string | undefined {
  if (bridge !== undefined)
    return `left alone: by its OVSDB this is bridge ${bridge.name} of ${bridge.hypervisor}, with another datapath id than the file has; make them agree (\`datapath-id\`)`;
  if (isMadeFromName(dpid)) return tell('its datapath id is one that Heddle makes for hypervisors');
  if (holds === undefined) return undefined;
  const scopes = new Set([...holds.cookies].map(cookie => scopeOf(appOfCookie(cookie))));
  if (scopes.has('hypervisors')) return tell("it holds flows of a hypervisor's bridge");
  // A user's own app may keep groups in a plain switch, and has flows there then.
  return holds.groups > 0 && !scopes.has('others')
    ? tell("it holds groups of a hypervisor's bridge")
    : undefined;
}

const tell = (why: string): string =>
  `left alone: ${why}, and the file has no such hypervisor. Put the hypervisor back into the file; or, to use it as a plain switch, ` +
  'remove its flows (`ovs-ofctl -O OpenFlow13 del-flows BRIDGE cookie=0x4864000000000000/0xffff000000000000`) and ' +
  'groups (`ovs-ofctl -O OpenFlow13 del-groups BRIDGE`), set another one (`ovs-vsctl set Bridge BRIDGE other_config:datapath-id=…`), and let it connect again';
