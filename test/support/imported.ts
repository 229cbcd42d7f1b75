import type { Test } from 'tap';
import type { Config } from '../../src/config/config.js';
import { formatMistake } from '../../src/config/mistake.js';
import { parseConfig } from '../../src/config/parse.js';
import type { Finding, FindingCode } from '../../src/import/finding.js';
import type { HostToImport, Imported } from '../../src/import/import.js';
import { formatVtep } from '../../src/lib/vtep.js';
import { type HandMadeBridge, type HandMadePort, read } from './hand-made.js';

export function configOf(t: Test, { yaml }: Imported): Config {
  const parsed = parseConfig(yaml, 'made.yaml');
  if (!parsed.ok) {
    t.fail(`the file has mistakes:\n${parsed.mistakes.map(formatMistake).join('\n')}\n${yaml}`);
    throw new Error('no config');
  }
  return parsed.config;
}

export const codes = ({ findings }: Imported, level?: Finding['level']): FindingCode[] =>
  findings.filter(one => level === undefined || one.level === level).map(({ code }) => code);

export const broken = (imported: Imported): FindingCode[] => codes(imported, 'broken');

export const find = ({ findings }: Imported, code: FindingCode): Finding | undefined =>
  findings.find(one => one.code === code);

/** One bridge, its ports, at 10.97.0.INDEX. */
export const host = (
  index: number,
  ports: readonly HandMadePort[],
  bridge: Partial<HandMadeBridge> = {},
): HostToImport =>
  read(`10.97.0.${index}`, { hostname: `kvm${index}`, bridges: [{ name: 'br0', ports, ...bridge }] });

export const networks = (t: Test, imported: Imported) =>
  configOf(t, imported).networks.map(({ name, vni, mesh, ports, remotes }) => ({
    name,
    vni,
    mesh,
    remotes: remotes.map(formatVtep),
    ports: ports.map(port => (port.by === 'iface-id' ? port.glob : `${port.glob}@${port.on ?? ''}`)),
  }));
