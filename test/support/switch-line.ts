import { SwitchConnection, type SwitchEvents } from '../../src/controller/switch-connection.js';
import {
  decode,
  encode,
  FrameSplitter,
  type Message,
  OFP_NO_BUFFER,
  OFPP,
  output,
  type PacketIn,
  type PacketOut,
} from '../../src/openflow/index.js';
import { FakeEffects, MemoryStream } from './fake-effects.js';
import { port } from './port.js';

export const noData = new Uint8Array(0);
export const hello: Message = { type: 'hello', xid: 1, version: 4, versions: [4] };
export const echo = (xid: number, size = 0): Message => ({
  type: 'echo_request',
  xid,
  data: new Uint8Array(size),
});
export const packetIn = (text: string): PacketIn => ({
  type: 'packet_in',
  xid: 0,
  bufferId: OFP_NO_BUFFER,
  totalLen: text.length,
  reason: 0,
  tableId: 0,
  cookie: 0n,
  match: [],
  data: Uint8Array.from(Buffer.from(text)),
});
export const packetOut = (data: Uint8Array, port: number = OFPP.FLOOD): PacketOut => ({
  type: 'packet_out',
  xid: 0,
  bufferId: OFP_NO_BUFFER,
  inPort: OFPP.CONTROLLER,
  actions: [output(port)],
  data,
});
const features = (xid: number, datapathId = 7n): Message => ({
  type: 'features_reply',
  xid,
  datapathId,
  nBuffers: 0,
  nTables: 254,
  auxiliaryId: 0,
  capabilities: 0,
  reserved: 0,
});
export const answers = (dpid = 7n): readonly Message[] => [
  features(2, dpid),
  {
    type: 'multipart_reply',
    xid: 4,
    flags: 0,
    body: { type: 'desc', mfrDesc: 'M', hwDesc: 'H', swDesc: 'S', serialNum: '', dpDesc: '' },
  },
  { type: 'multipart_reply', xid: 5, flags: 0, body: { type: 'port_desc', entries: [port(1)] } },
  { type: 'barrier_reply', xid: 6 },
];
export const bytesOf = (...messages: readonly Message[]): Uint8Array =>
  Buffer.concat(messages.map(one => encode(one)));
export const messagesIn = (stream: MemoryStream): readonly Message[] => {
  const frames = new FrameSplitter();
  return stream.writes.splice(0).flatMap(bytes => [...frames.push(bytes)].map(decode));
};
export const typesIn = (stream: MemoryStream): readonly string[] =>
  messagesIn(stream).map(({ type }) => type);

/** One connection over a stream in memory, and all that it told. */
export class Line {
  readonly stream = new MemoryStream();
  readonly effects = new FakeEffects();
  readonly told: string[] = [];
  readonly connection: SwitchConnection = new SwitchConnection(this.stream, this.effects, {
    ready: ({ dpid }) => this.told.push(`ready ${dpid}`),
    asynchronous: ({ type }) => {
      this.told.push(type);
      if (type === 'packet_in') this.connection.send([packetOut(noData)]);
    },
    packetBytes: (...packet) => this.packetBytes(...packet),
    portStatus: ({ desc }) => this.told.push(`port ${desc.portNo}`),
    closed: reason => this.told.push(`closed: ${reason}`),
  });

  packetBytes: NonNullable<SwitchEvents['packetBytes']> = () => false;

  constructor() {
    this.stream.handlers = this.connection;
    this.connection.open();
  }

  hear(...messages: readonly Message[]): void {
    this.connection.received(bytesOf(...messages));
  }

  ready(): this {
    this.hear(hello, ...answers());
    this.stream.writes.length = 0;
    this.told.length = 0;
    return this;
  }
}
