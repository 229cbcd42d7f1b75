import type { VxlanPort } from './world.js';
import { parseVtep, type Vtep } from '../lib/vtep.js';

const largestVni = 2 ** 24 - 1;
/** IANA's [RFC 7348 section 8]. */
const usualPort = 4789;

/**
 * Interface.options of a VXLAN port, read as Open vSwitch does: keys are C's numbers, and in_key and out_key go before key
 * [ovs-vswitchd.conf.db(5), Interface: Tunnel Options]. What it would read as something else than is written is left out.
 */
export function vxlanPort(options: ReadonlyMap<string, string>): VxlanPort {
  const remoteIp = options.get('remote_ip') === 'flow' ? 'flow' : addressOf(options.get('remote_ip'));
  const key = options.get('key') ?? '0';
  const inKey = keyOf(options.get('in_key') ?? key);
  const outKey = keyOf(options.get('out_key') ?? key);
  const dstPort = portOf(options.get('dst_port'));
  return {
    ...(remoteIp !== undefined && { remoteIp }),
    ...(inKey !== undefined && { inKey }),
    ...(outKey !== undefined && { outKey }),
    ...(dstPort !== undefined && { dstPort }),
    ...(options.get('tos') === 'inherit' && { copiesDscp: true as const }),
  };
}

/** An IPv4-mapped address is the IPv4 address to Open vSwitch, too [RFC 4291 2.5.5.2]. */
function addressOf(text: string | undefined): Vtep | undefined {
  const address = parseVtep(text ?? '');
  const isMapped = typeof address === 'bigint' && address >> 32n === 0xffffn;
  return isMapped ? Number(address & 0xffffffffn) : address;
}

function keyOf(text: string): VxlanPort['inKey'] {
  if (text === 'flow') return 'flow';
  const key = cNumber(text);
  return key === undefined || key > largestVni ? undefined : key;
}

function portOf(text: string | undefined): number | undefined {
  if (text === undefined) return usualPort;
  return /^[1-9]\d{0,4}$/.test(text) && Number(text) <= 65_535 ? Number(text) : undefined;
}

/** Decimal, 0x and hexadecimal digits, or 0 and octal ones. */
function cNumber(text: string): number | undefined {
  if (text.length > 10) return undefined;
  if (/^0[0-7]*$/.test(text)) return Number.parseInt(text, 8);
  return /^([1-9]\d*|0x[\da-f]+)$/i.test(text) ? Number(text) : undefined;
}
