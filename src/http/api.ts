import { Hono } from 'hono';
import type { Status } from '../controller/status.js';

/**
 * The HTTP interface: read-only, and on loopback alone, so it asks for no token. A page from elsewhere cannot read it
 * through a browser: requests must name a loopback host (DNS rebinding), and no CORS header is sent.
 */
export function api(status: () => Status): Hono {
  const app = new Hono();
  app.use(async (context, next) => {
    if (!isLoopbackName(context.req.header('host') ?? '')) {
      return context.json({ error: 'this interface answers to loopback names only' }, 403);
    }
    return next();
  });
  app.get('/v1/status', context => context.json(status()));
  app.notFound(context => context.json({ error: `no ${context.req.path} here: try /v1/status` }, 404));
  return app;
}

function isLoopbackName(host: string): boolean {
  const name = host.replace(/:\d+$/, '');
  return name === 'localhost' || name === '[::1]' || /^127(\.\d{1,3}){3}$/.test(name);
}
