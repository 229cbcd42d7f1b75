import { printable } from '../config/mistake.js';
import { tellReplacement } from '../controller/mesh-replacement.js';
import type { SentMods } from '../controller/sent-mods.js';
import type { HypervisorStatus, ReloadStatus, Status } from '../controller/status.js';
import { askHeddle } from './ask.js';
import { colour } from './colour.js';
import { exitCodes } from './exit-codes.js';
import { table } from './table.js';

export interface StatusOptions {
  readonly json?: boolean;
  /** HOST:PORT, instead of the file's `api.listen`. */
  readonly api?: string;
}

/**
 * `heddle status [FILE]`: asks the Heddle that runs with this file how things are.
 *
 * @returns 0 all is well, 2 something is wrong or under way
 * @throws HeddleError OF_CLOSED when no Heddle answers
 */
export async function status(file: string | undefined, options: StatusOptions): Promise<number> {
  const answer = await askHeddle({ file, api: options.api }, '/v1/status', isStatus);
  console.log(options.json === true ? JSON.stringify(answer, null, 2) : formatStatus(answer));
  return answer.ok ? exitCodes.ok : exitCodes.attention;
}

const isStatus = (answer: unknown): answer is Status =>
  typeof answer === 'object' &&
  answer !== null &&
  'ok' in answer &&
  ['switches', 'hypervisors', 'networks', 'ports', 'problems'].every(
    part => part in answer && Array.isArray(answer[part as keyof typeof answer]),
  );

/** The networks that a port is in, and as what. */
const formatUse = ({ role, network, vlan, remote }: Partial<Status['ports'][number]>): string =>
  role === 'uplink'
    ? '(uplink)'
    : [
        network,
        vlan === undefined ? undefined : `vlan ${vlan}`,
        remote === undefined ? undefined : `to ${remote}`,
      ]
        .filter(part => part !== undefined)
        .join(' ');

/** The status as tables for a person. */
export function formatStatus(status: Status): string {
  const sections: string[] = status.reload === undefined ? [] : [formatReload(status.reload)];
  if (status.meshReplacement !== undefined)
    sections.push(`The mesh is being replaced: ${tellReplacement(status.meshReplacement)}`);
  const section = (title: string, titles: readonly string[], rows: readonly (readonly string[])[]): void => {
    // Names and errors are what hosts and switches say, and are shown on a terminal.
    if (rows.length > 0)
      sections.push(
        `${bold(title)}\n${table(
          titles,
          rows.map(row => row.map(printable)),
        )}`,
      );
  };
  section(
    'Hypervisors',
    ['NAME', 'OVSDB', 'BRIDGE', 'OPENFLOW', 'VTEP', 'PORTS', 'TRANSACTIONS'],
    status.hypervisors.map(({ name, bridge, openflow, vtep, ports, transactions, ...host }) => [
      name,
      ovsdbOf(host),
      bridge,
      openflow,
      vtep,
      String(ports),
      String(transactions),
    ]),
  );
  section(
    'Hosts that dial in and are not in the file',
    ['SYSTEM-ID', 'FROM', 'LAST'],
    (status.strangers ?? []).map(({ systemId, from, secondsAgo }) => [systemId, from, `${secondsAgo} s ago`]),
  );
  const hasRelays = status.networks.some(({ relayParts }) => relayParts !== undefined);
  section(
    'Networks',
    ['NAME', 'VNI', 'PORTS', 'HYPERVISORS', 'REMOTES', ...(hasRelays ? ['FLOODS'] : [])],
    status.networks.map(({ name, vni, vlan, ports, hypervisors, remotes, relayParts }) => [
      name,
      vni === undefined ? `VLAN ${vlan ?? ''}` : String(vni),
      String(ports),
      hypervisors.join(' '),
      remotes.join(' '),
      ...(hasRelays ? [relayParts === undefined ? '' : `by relays in ${relayParts} parts`] : []),
    ]),
  );
  section(
    'Ports',
    ['HYPERVISOR', 'PORT', 'NETWORK', 'OFPORT', 'IFACE-ID', 'MAC', 'ERROR'],
    status.ports.map(({ hypervisor, port, ofport, ifaceId, mac, error, ...use }) => [
      hypervisor,
      port,
      formatUse(use),
      ofport === undefined ? '' : String(ofport),
      ifaceId ?? '',
      mac ?? '',
      error ?? '',
    ]),
  );
  section(
    'Switches',
    ['DATAPATH-ID', 'HYPERVISOR', 'FROM', 'STATE', 'PORTS', 'FLOWS', 'GROUPS', 'MODS SENT'],
    status.switches.map(({ dpid, hypervisor, peer, state, ports, flows, groups, mods }) => [
      dpid,
      hypervisor ?? '',
      peer,
      state,
      String(ports),
      String(flows),
      String(groups),
      formatMods(mods),
    ]),
  );
  if (status.switches.length === 0) sections.push('No switch is connected.');
  sections.push(
    status.problems.length === 0
      ? colour('green', 'Nothing is wrong.')
      : `${bold('Wrong')}\n${status.problems.map(({ where, message }) => colour('red', printable(`${where}: ${message}`))).join('\n')}`,
  );
  return sections.join('\n\n');
}

/** `12 flow, 2 group`; 0 where nothing was sent since the start. */
function formatMods({ flowMods, groupMods, meterMods }: SentMods): string {
  const parts = Object.entries({ flow: flowMods, group: groupMods, meter: meterMods });
  const sent = parts.filter(([, count]) => count > 0).map(([what, count]) => `${count} ${what}`);
  return sent.join(', ') || '0';
}

function ovsdbOf({ state, ovsdb, peer }: Pick<HypervisorStatus, 'state' | 'ovsdb' | 'peer'>): string {
  switch (state) {
    case 'connected':
      return peer === undefined ? ovsdb : `${ovsdb} (${peer})`;
    case 'waiting':
      return `waiting for ${ovsdb}`;
    case 'reading':
    case 'connecting':
      return `${state} to ${ovsdb}`;
  }
}

function formatReload({ secondsAgo, ok, changes, mistakes }: ReloadStatus): string {
  const what = ok
    ? changes.join('; ') || 'nothing new'
    : `refused for ${mistakes.length === 1 ? 'a mistake' : `${mistakes.length} mistakes`} (below); the file before it is in force`;
  return printable(`File read again ${secondsAgo} s ago: ${what}`);
}

const bold = (text: string): string => colour('bold', text);
