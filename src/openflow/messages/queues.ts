/** Queues of ports [OF1.3.5 7.2.2, 7.3.6, 7.3.5.8]. */
import { constant, length, listOf, pad, rest, struct, u16, u32, u64, union } from '../../lib/struct/index.js';
import type { Infer } from '../../lib/struct/index.js';
import { header } from './header.js';
import { unknownElement } from '../unknown.js';

const propertyHeader = (property: number) =>
  ({ _property: constant(u16, property), _length: length(u16), _pad1: pad(4) }) as const;

/** The rate that a queue is guaranteed [OF1.3.5 7.2.2]. */
const minRate = struct('min_rate', {
  ...propertyHeader(1),
  /** In 1/10 of a percent of the port's speed: 0 to 1000; more (OFPQ_MIN_RATE_UNCFG is 0xffff) is "not configured". */
  rate: u16,
  _pad2: pad(6),
});

/** The rate that a queue never exceeds [OF1.3.5 7.2.2]. */
const maxRate = struct('max_rate', {
  ...propertyHeader(2),
  /** In 1/10 of a percent of the port's speed: 0 to 1000; more (OFPQ_MAX_RATE_UNCFG is 0xffff) is "not configured". */
  rate: u16,
  _pad2: pad(6),
});

/** A property that an extension defines [OF1.3.5 7.2.2]. */
const experimenter = struct('experimenter', {
  ...propertyHeader(0xffff),
  /** Who defines it [OF1.3.5 7.2.2]. */
  experimenter: u32,
  _pad2: pad(4),
  /** Its own bytes. */
  data: rest,
});

/** How a queue is configured [OF1.3.5 7.2.2]. */
const property = union('queue_property', [minRate, maxRate, experimenter], unknownElement);

/** How a queue is configured [OF1.3.5 7.2.2]. */
export type QueueProperty = Infer<typeof property>;

/** One queue and how it is configured [OF1.3.5 7.2.2]. */
const queue = struct('packet_queue', {
  /** The queue, of its port alone. */
  queueId: u32,
  /** The port that it belongs to. */
  port: u32,
  _length: length(u16),
  _pad: pad(6),
  properties: listOf(property),
});

/** One queue and how it is configured [OF1.3.5 7.2.2]. */
export type Queue = Infer<typeof queue>;

/** Asks how the queues of a port are configured [OF1.3.5 7.3.6]. */
export const queueGetConfigRequest = struct('queue_get_config_request', {
  ...header(22),
  /** OFPP.ANY asks for the queues of all ports. */
  port: u32,
  _pad: pad(4),
});

/** How the queues are configured [OF1.3.5 7.3.6]. */
export const queueGetConfigReply = struct('queue_get_config_reply', {
  ...header(23),
  /** The port that was asked for. */
  port: u32,
  _pad: pad(4),
  queues: listOf(queue),
});

/** One queue of a queue reply [OF1.3.5 7.3.5.8]. A counter of all ones is one that the switch does not keep. */
export const queueStats = struct('queue_stats', {
  /** The port that it belongs to. */
  portNo: u32,
  /** The queue, of its port alone. */
  queueId: u32,
  /** Bytes sent. */
  txBytes: u64,
  /** Packets sent. */
  txPackets: u64,
  /** Packets dropped because the queue was full. */
  txErrors: u64,
  /** How long the queue has been there, in seconds. */
  durationSec: u32,
  /** Nanoseconds beyond `durationSec`. */
  durationNsec: u32,
});

/** One queue of a queue reply [OF1.3.5 7.3.5.8]. */
export type QueueStats = Infer<typeof queueStats>;

/** Asks for the counters of queues. */
export const queueStatsRequest = struct('queue', {
  /** OFPP.ANY is all ports. */
  portNo: u32,
  /** OFPQ_ALL is all queues. */
  queueId: u32,
});

/** The counters of queues, in as many parts as it takes [OF1.3.5 7.3.5.8]. */
export const queueStatsReply = struct('queue', { entries: listOf(queueStats) });
