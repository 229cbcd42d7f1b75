/** Multipart requests and replies [OF1.3.5 7.3.5]: statistics and descriptions, in as many messages as they need. */
import { pad, rest, select, struct, tag, text, u16, u32 } from '../../lib/struct/index.js';
import { aggregateReply, aggregateRequest, flowStatsReply, flowStatsRequest } from './flow-stats.js';
import { flowMonitorReply, flowMonitorRequest } from './flow-monitor.js';
import {
  groupDescReply,
  groupDescRequest,
  groupFeaturesReply,
  groupFeaturesRequest,
  groupStatsReply,
  groupStatsRequest,
} from './groups.js';
import { header } from './header.js';
import {
  meterConfigReply,
  meterConfigRequest,
  meterFeaturesReply,
  meterFeaturesRequest,
  meterStatsReply,
  meterStatsRequest,
} from './meters.js';
import { portDescReply, portDescRequest, portStatsReply, portStatsRequest } from './ports.js';
import { queueStatsReply, queueStatsRequest } from './queues.js';
import { tableFeaturesReply, tableFeaturesRequest } from './table-features.js';
import { tableStatsReply, tableStatsRequest } from './tables.js';

/** Asks what the switch is. */
const descRequest = struct('desc', {});

/** What the switch is, in words for people [OF1.3.5 7.3.5.1]: each is UTF-8. */
const descReply = struct('desc', {
  /** Who made it; 256 bytes at most. */
  mfrDesc: text(256),
  /** 256 bytes at most. */
  hwDesc: text(256),
  /** 256 bytes at most. */
  swDesc: text(256),
  /** 32 bytes at most. */
  serialNum: text(32),
  /** Which datapath of the switch it is; 256 bytes at most. */
  dpDesc: text(256),
});

/** An extension that we do not know [OF1.3.5 7.3.5.15]. */
const experimenter = struct('experimenter', {
  /** Who defines it: one of Experimenter, or another. */
  experimenter: u32,
  /** Which of its multiparts it is. */
  expType: u32,
  /** Its own bytes. */
  data: rest,
});

/** What is asked for [OF1.3.5 7.3.5]. */
const requestBody = select('multipart_request', [
  [0, descRequest],
  [1, flowStatsRequest],
  [2, aggregateRequest],
  [3, tableStatsRequest],
  [4, portStatsRequest],
  [5, queueStatsRequest],
  [6, groupStatsRequest],
  [7, groupDescRequest],
  [8, groupFeaturesRequest],
  [9, meterStatsRequest],
  [10, meterConfigRequest],
  [11, meterFeaturesRequest],
  [12, tableFeaturesRequest],
  [13, portDescRequest],
  [0xffff, flowMonitorRequest],
  [0xffff, experimenter],
]);

/** The answer, or a part of it [OF1.3.5 7.3.5]. */
const replyBody = select('multipart_reply', [
  [0, descReply],
  [1, flowStatsReply],
  [2, aggregateReply],
  [3, tableStatsReply],
  [4, portStatsReply],
  [5, queueStatsReply],
  [6, groupStatsReply],
  [7, groupDescReply],
  [8, groupFeaturesReply],
  [9, meterStatsReply],
  [10, meterConfigReply],
  [11, meterFeaturesReply],
  [12, tableFeaturesReply],
  [13, portDescReply],
  [0xffff, flowMonitorReply],
  [0xffff, experimenter],
]);

const parts = (type: number) =>
  ({
    ...header(type),
    _kind: tag(u16, 'body'),
    /** OFPMPF_REQ_MORE or OFPMPF_REPLY_MORE where more parts follow, else 0. */
    flags: u16,
    _pad: pad(4),
  }) as const;

/** Asks for statistics or descriptions; `body` says which. */
export const multipartRequest = struct('multipart_request', { ...parts(18), body: requestBody });

/** One part of an answer: parts of one answer have one `xid`, and the lists of their bodies are to be joined. */
export const multipartReply = struct('multipart_reply', { ...parts(19), body: replyBody });
