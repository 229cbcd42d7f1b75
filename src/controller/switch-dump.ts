import { type Group, ourCookies } from '../intent/index.js';
import {
  type ErrorMessage,
  type ExchangeOutcome,
  type FlowStats,
  type Message,
  OFPG,
  OFPP,
  OFPTT,
} from '../openflow/index.js';

/** Asks a switch for all flows under our cookies, and for all groups. */
export const dumpRequests: readonly Message[] = [
  {
    type: 'multipart_request',
    xid: 0,
    flags: 0,
    body: {
      type: 'flow',
      tableId: OFPTT.ALL,
      outPort: OFPP.ANY,
      outGroup: OFPG.ANY,
      cookie: ourCookies.cookie,
      cookieMask: ourCookies.mask,
      match: [],
    },
  },
  { type: 'multipart_request', xid: 0, flags: 0, body: { type: 'group_desc' } },
];

export interface Dump {
  readonly flows: readonly FlowStats[];
  readonly groups: readonly Group[];
  /** The switch would not tell its flows: none of them is known. */
  readonly refusal?: ErrorMessage;
}

/** What the answers to `dumpRequests` say. A switch that knows no groups refuses that question, and has none. */
export function readDump({ replies, errors }: ExchangeOutcome & { readonly type: 'done' }): Dump {
  const flows: FlowStats[] = [];
  const groups: Group[] = [];
  for (const reply of replies) {
    if (reply.type !== 'multipart_reply') continue;
    if (reply.body.type === 'flow') for (const entry of reply.body.entries) flows.push(entry);
    if (reply.body.type === 'group_desc') {
      for (const { groupId, groupType, buckets } of reply.body.entries)
        groups.push({ id: groupId, groupType, buckets });
    }
  }
  const refusal = errors.find(({ index }) => index === 0)?.error;
  return { flows, groups, ...(refusal !== undefined && { refusal }) };
}
