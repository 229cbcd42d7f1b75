import { connect as openConnection, createServer, type Socket } from 'node:net';
import type { Endpoint } from '../config/config.js';
import type { Stream, StreamHandlers } from '../controller/effects.js';
import { HeddleError } from '../lib/errors.js';

/** A host that is switched off does not refuse: it says nothing. */
const connectTimeout = 5_000;

/** 1,000 switches that start together must not wait for a lost SYN's second attempt. */
const backlog = 4_096;

export interface Listener {
  /** The address that was got: the port is told where 0 was asked for. */
  readonly address: string;
  readonly port: number;
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
      attach(socket, accept(streamOf(socket, `${socket.remoteAddress ?? '?'}:${socket.remotePort ?? 0}`)));
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
  const at = `${host}:${port}`;
  const why =
    error.code === 'EADDRINUSE'
      ? `${at} is in use by another program (see \`ss -ltnp sport = :${port}\`): stop it, or choose another address in the file`
      : error.code === 'EADDRNOTAVAIL'
        ? `this machine has no address ${host}: choose one that \`ip address\` lists, or 0.0.0.0`
        : error.code === 'EACCES'
          ? `may not listen on ${at}: ports below 1024 need root`
          : `cannot listen on ${at}: ${error.message}`;
  return new HeddleError('LISTEN_FAILED', why, { cause: error });
}

/** Opens a TCP or Unix-socket connection; failures come through `closed`. */
export function connect(endpoint: Endpoint, handlers: StreamHandlers & { opened(): void }): Stream {
  const socket =
    endpoint.transport === 'unix'
      ? openConnection({ path: endpoint.path })
      : openConnection({ host: endpoint.host, port: endpoint.port, noDelay: true, keepAlive: true });
  const peer = endpoint.transport === 'unix' ? endpoint.path : `${endpoint.host}:${endpoint.port}`;
  socket.setTimeout(connectTimeout, () => {
    socket.destroy(new Error(`no answer within ${connectTimeout / 1000} s`));
  });
  socket.once('connect', () => {
    socket.setTimeout(0);
    handlers.opened();
  });
  attach(socket, handlers);
  return streamOf(socket, peer);
}

function attach(socket: Socket, handlers: StreamHandlers): void {
  let reason = 'the other end closed the connection';
  socket.on('data', chunk => handlers.received(chunk));
  socket.on('error', error => (reason = reasonOf(error)));
  // One 'closed' for every way to end, a half-closed connection included.
  socket.on('end', () => socket.destroy());
  socket.once('close', () => handlers.closed(reason));
}

function reasonOf(error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case 'ECONNREFUSED':
      return 'connection refused: nothing listens there';
    case 'ENOENT':
      return 'no such socket';
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return 'no route to this host';
    default:
      return error.message;
  }
}

function streamOf(socket: Socket, peer: string): Stream {
  return {
    peer,
    get pending() {
      return socket.writableLength;
    },
    write: bytes => {
      if (!socket.destroyed) socket.write(bytes);
    },
    destroy: () => socket.destroy(),
  };
}
