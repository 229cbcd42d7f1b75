import type { Config } from '../config/config.js';
import type { HypervisorView, NetworkReport, PortReport, Report } from '../intent/index.js';
import { type Dpid, formatDpid } from '../lib/addresses.js';
import type { Stranger } from './arrivals.js';
import { type HypervisorStatus, hypervisorStatus } from './host-status.js';
import type { HypervisorLink } from './hypervisor-link.js';
import { tellConflict } from './desired.js';
import type { SentMods } from './sent-mods.js';
import type { MeshReplacementPhase } from './mesh-replacement.js';
import type { Refusal } from './switch-refusals.js';
import type { SyncPhase } from './switch-sync.js';
import type { ConnectedSwitch } from './connected-switch.js';
import type { TakeoverPhase } from './takeover.js';

/** What `heddle status` and GET /v1/status tell. All values are plain JSON. */
export interface Status {
  /** Nothing is wrong, and nothing is under way. */
  readonly ok: boolean;
  readonly uptimeSeconds: number;
  /** The last time that the file was read anew; left out where it was read at the start alone. */
  readonly reload?: ReloadStatus;
  /** How far the replacement of hand-made VXLAN ports has come (`heddle run --replace-mesh`); left out where none is asked for. */
  readonly meshReplacement?: MeshReplacementPhase;
  readonly switches: readonly SwitchStatus[];
  readonly hypervisors: readonly HypervisorStatus[];
  /** Hosts that have dialled in with their OVSDB, and that the file does not have: the latest ones. Left out where none may dial in. */
  readonly strangers?: readonly StrangerStatus[];
  readonly networks: readonly NetworkReport[];
  readonly ports: readonly PortReport[];
  readonly problems: readonly StatusProblem[];
}

export interface ReloadStatus {
  readonly secondsAgo: number;
  /** False: the file was refused, and the one before it is in force. */
  readonly ok: boolean;
  /** What it says differently from the one before: `network red added`. */
  readonly changes: readonly string[];
  /** Why it was refused, each as `heddle check` tells it. */
  readonly mistakes: readonly string[];
}

export type { HypervisorStatus } from './host-status.js';

export type SwitchState = SyncPhase | 'left alone';

export interface SwitchStatus {
  readonly dpid: string;
  readonly hypervisor?: string;
  readonly peer: string;
  readonly connectedSeconds: number;
  /** left alone: it is, or was, a hypervisor's bridge and is in no file entry; nothing is sent to it. */
  readonly state: SwitchState;
  readonly ports: number;
  /** Flows and groups of Heddle's in it; those that apps add by packets are not counted. */
  readonly flows: number;
  readonly groups: number;
  /** Changes sent since it connected. */
  readonly sent: number;
  /** What was sent to it that changes it, since Heddle's start; what apps send by themselves included. */
  readonly mods: SentMods;
  readonly refused: readonly Refusal[];
  /** Messages from it that could not be read. */
  readonly badFrames: number;
  /** Messages of apps that were not sent, since it does not read fast enough. */
  readonly dropped: number;
}

export interface StrangerStatus {
  readonly systemId: string;
  /** The address that it last dialled in from. */
  readonly from: string;
  readonly secondsAgo: number;
}

export interface StatusProblem {
  /** What it is about: a hypervisor, a network, a switch, an app. */
  readonly where: string;
  readonly message: string;
}

/** How a reload of the file ended; refused, where there are mistakes. */
export interface ReloadOutcome {
  /** By the effects' clock. */
  readonly at: number;
  readonly changes: readonly string[];
  readonly mistakes: readonly string[];
}

export interface StatusInput {
  readonly now: number;
  readonly startedAt: number;
  readonly config: Config;
  readonly switches: readonly ConnectedSwitch[];
  readonly modsOf: (connected: ConnectedSwitch) => SentMods;
  /** Datapath ids that two switches have, and what there is to say of each. */
  readonly contested: ReadonlyMap<Dpid, string>;
  readonly hypervisors: ReadonlyMap<string, HypervisorView>;
  readonly links: ReadonlyMap<string, HypervisorLink>;
  readonly strangers: readonly Stranger[];
  readonly takeover: (dpid: Dpid) => TakeoverPhase | undefined;
  readonly meshReplacement?: MeshReplacementPhase;
  readonly reports: readonly Report[];
  readonly reload?: ReloadOutcome;
}

