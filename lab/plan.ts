/** The lab's addresses: one underlay that carries the tunnels, one management network for OVSDB and OpenFlow. */

/** A host's tunnel address. `index` is 1..250. */
export const underlayAddress = (index: number): string => `10.97.0.${index}`;

/** The same, on an underlay of IPv6. */
export const underlayAddress6 = (index: number): string => `fd97::${index.toString(16)}`;

/** A host's address for OVSDB, and for the controller that it dials. */
export const managementAddress = (index: number): string => `10.98.0.${index}`;

/** Where Heddle runs. */
export const controllerAddress = '10.98.0.254';
export const openflowPort = 6653;
export const ovsdbPort = 6640;

export const prefixLength = 24;

/** The broadcast address of an address's /24. */
export const broadcastAddress = (address: string): string => address.replace(/\d+$/, '255');

/** Room for a guest's 1500 bytes and the 50 of VXLAN over IPv4 [RFC 7348 section 5]. */
export const underlayMtu = 1600;
/** What a guest is given nevertheless: it fits an underlay of 1500, as most real ones are. */
export const guestMtu = 1450;

/** MACs that stay the same from run to run, in the locally administered range. */
export const underlayMac = (index: number): string => `02:97:00:00:00:${hex(index)}`;
export const managementMac = (index: number): string => `02:98:00:00:00:${hex(index)}`;

const hex = (value: number): string => value.toString(16).padStart(2, '0');
