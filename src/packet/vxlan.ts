import { packed, pad, struct, u32, u8 } from '../lib/struct/index.js';

/** The bit of `flags` that says that the VNI counts; it must be set [RFC 7348 5]. */
export const VXLAN_VNI_VALID = 0x08;

/** The VXLAN header [RFC 7348 5]: an Ethernet frame follows, of another network. */
export const vxlan = struct('vxlan', {
  /** VXLAN_VNI_VALID; all other bits are reserved. */
  flags: u8,
  _reserved: pad(3),
  ...packed(u32, {
    /** VXLAN network identifier, 24 bits: which network the frame is of. */
    vni: 24,
    _reserved2: { width: 8 },
  }),
});
