/** All headers that are known, by name, and the types of their values. */
import { compile } from '../lib/struct/index.js';
import type { Codec, Field, Infer, Spec } from '../lib/struct/index.js';
import { arp } from './arp.js';
import { ethernet, vlan } from './ethernet.js';
import { icmp } from './icmp.js';
import { icmpv6 } from './icmpv6.js';
import { ipv4 } from './ipv4.js';
import { authentication, destinationOptions, fragment, hopByHop, ipv6, routing } from './ipv6.js';
import { lldp } from './lldp.js';
import { tcp } from './tcp.js';
import { udp } from './udp.js';
import { vxlan } from './vxlan.js';

/** The declaration of each header; a struct's own name is its key. */
export const headerStructs = {
  ethernet,
  vlan,
  arp,
  lldp,
  ipv4,
  ipv6,
  hop_by_hop: hopByHop,
  routing,
  fragment,
  destination_options: destinationOptions,
  authentication,
  icmp,
  icmpv6,
  udp,
  tcp,
  vxlan,
} as const;

/** The name of a header: its `type`. */
export type HeaderName = keyof typeof headerStructs;

/** A header's fields, without its `type`. */
export type FieldsOf<N extends HeaderName> = Infer<(typeof headerStructs)[N]>;

type Headers = { readonly [N in HeaderName]: { readonly type: N } & FieldsOf<N> };

/** The header of one name. */
export type HeaderOf<N extends HeaderName> = Headers[N];

/** Any header, discriminated by `type`. */
export type Header = HeaderOf<HeaderName>;

/** One way to make a codec of a declaration: `compile`, or `interpret`. */
export type BackEnd = <T>(spec: Spec & Field<T>) => Codec<T>;

/** A codec of each header, made when it is first needed. */
export type HeaderCodecs = (name: HeaderName) => Codec<object>;

export function headerCodecs(make: BackEnd): HeaderCodecs {
  const made = new Map<HeaderName, Codec<object>>();
  return name => {
    const known = made.get(name);
    if (known) return known;
    const codec = make<object>(headerStructs[name]);
    made.set(name, codec);
    return codec;
  };
}

export const compiledHeaders = headerCodecs(compile);

export const isHeaderName = (name: unknown): name is HeaderName =>
  typeof name === 'string' && Object.hasOwn(headerStructs, name);