export function buildStatus(input: StatusInput): Status {
  const { now, startedAt, config, reports, reload } = input;
  const switches = input.switches.map(connected => switchStatus(connected, input.modsOf(connected), now));
  const byDpid = new Map(switches.map(one => [one.dpid, one]));
  const whereIs = (dpid: Dpid): string => byDpid.get(formatDpid(dpid))?.hypervisor ?? formatDpid(dpid);
  const hosts = config.hypervisors.map(host =>
    hypervisorStatus(host, {
      view: input.hypervisors.get(host.name),
      link: input.links.get(host.name),
      openflow: byDpid.get(formatDpid(host.dpid))?.state,
      takeover: input.takeover(host.dpid),
      listen: config.ovsdb?.listen,
      advertise: config.openflow.advertise,
    }),
  );
  const problems = [
    ...(reload?.mistakes ?? []).map(message => ({ where: 'the file was refused', message })),
    ...hosts.flatMap(({ status: { name }, problems: told }) =>
      told.map(message => ({ where: name, message })),
    ),
    ...switches.flatMap(switchProblems),
    ...input.switches.flatMap(({ view, leftAlone }) =>
      leftAlone === undefined ? [] : [{ where: whereIs(view.dpid), message: leftAlone }],
    ),
    ...[...input.contested].map(([dpid, message]) => ({ where: whereIs(dpid), message })),
    ...input.switches.flatMap(({ view, sync }) =>
      sync.conflicts.map(conflict => ({ where: whereIs(view.dpid), message: tellConflict(conflict) })),
    ),
    ...reports
      .flatMap(report => report.problems ?? [])
      .map(({ message, ...about }) => ({ where: placeOf(about), message })),
  ];
  return {
    ok: problems.length === 0 && switches.every(({ state }) => state === 'in sync'),
    uptimeSeconds: Math.floor((now - startedAt) / 1000),
    ...(reload !== undefined && { reload: reloadStatus(reload, now) }),
    ...(input.meshReplacement !== undefined && { meshReplacement: input.meshReplacement }),
    switches,
    hypervisors: hosts.map(({ status }) => status),
    ...(config.ovsdb !== undefined && {
      strangers: input.strangers.map(stranger => strangerStatus(stranger, now)),
    }),
    networks: reports.flatMap(report => report.networks ?? []),
    ports: reports.flatMap(report => report.ports ?? []),
    problems,
  };
}

const reloadStatus = ({ at, changes, mistakes }: ReloadOutcome, now: number): ReloadStatus => ({
  secondsAgo: Math.floor((now - at) / 1000),
  ok: mistakes.length === 0,
  changes,
  mistakes,
});

const strangerStatus = ({ systemId, from, at }: Stranger, now: number): StrangerStatus => ({
  systemId,
  from,
  secondsAgo: Math.floor((now - at) / 1000),
});

function switchStatus(
  { view, connection, sync, since, leftAlone }: ConnectedSwitch,
  mods: SentMods,
  now: number,
): SwitchStatus {
  return {
    dpid: formatDpid(view.dpid),
    ...(view.hypervisor !== undefined && { hypervisor: view.hypervisor }),
    peer: connection.peer,
    connectedSeconds: Math.floor((now - since) / 1000),
    state: leftAlone === undefined ? sync.phase : 'left alone',
    ports: view.ports.size,
    flows: sync.actual?.flows.size ?? 0,
    groups: sync.actual?.groups.size ?? 0,
    sent: sync.sent,
    mods,
    refused: sync.refusals,
    badFrames: connection.badFrames,
    dropped: connection.dropped,
  };
}

function switchProblems(status: SwitchStatus): StatusProblem[] {
  const { refused, hypervisor, dpid, badFrames, dropped } = status;
  const messages = refused.map(({ error, what }) => `refused ${what}: ${error}`);
  if (badFrames > 0) messages.push(`sent ${badFrames} messages that cannot be read, since it connected`);
  if (dropped > 0)
    messages.push(`${dropped} messages to it were dropped since it connected: it does not read fast enough`);
  return messages.map(message => ({ where: hypervisor ?? dpid, message }));
}

/** What a problem is about, in words. */
export function placeOf(about: {
  readonly hypervisor?: string;
  readonly network?: string;
  readonly port?: string;
  readonly dpid?: Dpid;
  readonly app?: string;
}): string {
  const { hypervisor, network, port, dpid, app } = about;
  const parts = [
    hypervisor,
    network !== undefined && `network ${network}`,
    port !== undefined && `port ${port}`,
    dpid !== undefined && formatDpid(dpid),
    app !== undefined && `app ${app}`,
  ];
  return parts.filter(part => typeof part === 'string').join(' ') || 'Heddle';
}
