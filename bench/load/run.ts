import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Peer, startPeer } from '../peers/controllers.js';
import type { LoadOrder, LoadReport } from './switches/order.js';

const generator = fileURLToPath(new URL('./switches/main.js', import.meta.url));
/** More than a load generator gives up after. Milliseconds. */
const patience = 120_000;

let nextPort = 16_653;

/** Starts a controller, has the load generator load it, and ends it. */
export async function load(peer: Peer, order: Omit<LoadOrder, 'port' | 'pid'>): Promise<LoadReport> {
  const port = nextPort++;
  const controller = await startPeer(peer, port);
  const gone = once(controller, 'exit');
  try {
    const argument = JSON.stringify({ ...order, port, pid: controller.pid ?? 0 });
    const { stdout } = await promisify(execFile)(process.execPath, [generator, argument], {
      timeout: patience,
    });
    return JSON.parse(stdout) as LoadReport;
  } finally {
    controller.kill('SIGKILL');
    await gone;
  }
}
