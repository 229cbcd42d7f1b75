import { Hono } from 'hono';
import { quoted } from '../config/mistake.js';
import type { MacTable } from '../controller/mac-status.js';
import type { QosStatus } from '../controller/qos-status.js';
import type { Status } from '../controller/status.js';
import type { ReplicaJson } from '../ovsdb/index.js';
import { encodeReading, type SwitchReading } from '../controller/switch-reading.js';

/** What the interface tells, asked for each time. */
export interface ApiSource {
  readonly status: () => Status;
  /** Of all networks, or of one; undefined where there is no such network. */
  readonly macs: (network: string | undefined) => MacTable | undefined;
  readonly qos: () => Promise<QosStatus>;
  readonly readings: () => Promise<readonly SwitchReading[]>;
  /** The database of a host that dials in; undefined while it is not connected. */
  readonly host: (systemId: string) => ReplicaJson | undefined;
}

/**
 * The HTTP interface: read-only, and on loopback alone, so it asks for no token. A page from elsewhere cannot read it
 * through a browser: requests must name a loopback host (DNS rebinding), and no CORS header is sent.
 */
export function api({ status, macs, qos, readings, host }: ApiSource): Hono {
  const app = new Hono();
  app.use(async (context, next) => {
    if (!isLoopbackName(context.req.header('host') ?? '')) {
      return context.json({ error: 'this interface answers to loopback names only' }, 403);
    }
    context.header('Cache-Control', 'no-store');
    return next();
  });
  app.get('/v1/status', context => context.json(status()));
  app.get('/v1/macs', context => {
    const network = context.req.query('network');
    const found = macs(network);
    return found === undefined
      ? context.json(
          { error: `there is no network ${quoted(network ?? '')}: \`heddle status\` lists them` },
          404,
        )
      : context.json(found);
  });
  app.get('/v1/qos', async context => context.json(await qos()));
  // What the switches hold, for `heddle plan`: they speak to the Heddle that runs alone.
  app.get('/v1/readings', async context => context.json({ readings: (await readings()).map(encodeReading) }));
  // A host that dials in speaks to the Heddle that runs alone, too.
  app.get('/v1/hosts/:id', context => {
    const found = host(context.req.param('id'));
    return found === undefined
      ? context.json({ error: 'no host of this system-id is connected' }, 404)
      : context.json(found);
  });
  // [RFC 9110 15.5.6]
  for (const path of ['/v1/status', '/v1/macs', '/v1/qos', '/v1/readings', '/v1/hosts/:id'])
    app.all(path, context =>
      context.json({ error: 'this interface is read-only: GET it' }, 405, { Allow: 'GET, HEAD' }),
    );
  app.notFound(context => context.json({ error: `no ${context.req.path} here: try /v1/status` }, 404));
  app.onError((error, context) => context.json({ error: `a fault in Heddle itself: ${error.message}` }, 500));
  return app;
}

/** A Host header [RFC 9110 7.2] that no name server can point elsewhere. */
function isLoopbackName(host: string): boolean {
  const name = host.toLowerCase().replace(/:\d+$/, '');
  return name === 'localhost' || name === '[::1]' || /^127(\.\d{1,3}){3}$/.test(name);
}
