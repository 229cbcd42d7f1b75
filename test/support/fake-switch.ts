/** A switch in memory: its flows and groups outlast its connections, and it speaks OpenFlow in bytes. */
import type { StreamHandlers } from '../../src/controller/effects.js';
import {
  decode,
  encode,
  type FlowStats,
  FrameSplitter,
  type GroupDesc,
  type FlowUpdate,
  type GroupMod,
  type Message,
  type MultipartRequest,
  OFPFMF,
  OFPG,
  OFPMPF_REPLY_MORE,
  OFPP,
  type Port,
} from '../../src/openflow/index.js';
import { MemoryStream, settled } from './fake-effects.js';
import {
  change,
  type Change,
  type FlowEntry,
  type FrameFields,
  type Outcome,
  receive,
  type Refused,
  selectedBy,
  Tables,
} from './switch-model/index.js';

export { keyOf, type Refused } from './switch-model/index.js';

export interface FakeSwitchOptions {
  readonly dpid?: bigint;
  readonly ports?: readonly Port[];
  /** `errors`: bundles are refused, as by a switch that does not know them; `silence`: they are not even refused. */
  readonly bundles?: 'yes' | 'errors' | 'silence';
  /** Ports that are flow-based tunnels. */
  readonly tunnels?: readonly number[];
}

const noData = new Uint8Array(0);
const bundleError = 0xffff;
const messageFailed = 2313;

export class FakeSwitch {
  readonly dpid: bigint;
  readonly ports: readonly Port[];
  readonly bundles: 'yes' | 'errors' | 'silence';
  readonly tunnels: ReadonlySet<number>;
  tables = new Tables();
  /** Refuses changes: when they come, or when their bundle is committed. */
  refuseAdd: (change: Change) => Refused | undefined = () => undefined;
  refuseCommit: (change: Change) => Refused | undefined = () => undefined;
  /** Requests that are refused with this error, by their type or their multipart type. */
  refuseRequest: (type: string) => Refused | undefined = () => undefined;
  /** How a commit fails, where it is to fail as a whole and nobody says why. */
  failCommits = false;
  /** Every message that came, over all connections. */
  log: Message[] = [];
  /** Loses the connection when it has carried out so many more messages, and answers the last one no more. */
  cutAfter: number | undefined;
  /** How it writes a flow that it is asked for. */
  spell: (flow: FlowStats) => FlowStats = flow => flow;
  /** How many flows go into one part of a dump. */
  partSize = 3;
  #connection: Connection | undefined;

  constructor({ dpid = 0x0242n, ports = [], bundles = 'yes', tunnels = [] }: FakeSwitchOptions = {}) {
    this.dpid = dpid;
    this.ports = ports;
    this.bundles = bundles;
    this.tunnels = new Set(tunnels);
  }

  get flows(): Tables['flows'] {
    return this.tables.flows;
  }

  get groups(): Tables['groups'] {
    return this.tables.groups;
  }

  get meters(): Tables['meters'] {
    return this.tables.meters;
  }

  /** A frame comes in at the port that it names. */
  receive(frame: FrameFields): Outcome {
    return receive(this.tables, this, frame);
  }

  get isConnected(): boolean {
    return this.#connection !== undefined && !this.#connection.stream.isDestroyed;
  }

