import { spawnSync } from 'node:child_process';
import { peers } from './controllers.js';

/** Installs the peers that are missing, by Debian's packages, and says so. @throws where that cannot be done */
export function installPeers(): void {
  const missing = peers.flatMap(({ debian, version }) =>
    debian === undefined || version() !== undefined ? [] : debian,
  );
  if (missing.length === 0) return;
  if (process.getuid?.() !== 0) throw new Error(`only root can install ${missing.join(' and ')}`);
  console.error(`installing with apt-get: ${missing.join(' ')}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const args = ['install', '-q', '-y', '--no-install-recommends', ...missing];
  const { status } = spawnSync('apt-get', args, { env, stdio: ['ignore', 2, 2] });
  if (status !== 0)
    throw new Error(`apt-get could not install ${missing.join(' and ')}: its message is above`);
}
