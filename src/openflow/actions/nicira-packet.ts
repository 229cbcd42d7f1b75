/** The other actions on a packet, and on how it is processed (nicira-ext). */
import { align, length, listOf, pad, rest, struct, u16, u32, u8 } from '../../lib/struct/index.js';
import type { Infer } from '../../lib/struct/index.js';
import { countedU16, nicira } from './nicira-header.js';

/** Bytes that mean nothing to the switch; it pads them with zeros to a multiple of 8, and gives the zeros back (subtype 8). */
export const note = struct('note', {
  ...nicira(8),
  /** Any bytes. */
  note: rest,
  _pad: align(8),
});

/** The queue is again what it was when the packet came in (subtype 5). */
export const popQueue = struct('pop_queue', { ...nicira(5), _pad: pad(6) });

/** No action after it is run, in no table (subtype 17). */
export const exit = struct('exit', { ...nicira(17), _pad: pad(6) });

/** Takes 1 off the IP TTL; where it can not, the packet goes to the controllers of these ids and is dropped (subtype 21). */
export const decTtlCntIds = struct('dec_ttl_cnt_ids', {
  ...nicira(21),
  _count: pad(2),
  _pad1: pad(4),
  /** Ids of controller connections, 0 to 65535. */
  controllerIds: countedU16('controllerIds', 6),
  _pad2: align(8),
});

/** Lowers the timeouts of the flow at hand, where the packet is a TCP segment with FIN or RST (subtype 19). */
export const finTimeout = struct('fin_timeout', {
  ...nicira(19),
  /** Seconds; 0 is no change. */
  finIdleTimeout: u16,
  /** Seconds; 0 is no change. */
  finHardTimeout: u16,
  _pad: pad(2),
});

const sampled = {
  /** Of 65,535 packets so many are sampled; not 0. */
  probability: u16,
  /** The row of Flow_Sample_Collector_Set that says where samples go. */
  collectorSetId: u32,
  /** Observation domain of IPFIX. */
  obsDomainId: u32,
  /** Observation point of IPFIX. */
  obsPointId: u32,
} as const;

/** Sends some of the packets to IPFIX collectors (subtype 29). */
export const sample = struct('sample', { ...nicira(29), ...sampled });

/** As `sample`, with the port where the packet is sampled, of 16 bits (subtype 38). */
export const sample2 = struct('sample2', {
  ...nicira(38),
  ...sampled,
  /** The port, as in OpenFlow 1.0. */
  samplingPort: u16,
  _pad: pad(6),
});

/** As `sample2`, with the way that the packet goes there (subtype 41). */
export const sample3 = struct('sample3', {
  ...nicira(41),
  ...sampled,
  /** The port, as in OpenFlow 1.0. */
  samplingPort: u16,
  /** SampleDirection. */
  direction: u8,
  _pad: pad(5),
});

/** Ties this flow to the conjunctive flow `id`, as clause `clause` (from 0) of `clauses` (2 to 64) (subtype 34). */
export const conjunction = struct('conjunction', {
  ...nicira(34),
  /** Which clause this flow is, from 0. */
  clause: u8,
  /** How many clauses there are, 2 to 64. */
  clauses: u8,
  /** What the conjunctive flow matches as `conj_id`. */
  id: u32,
});

/** Forgets what connection tracking knows of the packet (subtype 43). */
export const ctClear = struct('ct_clear', { ...nicira(43), _pad: pad(6) });

/** Takes off the outermost header (subtype 47). `packetType` 0xfffe: what remains says what it is. */
export const decap = struct('decap', {
  ...nicira(47),
  _pad: pad(2),
  /** What remains, as name space and type; 0xfffe: it says so itself. */
  packetType: u32,
});

/** Takes 1 off the TTL of the NSH header (subtype 48). */
export const decNshTtl = struct('dec_nsh_ttl', { ...nicira(48), _pad: pad(6) });

/** Sends the packet through the datapath once more (subtype 255): for tests of Open vSwitch itself, refused otherwise. */
export const debugRecirc = struct('debug_recirc', { ...nicira(255), _pad: pad(6) });

/** Sends the packet by the slow path (subtype 254): for tests of Open vSwitch itself, refused otherwise. */
export const debugSlow = struct('debug_slow', { ...nicira(254), _pad: pad(6) });

/** What a new header is to hold (nicira-ext). */
const encapProperty = struct('encap property', {
  /** Who defines the type: 4 is NSH. */
  propertyClass: u16,
  /** Of class 4: 1 is the metadata type, 2 a TLV. */
  propertyType: u8,
  _length: length(u8, { padTo: 8 }),
  /** Its own bytes. */
  data: rest,
});

/** What a new header is to hold: of class 4 (NSH) type 1 is the metadata type and type 2 a TLV. */
export type EncapProperty = Infer<typeof encapProperty>;

/** Puts a new header around the packet (subtype 46). */
export const encap = struct('encap', {
  ...nicira(46),
  /** 0: Open vSwitch takes nothing else. */
  headerSize: u16,
  /** Name space in the upper 16 bits: 0 is Ethernet, 0x0001894f is NSH. */
  packetType: u32,
  properties: listOf(encapProperty),
});
