import { createAdaptorServer } from '@hono/node-server';
import { HeddleError } from '../lib/errors.js';
import { type Listener, listenError } from './streams.js';

/**
 * Serves a fetch handler over HTTP.
 *
 * @throws HeddleError LISTEN_FAILED
 */
export function serve(
  endpoint: { readonly host: string; readonly port: number },
  fetch: (request: Request) => Response | Promise<Response>,
): Promise<Listener> {
  return new Promise((resolve, reject: (error: HeddleError) => void) => {
    const server = createAdaptorServer({ fetch });
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
          if ('closeIdleConnections' in server) server.closeIdleConnections();
        },
        close: () =>
          new Promise(done => {
            server.close(() => done());
            if ('closeAllConnections' in server) server.closeAllConnections();
          }),
      });
    });
  });
}
