import type { PolicyConfig } from '../config/config.js';
import { type Flow, type Meter, type Program, type Setup } from '../intent/index.js';
import {
  applyActions,
  clone,
  gotoTable,
  type Instruction,
  match,
  meter,
  move,
  resubmit,
  setField,
} from '../openflow/index.js';
import { meterOf } from './limits.js';

/** A port in a network, to which a policy applies. */
export interface Subject {
  /** The port's name: with the network's, what its meters are known by. */
  readonly port: string;
  readonly ofport: number;
  readonly network: string;
  /** The network's `metadata` in the pipeline. */
  readonly metadata: bigint;
  readonly policy: PolicyConfig;
}

export interface TableNumbers {
  readonly police: number;
  readonly mark: number;
  readonly afterMark: number;
  readonly egress: number;
  readonly egressMeter: number;
  readonly afterEgress: number;
}

export interface QosProgram {
  readonly program: Program;
  /** Limits for which the switch has no meter left: more than Heddle may use there. */
  readonly unlimited: readonly Subject[];
}

/** The flows and meters of the policies of one switch. Register: reg3 is the DSCP that is to be written. */
export function qosProgram(
  subjects: readonly Subject[],
  tables: TableNumbers,
  numberMeters: Setup['numberMeters'],
): QosProgram {
  const keys = subjects.flatMap(subject =>
    directions.filter(way => subject.policy[way]).map(way => keyOf(subject, way)),
  );
  const numbers = numberMeters(keys);
  const flows: Flow[] = [];
  const meters: Meter[] = [];
  const unlimited = new Set<Subject>();
  const meterFor = (subject: Subject, way: Direction): number | undefined => {
    const limit = subject.policy[way];
    if (limit === undefined) return undefined;
    const id = numbers.get(keyOf(subject, way));
    if (id === undefined) unlimited.add(subject);
    else meters.push(meterOf(id, limit));
    return id;
  };
  for (const subject of subjects) {
    flows.push(...fromVm(subject, meterFor(subject, 'fromVm'), tables));
    flows.push(...toVm(subject, meterFor(subject, 'toVm'), tables));
  }
  if (subjects.some(({ policy }) => policy.dscp !== undefined)) flows.push(...marks(tables));
  return { program: { flows, groups: [], meters, learned: new Set() }, unlimited: [...unlimited] };
}

const directions = ['fromVm', 'toVm'] as const;
type Direction = (typeof directions)[number];

const keyOf = ({ port, network }: Subject, way: Direction): string => `${way} ${network} ${port}`;

/** What the VM sends: limited before all else, then marked. */
function fromVm(subject: Subject, id: number | undefined, tables: TableNumbers): readonly Flow[] {
  const { dscp } = subject.policy;
  if (id === undefined && dscp === undefined) return [];
  const instructions: Instruction[] = [];
  if (id !== undefined) instructions.push(meter(id));
  if (dscp !== undefined) instructions.push(applyActions([setField({ reg3: dscp })]));
  instructions.push(gotoTable(dscp === undefined ? tables.afterMark : tables.mark));
  const { ofport, metadata } = subject;
  return [{ table: tables.police, priority: 100, match: match({ in_port: ofport, metadata }), instructions }];
}

/** Two flows for all marks, as the value is in a register [RFC 2474 3]. */
const marks = ({ mark, afterMark }: TableNumbers): readonly Flow[] =>
  [0x0800, 0x86dd].map(ethType => ({
    table: mark,
    priority: 100,
    match: match({ eth_type: ethType }),
    instructions: [applyActions([move({ field: 'reg3', bits: 6 }, 'ip_dscp')]), gotoTable(afterMark)],
  }));

/**
 * What is sent to the VM. In a flood, a meter drops the packet for all ports that come after it, unless it works on a copy;
 * and Open vSwitch makes a real copy for the datapath only where something happens to it that cannot be undone, such as
 * an output that cuts the packet: to a port that no bridge has.
 */
function toVm({ ofport, metadata }: Subject, id: number | undefined, tables: TableNumbers): readonly Flow[] {
  if (id === undefined) return [];
  const toPort = match({ metadata, reg1: ofport });
  const nowhere = { type: 'output_trunc', port: unusedPort, maxLen: 14 } as const;
  return [
    {
      table: tables.egress,
      priority: 100,
      match: toPort,
      instructions: [applyActions([clone([resubmit(tables.egressMeter), nowhere])])],
    },
    {
      table: tables.egressMeter,
      priority: 100,
      match: toPort,
      instructions: [meter(id), gotoTable(tables.afterEgress)],
    },
  ];
}

/** Open vSwitch gives ports numbers up to 0xfeff: this one is never given to a bridge with fewer than 65,000 ports. */
const unusedPort = 65_000;
