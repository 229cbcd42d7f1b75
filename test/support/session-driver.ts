import type { HeddleError } from '../../src/lib/errors.js';
import {
  type ErrorMessage,
  type FlowMod,
  type Message,
  OFP_NO_BUFFER,
  OFPG,
  OFPMPF_REPLY_MORE,
  OFPP,
  OFPTT,
  type PacketIn,
  type Port,
  type PortStatus,
} from '../../src/openflow/index.js';
import {
  initialSession,
  type SessionInput,
  type SessionOutput,
  type SessionState,
  type Asked,
  stepSession,
} from '../../src/openflow/session/session.js';
import type { ExchangeOutcome } from '../../src/openflow/session/exchange.js';
import { port } from './port.js';

export const noData = new Uint8Array(0);
export const dpid = 0x0000_0242_ac11_0002n;

export const hello = (version = 4, versions?: readonly number[]): Message => ({
  type: 'hello',
  xid: 77,
  version,
  ...(versions && { versions }),
});
export const features = (xid: number, auxiliaryId = 0): Message => ({
  type: 'features_reply',
  xid,
  datapathId: dpid,
  nBuffers: 0,
  nTables: 254,
  auxiliaryId,
  capabilities: 0,
  reserved: 0,
});
export const desc = (xid: number): Message => ({
  type: 'multipart_reply',
  xid,
  flags: 0,
  body: { type: 'desc', mfrDesc: 'Nicira', hwDesc: '', swDesc: '3.1.0', serialNum: '', dpDesc: '' },
});
export const portDesc = (xid: number, entries: readonly Port[], more = false): Message => ({
  type: 'multipart_reply',
  xid,
  flags: more ? OFPMPF_REPLY_MORE : 0,
  body: { type: 'port_desc', entries },
});
export const barrier = (xid: number): Message => ({ type: 'barrier_reply', xid });
export const error = (xid: number, errorType = 5, code = 1): ErrorMessage => ({
  type: 'error',
  version: 4,
  xid,
  errorType,
  code,
  data: noData,
});
export const portStatus = (reason: number, desc: Port, xid = 0): PortStatus => ({
  type: 'port_status',
  xid,
  reason,
  desc,
});
export const packetIn = (xid = 0): PacketIn => ({
  type: 'packet_in',
  xid,
  bufferId: OFP_NO_BUFFER,
  totalLen: 0,
  reason: 0,
  tableId: 0,
  cookie: 0n,
  match: [],
  data: noData,
});
export const flowMod: FlowMod = {
  type: 'flow_mod',
  xid: 0,
  cookie: 1n,
  cookieMask: 0n,
  tableId: 0,
  command: 'add',
  idleTimeout: 0,
  hardTimeout: 0,
  priority: 1,
  bufferId: OFP_NO_BUFFER,
  outPort: OFPP.ANY,
  outGroup: OFPG.ANY,
  flags: 0,
  match: [],
  instructions: [],
};
export const askFlows: Message = {
  type: 'multipart_request',
  xid: 0,
  flags: 0,
  body: {
    type: 'flow',
    tableId: OFPTT.ALL,
    outPort: OFPP.ANY,
    outGroup: OFPG.ANY,
    cookie: 0n,
    cookieMask: 0n,
    match: [],
  },
};
export const askGroups: Message = {
  type: 'multipart_request',
  xid: 0,
  flags: 0,
  body: { type: 'group_desc' },
};
export const flowPart = (xid: number, cookies: readonly bigint[], more = false): Message => ({
  type: 'multipart_reply',
  xid,
  flags: more ? OFPMPF_REPLY_MORE : 0,
  body: {
    type: 'flow',
    entries: cookies.map(cookie => ({
      tableId: 0,
      durationSec: 0,
      durationNsec: 0,
      priority: 1,
      idleTimeout: 0,
      hardTimeout: 0,
      flags: 0,
      cookie,
      packetCount: 0n,
      byteCount: 0n,
      match: [],
      instructions: [],
    })),
  },
});
export const groupPart = (xid: number, ids: readonly number[], more = false): Message => ({
  type: 'multipart_reply',
  xid,
  flags: more ? OFPMPF_REPLY_MORE : 0,
  body: { type: 'group_desc', entries: ids.map(groupId => ({ groupType: 'all', groupId, buckets: [] })) },
});

/** A session with its state kept, and what each input brought about. */
export class Driver {
  state: SessionState;
  now: number;
  constructor(state: SessionState = initialSession, now = 0) {
    this.state = state;
    this.now = now;
  }
  step(input: SessionInput): readonly SessionOutput[] {
    const { state, outputs } = stepSession(this.state, input);
    this.state = state;
    return outputs;
  }
  open = (...early: readonly Asked[]) => this.step({ type: 'opened', now: this.now, early });
  hear = (...messages: readonly Message[]) =>
    messages.flatMap(message => this.step({ type: 'message', message, now: this.now }));
  garble = (frame: Uint8Array) => this.step({ type: 'bad-frame', frame, now: this.now });
  at(now: number): readonly SessionOutput[] {
    this.now = now;
    return this.step({ type: 'tick', now });
  }
  lose = (reason = 'reset') => this.step({ type: 'closed', reason });
  /** Opens an exchange; the transaction ids of what it sends, the barrier's last. */
  ask(token: number, messages: readonly Message[], errorsSince?: number): readonly number[] {
    const since = errorsSince === undefined ? {} : { errorsSince };
    const outputs = this.step({ type: 'exchange', token, messages, now: this.now, ...since });
    return sent(outputs).map(({ xid }) => xid);
  }
}

export const sent = (outputs: readonly SessionOutput[]): readonly Message[] =>
  outputs.flatMap(output => (output.type === 'send' ? [output.message] : []));
export const closing = (outputs: readonly SessionOutput[]): HeddleError | undefined =>
  outputs.find(output => output.type === 'close')?.error;
export const outcomes = (
  outputs: readonly SessionOutput[],
): readonly (readonly [number, ExchangeOutcome])[] =>
  outputs.flatMap(output => (output.type === 'outcome' ? [[output.token, output.outcome] as const] : []));
export const done = (outputs: readonly SessionOutput[]): ExchangeOutcome & { type: 'done' } => {
  const [[, outcome] = [], ...more] = outcomes(outputs);
  if (outcome?.type !== 'done' || more.length > 0)
    throw new Error(`no single good outcome in ${outputs.length}`);
  return outcome;
};
export const cookiesOf = (replies: readonly Message[]): readonly bigint[] =>
  replies.flatMap(reply =>
    reply.type === 'multipart_reply' && reply.body.type === 'flow'
      ? reply.body.entries.map(({ cookie }) => cookie)
      : [],
  );

export const phaseOf = ({ state }: Driver): SessionState['phase'] => state.phase;

/** A session in which the hello has been said; the four questions have the transaction ids 2 to 5, the barrier 6. */
export function greeted(): Driver {
  const driver = new Driver();
  driver.open();
  driver.hear(hello());
  return driver;
}

export function readyDriver(ports: readonly Port[] = [port(1)]): Driver {
  const driver = greeted();
  driver.hear(features(2), desc(4), portDesc(5, ports), barrier(6));
  return driver;
}