  /** The controller's end of the connection. */
  get connection(): StreamHandlers {
    if (this.#connection === undefined) throw new Error('the switch is not connected');
    return this.#connection.handlers;
  }

  get stream(): MemoryStream | undefined {
    return this.#connection?.stream;
  }

  /** Dials in, and says hello; the rest comes with `settle`. */
  connect(accept: (stream: MemoryStream) => StreamHandlers, peer?: string): MemoryStream {
    const stream = new MemoryStream(peer);
    const handlers = accept(stream);
    stream.handlers = handlers;
    this.#connection = { stream, handlers, frames: new FrameSplitter(), open: new Map() };
    this.send({ type: 'hello', xid: 1, version: 4, versions: [4] });
    return stream;
  }

  /** Sends messages to the controller, as one chunk. */
  send(...messages: readonly Message[]): void {
    this.#connection?.handlers.received(Buffer.concat(messages.map(message => encode(message))));
  }

  /** Works through all that the controller sends, until it has no more to say. */
  async settle(): Promise<void> {
    while (await this.turn());
  }

  /** Reads what the controller has sent by now, and answers it. @returns false where there is nothing */
  async turn(): Promise<boolean> {
    await settled();
    const connection = this.#connection;
    if (connection === undefined || connection.stream.writes.length === 0) return false;
    for (const bytes of connection.stream.writes.splice(0)) this.#read(connection, bytes);
    if (this.#connection === connection && connection.stream.isDestroyed) this.#connection = undefined;
    return true;
  }

  /** The connection breaks; what has not been read yet is lost. */
  cut(reason = 'cut'): void {
    const connection = this.#connection;
    this.#connection = undefined;
    if (connection === undefined) return;
    connection.stream.isDestroyed = true;
    connection.handlers.closed(reason);
  }

  #read(connection: Connection, bytes: Uint8Array): void {
    const answers: Message[] = [];
    for (const frame of connection.frames.push(bytes)) {
      const message = decode(frame);
      this.log.push(message);
      const answer = this.#answer(connection, message);
      if (this.cutAfter !== undefined && --this.cutAfter <= 0) {
        this.cutAfter = undefined;
        if (answers.length > 0) this.send(...answers);
        this.cut();
        return;
      }
      answers.push(...answer);
    }
    if (answers.length > 0 && !connection.stream.isDestroyed) this.send(...answers);
  }

  #answer(connection: Connection, message: Message): readonly Message[] {
    const refused = this.refuseRequest(
      message.type === 'multipart_request' ? message.body.type : message.type,
    );
    if (refused !== undefined) return [errorTo(message, refused)];
    switch (message.type) {
      case 'echo_request':
        return [{ type: 'echo_reply', xid: message.xid, data: message.data }];
      case 'features_request':
        return [this.#features(message.xid)];
      case 'barrier_request':
        return [{ type: 'barrier_reply', xid: message.xid }];
      case 'multipart_request':
        return this.#multipart(message.xid, message.body);
      case 'flow_mod':
      case 'group_mod':
      case 'meter_mod': {
        // Open vSwitch's own command, as its bundles are its own.
        if (message.type === 'group_mod' && message.command === 'add_or_mod' && this.bundles !== 'yes')
          return [errorTo(message, [6, 11])]; // OFPGMFC_BAD_COMMAND
        const why = this.refuseAdd(message) ?? this.refuseCommit(message) ?? change(this.tables, message);
        return why === undefined ? [] : [errorTo(message, why)];
      }
      case 'bundle_control':
      case 'bundle_add':
        return this.#bundle(connection, message);
      default:
        return [];
    }
  }

  #features(xid: number): Message {
    return {
      type: 'features_reply',
      xid,
      datapathId: this.dpid,
      nBuffers: 0,
      nTables: 254,
      auxiliaryId: 0,
      capabilities: 0,
      reserved: 0,
    };
  }

