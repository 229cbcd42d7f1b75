/**
 * The program of every container of the lab: dials the lab, does its orders, and ends when the lab has ended, which
 * ends the container. It dials and does not listen, so that no port that takes orders is open to anybody.
 *
 * Usage: node agent-main.js LAB-ADDRESS [PROGRAM ARGUMENT…]. The program runs beside it, from when the lab is there; when
 * it ends, so does this, and the lab sees it.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../../src/lib/errors.js';
import { serveOrders } from './agent.js';
import { agentPort } from './protocol.js';

/** How long the lab may take to come up, in ms: on a first run the engine still makes its container. */
const patience = 120_000;
const graceMs = 5_000;

const [address, ...program] = process.argv.slice(2);
if (address === undefined) throw new Error('usage: node agent-main.js LAB-ADDRESS [PROGRAM ARGUMENT…]');

let child: ChildProcess | undefined;
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void leave(0));

try {
  const socket = await dial(address);
  child = startBeside(program);
  const error = await serveOrders(socket);
  if (error !== undefined) console.error(`the connection to the lab was lost: ${error.message}`);
  await leave(error === undefined ? 0 : 1);
} catch (thrown) {
  console.error(messageOf(thrown));
  await leave(1);
}

function startBeside([file, ...args]: readonly string[]): ChildProcess | undefined {
  if (file === undefined) return undefined;
  const beside = spawn(file, args, { stdio: 'inherit' });
  beside.once('exit', code => void leave(code ?? 1));
  beside.once('error', error => {
    console.error(messageOf(error));
    void leave(1);
  });
  return beside;
}

async function dial(lab: string): Promise<Socket> {
  const deadline = performance.now() + patience;
  for (;;) {
    try {
      return await connectOnce(lab);
    } catch (thrown) {
      if (performance.now() > deadline) throw thrown;
      await sleep(250);
    }
  }
}

function connectOnce(host: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    // Half open: the lab ends its half to dismiss this agent, and sees by the other half when all has ended here.
    const socket = connect({ host, port: agentPort, allowHalfOpen: true });
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      resolve(socket);
    });
  });
}

/** Ends the program beside this one, then this one, whose sockets the kernel closes. */
async function leave(code: number): Promise<never> {
  if (child?.pid !== undefined && child.exitCode === null && child.signalCode === null) {
    child.removeAllListeners('exit');
    const exited = new Promise(resolve => child.once('exit', resolve));
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
    await exited;
    clearTimeout(timer);
  }
  process.exit(code);
}
