import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { HeddleError } from '../lib/errors.js';
import { type Listener, listenError } from './streams.js';

export type Fetch = (request: Request) => Response | Promise<Response>;

/**
 * Serves a fetch handler over HTTP. What turns requests into `Request` is loaded by the first one: a start that nobody has
 * asked anything yet does without its time and memory.
 *
 * @throws HeddleError LISTEN_FAILED
 */
export function serve(
  endpoint: { readonly host: string; readonly port: number },
  fetch: Fetch,
): Promise<Listener> {
  return new Promise((resolve, reject: (error: HeddleError) => void) => {
    const listener = onceLoaded(async () => (await import('@hono/node-server')).getRequestListener(fetch));
    const server = createServer((request, response) => void answer(listener, request, response));
    const failed = (error: NodeJS.ErrnoException): void => reject(listenError(endpoint, error));
    server.once('error', failed);
    server.listen(endpoint.port, endpoint.host, () => {
      server.off('error', failed);
      server.on('error', () => undefined);
      const address = server.address();
      resolve({
        address: endpoint.host,
        port: typeof address === 'object' && address !== null ? address.port : endpoint.port,
        retire: () => {
          server.close();
          server.closeIdleConnections();
        },
        close: () =>
          new Promise(done => {
            server.close(() => done());
            server.closeAllConnections();
          }),
      });
    });
  });
}

type Answering = (request: IncomingMessage, response: ServerResponse) => Promise<unknown>;

async function answer(
  listener: () => Promise<Answering>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    await (
      await listener()
    )(request, response);
  } catch {
    // It cannot be told to whoever asked: its socket may be gone, or half of an answer is out.
    response.destroy();
  }
}

/** Loads something when it is asked for first. */
export function onceLoaded<T>(load: () => Promise<T>): () => Promise<T> {
  let loaded: Promise<T> | undefined;
  return () => (loaded ??= load());
}
