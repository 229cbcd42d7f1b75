/**
 * Meters [OF1.3.5 7.3.4.4] and what is said of them [OF1.3.5 7.3.5.12 to 7.3.5.14]. Rates are in kbit/s or packets/s,
 * bursts in kbit or packets, as the flags say.
 */
import {
  named,
  constant,
  length,
  listOf,
  pad,
  rest,
  struct,
  u16,
  u32,
  u64,
  u8,
  union,
} from '../../lib/struct/index.js';
import type { Infer } from '../../lib/struct/index.js';
import { header } from './header.js';
import { unknownElement } from '../unknown.js';

const bandHeader = (type: number) =>
  ({
    _type: constant(u16, type),
    _length: length(u16),
    /** The rate above which the band applies, in the meter's unit. */
    rate: u32,
    /** How much may pass at once, in kbit or packets; counts where the meter has OFPMF.BURST. */
    burstSize: u32,
  }) as const;

/** Drops what exceeds the rate. */
const drop = struct('drop', { ...bandHeader(1), _pad: pad(4) });

/** Raises the drop precedence in the DSCP of what exceeds the rate. Open vSwitch has no such band. */
const dscpRemark = struct('dscp_remark', {
  ...bandHeader(2),
  /** How many levels of drop precedence are added. */
  precLevel: u8,
  _pad: pad(3),
});

/** A band that an extension defines. */
const experimenter = struct('experimenter', {
  ...bandHeader(0xffff),
  /** Who defines it [OF1.3.5 7.3.4.4]. */
  experimenter: u32,
  /** Its own bytes. */
  data: rest,
});

/** What a meter does above a rate: of its bands, that of the highest rate exceeded applies [OF1.3.5 7.3.4.4]. */
export const band = union('meter_band', [drop, dscpRemark, experimenter], unknownElement);

/** What a meter does above a rate [OF1.3.5 7.3.4.4]. */
export type MeterBand = Infer<typeof band>;

/** Makes, changes or deletes a meter [OF1.3.5 7.3.4.4]. */
export const meterMod = struct('meter_mod', {
  ...header(29),
  /** What is to be done. */
  command: named(u16, { add: 0, modify: 1, delete: 2 }),
  /** A bitmap of OFPMF: exactly one of KBPS and PKTPS. */
  flags: u16,
  /** 1 to OFPM.MAX, or one of OFPM. */
  meterId: u32,
  /** Left unread where the command deletes. */
  bands: listOf(band),
});

/** What one band was applied to. */
const bandStats = struct('meter_band_stats', {
  /** Packets that it was applied to. */
  packetBandCount: u64,
  /** Bytes that it was applied to. */
  byteBandCount: u64,
});

/** What one band was applied to [OF1.3.5 7.3.5.12]. */
export type MeterBandStats = Infer<typeof bandStats>;

/** One meter of a meter reply [OF1.3.5 7.3.5.12]. */
const meterStats = struct('meter_stats', {
  /** 1 to OFPM.MAX, or one of OFPM. */
  meterId: u32,
  _length: length(u16),
  _pad: pad(6),
  /** Flows that use the meter. */
  flowCount: u32,
  /** Packets that came to the meter. */
  packetInCount: u64,
  /** Bytes that came to the meter. */
  byteInCount: u64,
  /** How long the meter has been there, in seconds. */
  durationSec: u32,
  /** Nanoseconds beyond `durationSec`. */
  durationNsec: u32,
  /** One for each band, in the order of the bands. */
  bandStats: listOf(bandStats),
});

/** One meter of a meter reply [OF1.3.5 7.3.5.12]. */
export type MeterStats = Infer<typeof meterStats>;

const whichMeter = {
  /** OFPM.ALL is all meters. */
  meterId: u32,
  _pad: pad(4),
} as const;

/** Asks for the counters of meters. */
export const meterStatsRequest = struct('meter', whichMeter);

/** The counters of meters, in as many parts as it takes [OF1.3.5 7.3.5.12]. */
export const meterStatsReply = struct('meter', { entries: listOf(meterStats) });

/** One meter of a meter_config reply [OF1.3.5 7.3.5.13]. */
const meterConfig = struct('meter_config', {
  _length: length(u16),
  /** A bitmap of OFPMF. */
  flags: u16,
  /** 1 to OFPM.MAX, or one of OFPM. */
  meterId: u32,
  bands: listOf(band),
});

/** One meter of a meter_config reply [OF1.3.5 7.3.5.13]. */
export type MeterConfig = Infer<typeof meterConfig>;

/** Asks how meters are configured. */
export const meterConfigRequest = struct('meter_config', whichMeter);

/** How meters are configured, in as many parts as it takes [OF1.3.5 7.3.5.13]. */
export const meterConfigReply = struct('meter_config', { entries: listOf(meterConfig) });

/** Asks what meters the switch can do. */
export const meterFeaturesRequest = struct('meter_features', {});

/** What meters the switch can do [OF1.3.5 7.3.5.14]. */
export const meterFeaturesReply = struct('meter_features', {
  /** How many meters there can be; 0 where there can be none. */
  maxMeter: u32,
  /** A bitmap of OFPMBT: bit 1 is set where there are drop bands. */
  bandTypes: u32,
  /** A bitmap of OFPMF. */
  capabilities: u32,
  /** Bands in a meter. */
  maxBands: u8,
  /** Values of the colour, for bands that an extension defines. */
  maxColor: u8,
  _pad: pad(2),
});
