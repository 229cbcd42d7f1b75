/** A controller's end of one OpenFlow connection, for tests that ask a real switch with our own codec. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  decode,
  encode,
  FrameSplitter,
  type Message,
  type MessageOf,
  multipart,
  OFPMPF_REPLY_MORE,
} from '../../../src/openflow/index.js';

const patience = 10_000;

export class OpenFlowClient {
  readonly #socket: Socket;
  readonly #splitter = new FrameSplitter();
  readonly #received: Message[] = [];
  #xid = 100;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', chunk => {
      for (const frame of this.#splitter.push(chunk)) this.#take(decode(frame));
    });
  }

  /** Connects to a bridge's own socket, and says hello. */
  static async open(path: string): Promise<OpenFlowClient> {
    const socket = connect(path);
    await once(socket, 'connect');
    const client = new OpenFlowClient(socket);
    client.#send({ type: 'hello', version: 4, xid: 1, versions: [4] });
    await client.#next(({ type }) => type === 'hello');
    return client;
  }

  /** Sends messages and waits until the switch has done them. @throws Error where it refuses one */
  async do(messages: readonly Message[]): Promise<void> {
    for (const message of messages) this.#send(message);
    const xid = this.#xid++;
    this.#send({ type: 'barrier_request', xid });
    await this.#next(message => message.type === 'barrier_reply' && message.xid === xid);
    const refused = this.#received.find(({ type }) => type === 'error');
    if (refused) throw new Error(`refused: ${JSON.stringify(refused)}`);
  }

  /** All parts of a multipart reply. */
  async ask<T extends MessageOf<'multipart_reply'>['body']['type']>(
    body: MessageOf<'multipart_request'>['body'],
    type: T,
  ): Promise<readonly Extract<MessageOf<'multipart_reply'>['body'], { type: T }>[]> {
    const xid = this.#xid++;
    this.#send({ ...multipart(body), xid });
    const parts: Extract<MessageOf<'multipart_reply'>['body'], { type: T }>[] = [];
    for (;;) {
      const reply = await this.#next(message => message.type === 'multipart_reply' && message.xid === xid);
      if (reply.type !== 'multipart_reply' || reply.body.type !== type)
        throw new Error(`a reply that is no ${type}`);
      parts.push(reply.body as (typeof parts)[number]);
      if ((reply.flags & OFPMPF_REPLY_MORE) === 0) return parts;
    }
  }

  end(): void {
    this.#socket.destroy();
  }

  #take(message: Message): void {
    if (message.type === 'echo_request') this.#send({ ...message, type: 'echo_reply' });
    else this.#received.push(message);
  }

  #send(message: Message): void {
    this.#socket.write(encode(message));
  }

  async #next(wanted: (message: Message) => boolean): Promise<Message> {
    for (const end = Date.now() + patience; Date.now() < end; await sleep(5)) {
      const at = this.#received.findIndex(wanted);
      const [found] = at < 0 ? [] : this.#received.splice(at, 1);
      if (found) return found;
    }
    throw new Error('waited in vain for an answer');
  }
}
