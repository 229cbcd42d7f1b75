/**
 * Whether a port is a network card: nothing in OVSDB says so. On Linux the driver tells a tap (`tun`) from a card; where it
 * tells nothing, the name does, by the schemes of udev and of the classic kernels.
 */
export function isNic(name: string, type: string, driver: string | undefined): boolean {
  if (type === 'dpdk' || type === 'afxdp') return true;
  if (type !== '' && type !== 'system') return false;
  if (driver === 'tun') return false;
  if (cardNames.test(name)) return true;
  return driver !== undefined && driver !== '' && !virtual.has(driver) && !guestNames.test(name);
}

const cardNames = /^(eth\d|en[opsx]\w*\d|em\d|p\d+p\d|bond\d|team\d|ib\d|wl\w*\d|usb\d|lan\d|wan\d|uplink)/;
const guestNames = /^(vnet|tap|veth|fwln|fwpr|lxc|qvo|vif)/;

const virtual = new Set([
  'veth',
  'bridge',
  'openvswitch',
  'dummy',
  'macvlan',
  'macvtap',
  'vxlan',
  'ipvlan',
  'ifb',
]);
