/** Options of Neighbor Discovery [RFC 4861 4.6]: `type:8 length:8`, the length in units of 8 bytes, header included. */
import { mac, packed, pad, struct, u32, u8 } from '../lib/struct/index.js';
import { ipv6Address } from './fields.js';
import { tlvList } from './tlv.js';
import type { TlvForm } from './tlv.js';

/** The sender's Ethernet address [RFC 4861 4.6.1]. */
const sourceLinkLayerAddress = struct('source_link_layer_address', {
  /** The address. */
  address: mac,
});

/** The Ethernet address of the target [RFC 4861 4.6.1]. */
const targetLinkLayerAddress = struct('target_link_layer_address', {
  /** The address. */
  address: mac,
});

/** A prefix of this link [RFC 4861 4.6.2]. */
const prefixInformation = struct('prefix_information', {
  /** Leading bits of `prefix` that count, 0 to 128. */
  prefixLength: u8,
  ...packed(u8, {
    /** 1: addresses of this prefix are on this link. */
    onLink: 1,
    /** 1: hosts may make addresses of their own in it [RFC 4862]. */
    autonomous: 1,
    _reserved: { width: 6 },
  }),
  /** Seconds that the prefix is on this link; 0xffffffff: for ever. */
  validLifetime: u32,
  /** Seconds that addresses made from it are preferred; 0xffffffff: for ever. */
  preferredLifetime: u32,
  _reserved2: pad(4),
  /** The prefix; bits past its length are 0. */
  prefix: ipv6Address,
});

/** The MTU that all on this link use [RFC 4861 4.6.4]. */
const mtu = struct('mtu', {
  _reserved: pad(2),
  /** The MTU in bytes. */
  mtu: u32,
});

/** All bodies that are known, by option type. */
export const ndOptionBodies = [
  [1, sourceLinkLayerAddress],
  [2, targetLinkLayerAddress],
  [3, prefixInformation],
  [5, mtu],
] as const;

const form: TlvForm = {
  name: 'nd_option',
  headerSize: 2,
  padTo: 8,
  maxType: 0xff,
  maxBody: 8 * 0xff - 2,
  read: (b, at) => ({ type: b[at] ?? 0, size: 8 * (b[at + 1] ?? 0) - 2 }),
  write: (b, at, type, size) => {
    b[at] = type;
    b[at + 1] = (size + 2) / 8;
  },
};

/** The options at the end of a message. One that is not known is kept as bytes. */
export const ndOptions = tlvList(form, ndOptionBodies);
