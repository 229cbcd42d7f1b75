/** Flow tables [OF1.3.5 7.3.3, 7.3.5.4]. */
import { listOf, pad, struct, u32, u64, u8 } from '../../lib/struct/index.js';
import type { Infer } from '../../lib/struct/index.js';
import { header } from './header.js';

/** Configures a table [OF1.3.5 7.3.3]. In OpenFlow 1.3 there is nothing to configure, and Open vSwitch ignores it. */
export const tableMod = struct('table_mod', {
  ...header(17),
  /** 0 to 254 (OFPTT.MAX), or OFPTT.ALL. */
  tableId: u8,
  _pad: pad(3),
  /** A bitmap of OFPTC; 0 in OpenFlow 1.3. */
  config: u32,
});

/** One table of a table reply [OF1.3.5 7.3.5.4]. */
export const tableStats = struct('table_stats', {
  /** 0 to 254. Lower tables are looked up first. */
  tableId: u8,
  _pad: pad(3),
  /** Flows in the table now. */
  activeCount: u32,
  /** Packets looked up in the table. */
  lookupCount: u64,
  /** Packets that hit a flow of the table. */
  matchedCount: u64,
});

/** One table of a table reply [OF1.3.5 7.3.5.4]. */
export type TableStats = Infer<typeof tableStats>;

/** Asks for the counters of all tables. */
export const tableStatsRequest = struct('table', {});

/** The counters of all tables [OF1.3.5 7.3.5.4]. */
export const tableStatsReply = struct('table', { entries: listOf(tableStats) });