  #multipart(xid: number, body: MultipartRequest['body']): readonly Message[] {
    switch (body.type) {
      case 'desc':
        return [
          {
            type: 'multipart_reply',
            xid,
            flags: 0,
            body: { ...body, mfrDesc: 'fake', hwDesc: '', swDesc: '', serialNum: '', dpDesc: '' },
          },
        ];
      case 'port_desc':
        return [{ type: 'multipart_reply', xid, flags: 0, body: { type: 'port_desc', entries: this.ports } }];
      case 'flow': {
        const told = selectedBy(this.tables, body).map(flow => this.spell(statsOf(flow)));
        return inParts(told, this.partSize).map((entries, index, all) => ({
          type: 'multipart_reply',
          xid,
          flags: index < all.length - 1 ? OFPMPF_REPLY_MORE : 0,
          body: { type: 'flow', entries },
        }));
      }
      case 'aggregate': {
        const flows = selectedBy(this.tables, body);
        const packetCount = flows.reduce((sum, flow) => sum + (flow.packetCount ?? 0n), 0n);
        const counted = {
          type: 'aggregate',
          packetCount,
          byteCount: 0n,
          flowCount: flows.length,
        } as const;
        return [{ type: 'multipart_reply', xid, flags: 0, body: counted }];
      }
      case 'meter_features': {
        const able = { maxMeter: 65_536, bandTypes: 2, capabilities: 15, maxBands: 8, maxColor: 0 };
        return [{ type: 'multipart_reply', xid, flags: 0, body: { type: 'meter_features', ...able } }];
      }
      case 'meter_config': {
        const entries = [...this.meters.values()].map(({ meterId, flags, bands }) => ({
          meterId,
          flags,
          bands,
        }));
        return [{ type: 'multipart_reply', xid, flags: 0, body: { type: 'meter_config', entries } }];
      }
      case 'group_desc':
        return inParts([...this.groups.values()].map(descOf), this.partSize).map((entries, index, all) => ({
          type: 'multipart_reply',
          xid,
          flags: index < all.length - 1 ? OFPMPF_REPLY_MORE : 0,
          body: { type: 'group_desc', entries },
        }));
      case 'flow_monitor': {
        // What is there when it begins; changes are told by a test, where it wants that.
        const entries = body.entries.flatMap(({ flags, tableId, match }) =>
          (flags & OFPFMF.INITIAL) === 0
            ? []
            : selectedBy(this.tables, { ...everyFlow, tableId, match }).map(updateOf),
        );
        return [{ type: 'multipart_reply', xid, flags: 0, body: { type: 'flow_monitor', entries } }];
      }
      default:
        return [];
    }
  }

  /** [ONF extension 230], as Open vSwitch does it: a refused add does not keep the rest from a commit. */
  #bundle(
    connection: Connection,
    message: Message & { type: 'bundle_control' | 'bundle_add' },
  ): readonly Message[] {
    if (this.bundles === 'silence') return [];
    if (this.bundles === 'errors') return [errorTo(message, [1, 3])]; // OFPBRC_BAD_EXPERIMENTER
    const { open } = connection;
    if (message.type === 'bundle_add') {
      const { message: inner } = message;
      if (inner.type !== 'flow_mod' && inner.type !== 'group_mod')
        return [errorTo(message, [bundleError, 2310])];
      const refused = this.refuseAdd(inner);
      if (refused !== undefined) return [errorTo(message, refused)];
      const changes = open.get(message.bundleId);
      if (changes !== undefined) changes.push(inner);
      // An add to a bundle that is not open opens one.
      else open.set(message.bundleId, [inner]);
      return [];
    }
    switch (message.controlType) {
      case 'open_request':
        open.set(message.bundleId, []);
        return [{ ...message, controlType: 'open_reply' }];
      case 'discard_request':
        open.delete(message.bundleId);
        return [{ ...message, controlType: 'discard_reply' }];
      case 'commit_request': {
        const changes = open.get(message.bundleId) ?? [];
        open.delete(message.bundleId);
        const failure = this.#commit(changes);
        if (failure === undefined) return [{ ...message, controlType: 'commit_reply' }];
        return [...failure, errorTo(message, [bundleError, messageFailed])];
      }
      default:
        return [errorTo(message, [bundleError, 2306])];
    }
  }

  /** All or nothing. @returns the errors that come before the commit's own, or undefined when all is done */
  #commit(changes: readonly Change[]): readonly Message[] | undefined {
    if (this.failCommits) return [];
    const after = new Tables(this.tables);
    for (const one of changes) {
      const refused = this.refuseCommit(one) ?? change(after, one);
      if (refused !== undefined) return [errorTo(one, refused)];
    }
    this.tables = after;
    return undefined;
  }
}

interface Connection {
  readonly stream: MemoryStream;
  readonly handlers: StreamHandlers;
  readonly frames: FrameSplitter;
  readonly open: Map<number, Change[]>;
}

const errorTo = ({ xid }: Message, [errorType, code]: Refused): Message => ({
  type: 'error',
  version: 4,
  xid,
  errorType,
  code,
  data: noData,
});

const everyFlow = { outPort: OFPP.ANY, outGroup: OFPG.ANY, cookie: 0n, cookieMask: 0n } as const;

const updateOf = ({ tableId, priority, idleTimeout, hardTimeout, cookie, match }: FlowEntry): FlowUpdate => ({
  ...{ type: 'added', reason: 0, priority, idleTimeout, hardTimeout },
  ...{ tableId, cookie, match, instructions: [] },
});

const statsOf = (flow: FlowEntry): FlowStats => ({
  tableId: flow.tableId,
  durationSec: 1,
  durationNsec: 0,
  priority: flow.priority,
  idleTimeout: flow.idleTimeout,
  hardTimeout: flow.hardTimeout,
  flags: flow.flags,
  cookie: flow.cookie,
  packetCount: flow.packetCount ?? 0n,
  byteCount: 0n,
  match: flow.match,
  instructions: flow.instructions,
});

const descOf = ({ groupId, groupType, buckets }: GroupMod): GroupDesc => ({ groupId, groupType, buckets });

/** At least one part, also where there is nothing to tell. */
function inParts<T>(all: readonly T[], size: number): readonly (readonly T[])[] {
  const parts: (readonly T[])[] = [];
  for (let at = 0; at === 0 || at < all.length; at += size) parts.push(all.slice(at, at + size));
  return parts;
}
