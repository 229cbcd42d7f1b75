import { connect as openConnection, createServer, type Socket } from 'node:net';
import type { Endpoint } from '../config/config.js';
import { formatEndpoint } from '../config/endpoint.js';
import type { Stream, StreamHandlers } from '../controller/effects.js';
import { HeddleError } from '../lib/errors.js';

/** A host that is switched off does not refuse: it says nothing. Milliseconds. */
const defaultConnectTimeout = 5_000;

/** 1,000 switches that start together must not wait for a lost SYN's second attempt. */
const backlog = 4_096;

export interface Listener {
  /** The address that was got: the port is told where 0 was asked for. */
  readonly address: string;
  readonly port: number;
  /** Takes no more connections; those that stand go on. */
  retire(): void;
  /** Ends all connections, too. */
  close(): Promise<void>;
}

/**
 * Listens for TCP connections.
 *
 * @throws HeddleError LISTEN_FAILED, with what to do about it
 */
export function listen(
  endpoint: { readonly host: string; readonly port: number },
  accept: (stream: Stream) => StreamHandlers,
): Promise<Listener> {
  return new Promise((resolve, reject) => {
    const sockets = new Set<Socket>();
    const server = createServer({ noDelay: true, keepAlive: true }, socket => {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
      attach(socket, accept(streamOf(socket, peerOf(socket))));
    });
    const failed = (error: NodeJS.ErrnoException): void => reject(listenError(endpoint, error));
    server.once('error', failed);
    server.listen({ host: endpoint.host, port: endpoint.port, backlog }, () => {
      server.off('error', failed);
      // An accept that fails (too many open files) costs that connection; the server goes on.
      server.on('error', () => undefined);
      const address = server.address();
      resolve({
        address: endpoint.host,
        port: typeof address === 'object' && address !== null ? address.port : endpoint.port,
        retire: () => void server.close(),
        close: () =>
          new Promise(done => {
            server.close(() => done());
            for (const socket of sockets) socket.destroy();
          }),
      });
    });
  });
}

/** What a failed listen means, in words that say what to do. */
export function listenError(
  { host, port }: { readonly host: string; readonly port: number },
  error: NodeJS.ErrnoException,
): HeddleError {
  return new HeddleError('LISTEN_FAILED', whyNoListen(host, port, error), { cause: error });
}

function whyNoListen(host: string, port: number, error: NodeJS.ErrnoException): string {
  const at = hostPort(host, port);
  switch (error.code) {
    case 'EADDRINUSE':
      return `${at} is in use by another program (see \`ss -ltnp sport = :${port}\`): stop it, or choose another address in the file`;
    case 'EADDRNOTAVAIL':
      return `this machine has no address ${host}: choose one that \`ip address\` lists, or 0.0.0.0`;
    case 'EACCES':
      return `may not listen on ${at}: ports below 1024 need root`;
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `cannot listen on ${at}: no address is known for the name ${host}`;
    default:
      return `cannot listen on ${at}: ${error.message}`;
  }
}

/**
 * Opens a TCP or Unix-socket connection; failures come through `closed`, never before this has returned.
 *
 * @param timeout how long the other end may take to accept, in milliseconds
 */
export function connect(
  endpoint: Endpoint,
  handlers: StreamHandlers & { opened(): void },
  timeout = defaultConnectTimeout,
): Stream {
  const socket =
    endpoint.transport === 'unix'
      ? openConnection({ path: endpoint.path })
      : openConnection({ host: endpoint.host, port: endpoint.port, noDelay: true, keepAlive: true });
  const late = setTimeout(() => socket.destroy(new Error(`no answer within ${timeout / 1000} s`)), timeout);
  socket.once('close', () => clearTimeout(late));
  socket.once('connect', () => {
    clearTimeout(late);
    handlers.opened();
  });
  attach(socket, handlers);
  return streamOf(socket, formatEndpoint(endpoint).replace(/^(tcp|unix):/, ''));
}

function attach(socket: Socket, handlers: StreamHandlers): void {
  let reason = 'closed on this side';
  socket.on('data', chunk => handlers.received(chunk));
  socket.on('error', error => (reason = reasonOf(error)));
  // One 'closed' for every way to end, a half-closed connection included.
  socket.on('end', () => {
    reason = 'the other end closed the connection';
    socket.destroy();
  });
  socket.once('close', () => handlers.closed(reason));
}

function reasonOf(error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case 'ECONNREFUSED':
      return 'connection refused: nothing listens there';
    case 'ECONNRESET':
    case 'EPIPE':
      return 'the other end broke the connection off';
    case 'ETIMEDOUT':
      return 'the other end does not answer any more';
    case 'ENOENT':
      return 'no such socket';
    case 'EACCES':
      return 'permission denied';
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'no address is known for this name';
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return 'no route to this host';
    default:
      return error.message;
  }
}

/** An IPv4 peer of a socket that listens on [::] is an IPv4 peer all the same. */
function peerOf({ remoteAddress = '?', remotePort = 0 }: Socket): string {
  return hostPort(remoteAddress.replace(/^::ffff:(?=\d+\.)/, ''), remotePort);
}

const hostPort = (host: string, port: number): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;

function streamOf(socket: Socket, peer: string): Stream {
  return {
    peer,
    get pending() {
      return socket.writableLength;
    },
    // What the kernel takes at once is no longer counted when `write` returns.
    get isDrained() {
      return socket.writableLength === 0;
    },
    get local() {
      return socket.localAddress;
    },
    write: bytes => {
      if (!socket.destroyed) socket.write(bytes);
    },
    destroy: () => socket.destroy(),
  };
}
