/**
 * Addresses as plain values. A MAC is a number (48 bits fit a double exactly) and an IPv4 address is a number, so that
 * both work as Map keys and compare with ===, with no allocation on the packet path. IPv6 addresses are 128-bit bigints.
 */
export type Mac = number;
export type Ipv4 = number;
export type Ipv6 = bigint;
/** A datapath id: 64 bits [OF1.3.5 A.3.1]. */
export type Dpid = bigint;

const macPattern = /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i;

/** `aa:bb:cc:dd:ee:ff` to a number, or undefined where the text is no MAC. */
export function parseMac(text: string): Mac | undefined {
  return macPattern.test(text) ? Number.parseInt(text.replaceAll(':', ''), 16) : undefined;
}

export function formatMac(mac: Mac): string {
  return mac
    .toString(16)
    .padStart(12, '0')
    .replace(/(..)(?=.)/g, '$1:');
}

/** The group bit of the first byte: multicast and broadcast [IEEE 802-2014 8.2]. */
export const isGroupMac = (mac: Mac): boolean => (Math.floor(mac / 2 ** 40) & 1) === 1;

/** Dotted decimal to an unsigned 32-bit number, or undefined. Leading zeros are refused: some programs read them as octal. */
export function parseIpv4(text: string): Ipv4 | undefined {
  const parts = text.split('.');
  if (parts.length !== 4) return undefined;
  let address = 0;
  for (const part of parts) {
    if (!/^(0|[1-9]\d{0,2})$/.test(part)) return undefined;
    const byte = Number(part);
    if (byte > 255) return undefined;
    address = address * 256 + byte;
  }
  return address;
}

export function formatIpv4(address: Ipv4): string {
  return [24, 16, 8, 0].map(shift => (address >>> shift) & 0xff).join('.');
}

/** 16 hex digits, as Bridge.datapath_id has it. */
export const formatDpid = (dpid: Dpid): string => dpid.toString(16).padStart(16, '0');

/** 1 to 16 hex digits, or undefined. */
export const parseDpid = (text: string): Dpid | undefined =>
  /^[0-9a-f]{1,16}$/i.test(text) ? BigInt(`0x${text}`) : undefined;
