import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { projectRoot } from '../../lab/compiled.js';

/** A controller that is a learning switch: Heddle, and what it is measured beside. */
export interface Peer {
  readonly name: string;
  /** The Debian package that it is in, where it is not part of this project. */
  readonly debian?: string;
  /** @returns undefined where it is not installed */
  readonly version: () => string | undefined;
  readonly argv: (port: number) => readonly string[];
}

const script = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const osKenApp = join(projectRoot(), 'bench/peers/os_ken_switch.py');

/** The first line that a program says of its version; undefined where there is no such program. */
function versionBy(...[command = '', ...args]: readonly string[]): string | undefined {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  return status === 0 ? /\d+(\.\d+)+/.exec(stdout + stderr)?.[0] : undefined;
}

export const heddle: Peer = {
  name: 'heddle',
  version: () => process.version,
  argv: port => [process.execPath, script('../load/serve.js'), String(port)],
};

export const bareNode: Peer = {
  name: 'bare Node responder',
  version: () => process.version,
  argv: port => [process.execPath, script('./bare-responder.js'), String(port)],
};

export const testcontroller: Peer = {
  name: 'ovs-testcontroller',
  debian: 'openvswitch-testcontroller',
  version: () => versionBy('ovs-testcontroller', '--version'),
  argv: port => ['ovs-testcontroller', '-O', 'OpenFlow13', '--unixctl=none', `ptcp:${port}:127.0.0.1`],
};

export const osKen: Peer = {
  name: 'os-ken',
  debian: 'python3-os-ken',
  version: () => versionBy('osken-manager', '--version'),
  argv: port => [
    ...['osken-manager', '--ofp-listen-host', '127.0.0.1', '--ofp-tcp-listen-port', String(port)],
    ...['--default-log-level', '40', osKenApp],
  ],
};

export const peers: readonly Peer[] = [heddle, bareNode, testcontroller, osKen];

/** Tries for 20 s to reach the port. @throws where nothing comes to listen there */
export async function startPeer({ name, argv }: Peer, port: number): Promise<ChildProcess> {
  const [command = '', ...args] = argv(port);
  const child = spawn(command, args, { stdio: 'ignore' });
  for (let attempt = 0; attempt < 400 && child.exitCode === null; attempt += 1) {
    if (await isOpen(port)) return child;
    await sleep(50);
  }
  child.kill('SIGKILL');
  throw new Error(`${name} does not listen on port ${port}`);
}

const isOpen = (port: number): Promise<boolean> =>
  new Promise(resolve => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
