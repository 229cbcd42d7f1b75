import { type Group, type Meter, ourCookies } from '../intent/index.js';
import {
  askForFlows,
  type ErrorMessage,
  type FlowStats,
  type Message,
  multipart,
  OFPM,
} from '../openflow/index.js';
import type { ExchangeOutcome } from '../openflow/session/exchange.js';
import { featuresIn, type SwitchFeatures } from '../openflow/session/features.js';

/** Asks a switch for all flows under our cookies, for all groups and meters, and what meters it can have. */
export const dumpRequests: readonly Message[] = [
  askForFlows({ cookie: ourCookies.cookie, cookieMask: ourCookies.mask }),
  multipart({ type: 'group_desc' }),
  multipart({ type: 'meter_config', meterId: OFPM.ALL }),
  multipart({ type: 'meter_features' }),
];

export interface Dump {
  readonly flows: readonly FlowStats[];
  readonly groups: readonly Group[];
  /** None from a switch that knows no meters, and refuses that question. */
  readonly meters: readonly Meter[];
  /** The switch would not tell its flows: none of them is known. */
  readonly refusal?: ErrorMessage;
  /** False where the switch would not tell its groups. */
  readonly toldGroups: boolean;
  readonly features: SwitchFeatures;
}

/** What the answers to `dumpRequests` say. A switch that knows no groups refuses that question, and has none. */
export function readDump({ replies, errors }: ExchangeOutcome & { readonly type: 'done' }): Dump {
  const flows: FlowStats[] = [];
  const groups: Group[] = [];
  const meters: Meter[] = [];
  for (const reply of replies) {
    if (reply.type !== 'multipart_reply') continue;
    if (reply.body.type === 'flow') for (const entry of reply.body.entries) flows.push(entry);
    if (reply.body.type === 'group_desc') {
      for (const { groupId, groupType, buckets } of reply.body.entries)
        groups.push({ id: groupId, groupType, buckets });
    }
    if (reply.body.type === 'meter_config')
      for (const { meterId: id, flags, bands } of reply.body.entries) meters.push({ id, flags, bands });
  }
  const refusal = errors.find(({ index }) => index === 0)?.error;
  const toldGroups = !errors.some(({ index }) => index === 1);
  return {
    flows,
    groups,
    meters,
    toldGroups,
    features: featuresIn(replies),
    ...(refusal !== undefined && { refusal }),
  };
}
