/** A way into a namespace for the sockets of the test itself: a Unix socket, which is a file and so is seen everywhere. */
import { once } from 'node:events';
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import type { Host } from '../../../lab/host.js';
import { decode, FrameSplitter, type Message } from '../../../src/openflow/index.js';

const relay = `
  const { connect, createServer } = require('node:net');
  const [path, port] = process.argv.slice(1);
  createServer(inner => {
    const outer = connect(Number(port), '127.0.0.1');
    inner.pipe(outer).pipe(inner);
    for (const [one, other] of [[inner, outer], [outer, inner]]) {
      one.on('error', () => undefined);
      one.on('close', () => other.destroy());
    }
  }).listen({ path, backlog: 1024 }, () => console.log('open'));
`;

/**
 * Opens a way to 127.0.0.1:`port` of a namespace, for as long as that is there.
 *
 * @returns the socket's path
 */
export async function openDoor(host: Host, directory: string, port: number): Promise<string> {
  const path = `${directory}/door-${port}.sock`;
  let opened = (): void => undefined;
  const open = new Promise<void>(resolve => (opened = resolve));
  await host.start([process.execPath, '-e', relay, path, String(port)], { onLine: () => opened() });
  await open;
  return path;
}

/** What comes back for these bytes, until the other end closes. */
export async function exchange(path: string, bytes: string): Promise<string> {
  const socket = connect({ path });
  let said = '';
  socket.on('data', chunk => (said += chunk.toString('latin1')));
  socket.write(bytes);
  await once(socket, 'close');
  return said;
}

/** A connection to Heddle's OpenFlow port that says whatever it is told to. */
export class Peer {
  readonly #socket: Socket;
  readonly #frames = new FrameSplitter();
  readonly #since = performance.now();
  readonly messages: Message[] = [];
  /** How long the connection lasted, when it is over: milliseconds. */
  readonly closed: Promise<number>;

  private constructor(socket: Socket, onMessage: (message: Message) => void) {
    this.#socket = socket;
    socket.on('error', () => undefined);
    socket.on('data', chunk => {
      for (const frame of this.#frames.push(chunk)) {
        const message = decode(frame);
        this.messages.push(message);
        onMessage(message);
      }
    });
    this.closed = new Promise(resolve =>
      socket.once('close', () => resolve(performance.now() - this.#since)),
    );
  }

  static async connect(
    path: string,
    onMessage: (message: Message, peer: Peer) => void = () => undefined,
  ): Promise<Peer> {
    const socket = connect({ path });
    const peer: Peer = new Peer(socket, message => onMessage(message, peer));
    await once(socket, 'connect');
    return peer;
  }

  send(bytes: Uint8Array | string): void {
    this.#socket.write(bytes);
  }

  end(): void {
    this.#socket.destroy();
  }
}

/** A request to Heddle's api. */
export function ask(
  path: string,
  method: string,
  url: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ readonly code: number; readonly body: string; readonly headers: unknown }> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath: path, method, path: url, headers }, answer => {
      let body = '';
      answer.setEncoding('utf8');
      answer.on('data', (text: string) => (body += text));
      answer.on('end', () => resolve({ code: answer.statusCode ?? 0, body, headers: answer.headers }));
    });
    asked.on('error', reject);
    asked.end();
  });
}
