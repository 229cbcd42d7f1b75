/**
 * The Link Layer Discovery Protocol [IEEE 802.1AB-2016]: a list of TLVs, each led by `type:7 length:9`. Chassis id, port id
 * and time to live come first and in this order [8.2].
 */
import { packed, rest, sizeOf, struct, u16, u32, u8 } from '../lib/struct/index.js';
import { utf8Text } from './fields.js';
import { tlvList } from './tlv.js';
import type { TlvForm } from './tlv.js';

/** What a chassis id is made of [IEEE 802.1AB-2016 8.5.2.2]. */
export const LldpChassisId = {
  CHASSIS_COMPONENT: 1,
  INTERFACE_ALIAS: 2,
  PORT_COMPONENT: 3,
  MAC_ADDRESS: 4,
  NETWORK_ADDRESS: 5,
  INTERFACE_NAME: 6,
  LOCAL: 7,
} as const;

/** What a port id is made of [IEEE 802.1AB-2016 8.5.3.2]. */
export const LldpPortId = {
  INTERFACE_ALIAS: 1,
  PORT_COMPONENT: 2,
  MAC_ADDRESS: 3,
  NETWORK_ADDRESS: 4,
  INTERFACE_NAME: 5,
  AGENT_CIRCUIT_ID: 6,
  LOCAL: 7,
} as const;

/** The bits of system capabilities [IEEE 802.1AB-2016 8.5.8.1]. */
export const LldpCapability = {
  OTHER: 0x001,
  REPEATER: 0x002,
  BRIDGE: 0x004,
  WLAN_ACCESS_POINT: 0x008,
  ROUTER: 0x010,
  TELEPHONE: 0x020,
  DOCSIS: 0x040,
  STATION_ONLY: 0x080,
} as const;

/** Which device sent this [IEEE 802.1AB-2016 8.5.2]. */
const chassisId = struct('chassis_id', {
  /** What `id` is, one of `LldpChassisId`. */
  subtype: u8,
  /** 1 to 255 bytes; the 6 bytes of a MAC for MAC_ADDRESS. */
  id: rest,
});

/** Which port of it sent this [IEEE 802.1AB-2016 8.5.3]. */
const portId = struct('port_id', {
  /** What `id` is, one of `LldpPortId`. */
  subtype: u8,
  /** 1 to 255 bytes; the 6 bytes of a MAC for MAC_ADDRESS. */
  id: rest,
});

/** How long this holds [IEEE 802.1AB-2016 8.5.4]. */
const ttl = struct('ttl', {
  /** Seconds; 0: forget the sender now. */
  seconds: u16,
});

/** The port in words [IEEE 802.1AB-2016 8.5.5]. */
const portDescription = struct('port_description', {
  /** UTF-8, 255 bytes at most. */
  text: utf8Text,
});

/** The device's name [IEEE 802.1AB-2016 8.5.6]. */
const systemName = struct('system_name', {
  /** UTF-8, 255 bytes at most. */
  text: utf8Text,
});

/** The device in words [IEEE 802.1AB-2016 8.5.7]. */
const systemDescription = struct('system_description', {
  /** UTF-8, 255 bytes at most. */
  text: utf8Text,
});

/** What the device is [IEEE 802.1AB-2016 8.5.8]. */
const systemCapabilities = struct('system_capabilities', {
  /** Bits of `LldpCapability`: what it can be. */
  capabilities: u16,
  /** Bits of `LldpCapability`: what it is set up to be. */
  enabled: u16,
});

/** An address by its family [IEEE 802.1AB-2016 8.5.9.3]. */
const networkAddress = struct('network_address', {
  /** Family of the address: 1 IPv4, 2 IPv6, 6 MAC [IANA address family numbers]. */
  family: u8,
  /** 1 to 31 bytes. */
  address: rest,
});

/** Where the device is managed [IEEE 802.1AB-2016 8.5.9]. */
const managementAddress = struct('management_address', {
  _size: sizeOf(u8, 'address'),
  /** The address. */
  address: networkAddress,
  /** What `interfaceNumber` is: 1 unknown, 2 ifIndex, 3 system port number. */
  interfaceSubtype: u8,
  /** The interface that has the address. */
  interfaceNumber: u32,
  _oidSize: sizeOf(u8, 'oid'),
  /** The hardware or protocol behind it as an object identifier, 0 to 128 bytes [ASN.1 BER]. */
  oid: rest,
});

/** What an organization defined for itself [IEEE 802.1AB-2016 8.6.1]. */
const organizationallySpecific = struct('organizationally_specific', {
  ...packed(u32, {
    /** The organization, 24 bits; 0x0080c2 is IEEE 802.1, 0x00120f is IEEE 802.3. */
    oui: 24,
    /** The organization's own type. */
    subtype: 8,
  }),
  /** 0 to 507 bytes. */
  information: rest,
});

/** All bodies that are known, by TLV type. */
export const lldpBodies = [
  [1, chassisId],
  [2, portId],
  [3, ttl],
  [4, portDescription],
  [5, systemName],
  [6, systemDescription],
  [7, systemCapabilities],
  [8, managementAddress],
  [127, organizationallySpecific],
] as const;

const form: TlvForm = {
  name: 'lldp_tlv',
  headerSize: 2,
  padTo: 1,
  maxType: 0x7f,
  maxBody: 0x1ff,
  read: (b, at) => {
    const header = ((b[at] ?? 0) << 8) | (b[at + 1] ?? 0);
    return { type: header >> 9, size: header & 0x1ff };
  },
  write: (b, at, type, size) => {
    const header = (type << 9) | size;
    b[at] = header >> 8;
    b[at + 1] = header;
  },
  end: 0,
};

/** An LLDP data unit [IEEE 802.1AB-2016 8.2]. */
export const lldp = struct('lldp', {
  /** Its TLVs, without the one that ends the list, which is written by itself. One that is not known is kept as bytes. */
  tlvs: tlvList(form, lldpBodies),
});
