/** Multipart requests and replies [OF1.3.5 7.3.5]: statistics and descriptions, in as many messages as they need. */
import {
  named,
  length,
  listOf,
  pad,
  select,
  struct,
  tag,
  text,
  u16,
  u32,
  u64,
  u8,
} from '../../lib/struct/index.js';
import type { Infer } from '../../lib/struct/index.js';
import { instructions } from '../instructions.js';
import { matchStruct } from '../match.js';
import { bucket, groupTypes } from './groups.js';
import { header } from './header.js';
import { port } from './ports.js';

/** Which flows are asked for; Port.ANY and Group.ANY are no condition. */
const flowFilter = {
  tableId: u8,
  _pad1: pad(3),
  outPort: u32,
  outGroup: u32,
  _pad2: pad(4),
  cookie: u64,
  cookieMask: u64,
  match: matchStruct,
} as const;

/** One flow of a flow reply [OF1.3.5 7.3.5.2]. */
export const flowStats = struct('flow_stats', {
  _length: length(u16),
  tableId: u8,
  _pad1: pad(1),
  durationSec: u32,
  durationNsec: u32,
  priority: u16,
  idleTimeout: u16,
  hardTimeout: u16,
  flags: u16,
  _pad2: pad(4),
  cookie: u64,
  packetCount: u64,
  byteCount: u64,
  match: matchStruct,
  instructions,
});
export type FlowStats = Infer<typeof flowStats>;

/** One group of a group_desc reply [OF1.3.5 7.3.5.7]. */
export const groupDesc = struct('group_desc', {
  _length: length(u16),
  groupType: named(u8, groupTypes),
  _pad: pad(1),
  groupId: u32,
  buckets: listOf(bucket),
});
export type GroupDesc = Infer<typeof groupDesc>;

const requestBody = select('multipart_request', [
  [0, struct('desc', {})],
  [1, struct('flow', flowFilter)],
  [2, struct('aggregate', flowFilter)],
  [7, struct('group_desc', {})],
  [13, struct('port_desc', {})],
]);

const replyBody = select('multipart_reply', [
  [
    0,
    struct('desc', {
      mfrDesc: text(256),
      hwDesc: text(256),
      swDesc: text(256),
      serialNum: text(32),
      dpDesc: text(256),
    }),
  ],
  [1, struct('flow', { entries: listOf(flowStats) })],
  [2, struct('aggregate', { packetCount: u64, byteCount: u64, flowCount: u32, _pad: pad(4) })],
  [7, struct('group_desc', { entries: listOf(groupDesc) })],
  [13, struct('port_desc', { entries: listOf(port) })],
]);

const parts = (type: number) =>
  ({ ...header(type), _kind: tag(u16, 'body'), flags: u16, _pad: pad(4) }) as const;

export const multipartRequest = struct('multipart_request', { ...parts(18), body: requestBody });
export const multipartReply = struct('multipart_reply', { ...parts(19), body: replyBody });
