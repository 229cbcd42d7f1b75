/**
 * Flow monitors: a switch tells of each flow that comes, goes or changes [ONF extension 187]. The request is a multipart
 * message; the flows that are there and, with an `xid` of 0, all later changes are replies. Open vSwitch 3.0 and later.
 */
import {
  constant,
  length,
  lengthOf,
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
import { Experimenter } from '../constants.js';
import { instructions } from '../actions/instructions.js';
import { matchStruct } from '../fields/match.js';
import { onfHeader } from './header.js';

const monitorType = 1870;
/** What stands before the body of an experimenter multipart [OF1.3.5 7.3.5.15]. */
const extension = {
  _experimenter: constant(u32, Experimenter.ONF),
  _expType: constant(u32, monitorType),
} as const;

/** Which flows to tell of. */
const monitor = struct('flow_monitor', {
  /** Chosen by the controller, for `flow_monitor_cancel`; unique on its connection. */
  id: u32,
  /** A bitmap of OFPFMF. */
  flags: u16,
  _matchLength: lengthOf(u16, 'match'),
  /** Flows that output to this port; OFPP.ANY is no condition. */
  outPort: u32,
  /** OFPTT.ALL is all tables. */
  tableId: u8,
  _pad: pad(3),
  /** Flows whose match is this one, or has more fields. */
  match: matchStruct,
});
/** Which flows to tell of. */
export type FlowMonitor = Infer<typeof monitor>;

/** Asks to be told of flows. */
export const flowMonitorRequest = struct('flow_monitor', {
  ...extension,
  /** The monitors, each with an id of its own. */
  entries: listOf(monitor),
});

const updateHeader = (event: number) => ({ _length: length(u16), _event: constant(u16, event) }) as const;

const wholeFlow = {
  /** Why it was deleted: one of OFPRR; 0 for other events. */
  reason: u16,
  /** Of two flows that match, the one of the higher number counts: 0 to 65535. */
  priority: u16,
  /** Seconds; 0 is none. */
  idleTimeout: u16,
  /** Seconds; 0 is none. */
  hardTimeout: u16,
  _matchLength: lengthOf(u16, 'match'),
  /** 0 to 254. */
  tableId: u8,
  _pad: pad(1),
  /** The controller's own number for it. */
  cookie: u64,
  /** Packets that it is for. */
  match: matchStruct,
  /** Empty unless the monitor has OFPFMF.ACTIONS. */
  instructions,
} as const;

/** A flow came, or was there when the monitor began. */
const added = struct('added', { ...updateHeader(0), ...wholeFlow });
/** A flow went. */
const deleted = struct('deleted', { ...updateHeader(1), ...wholeFlow });
/** A flow changed, and is now so. */
const modified = struct('modified', { ...updateHeader(2), ...wholeFlow });
/** The controller's own message with this `xid` took effect: said in place of its flows, without OFPFMF.OWN. */
const abbrev = struct('abbrev', {
  ...updateHeader(3),
  /** That of the controller's message. */
  xid: u32,
});
/** An event that we do not know: `body` is all that follows its number. */
const unknown = struct('unknown', {
  _length: length(u16),
  /** The event as it came. */
  typeId: u16,
  /** All bytes behind it. */
  body: rest,
});

/** What happened to one flow. */
const update = union('flow_update', [added, deleted, modified, abbrev], unknown);
/** What happened to one flow. */
export type FlowUpdate = Infer<typeof update>;

/** What happened to flows, in the order in which it did. */
export const flowMonitorReply = struct('flow_monitor', {
  ...extension,
  /** In the order in which it happened. */
  entries: listOf(update),
});

/** Ends the monitor with this id. */
export const flowMonitorCancel = struct('flow_monitor_cancel', {
  ...onfHeader(monitorType),
  /** That of the request. */
  id: u32,
});
/** The controller reads too slowly: until `flow_monitor_resumed` only deletions are told. */
export const flowMonitorPaused = struct('flow_monitor_paused', onfHeader(1871));
/** All that came or changed since `flow_monitor_paused` has been told, and all is told again. */
export const flowMonitorResumed = struct('flow_monitor_resumed', onfHeader(1872));
