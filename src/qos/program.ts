import type { PolicyConfig } from '../config/config.js';
import type { Flow, Meter, Program, Setup } from '../intent/index.js';
import { gotoTable, match } from '../openflow/index.js';
import { classFlows, classMarks } from './classes.js';
import { fromVm, marks } from './from-vm.js';
import { meterOf } from './limits.js';
import { keyOf, type Limited, meteredOf, type MeterFor, type Subject } from './subject.js';
import type { TableNumbers } from './tables.js';
import { toVm } from './to-vm.js';

export interface QosProgram {
  readonly program: Program;
  /** Limits for which the switch has no meter left: more than Heddle may use there. */
  readonly unlimited: readonly Limited[];
  readonly meterFor: MeterFor;
}

export interface QosProgramInput {
  readonly subjects: readonly Subject[];
  readonly tables: TableNumbers;
  readonly numberMeters: Setup['numberMeters'];
  /** Left out: as many as any app has. */
  readonly mostMeters?: number;
  /** Numbers of the queues that policies name. */
  readonly queues?: ReadonlyMap<string, number>;
}

/** The flows and meters of the policies of one switch. */
export function qosProgram({
  subjects,
  tables,
  numberMeters,
  mostMeters,
  queues = new Map(),
}: QosProgramInput): QosProgram {
  const limited = subjects.flatMap(meteredOf);
  const idOf = ({ subject, way, part }: Limited): number | undefined => ids.get(keyOf(subject, way, part));
  const ids = numberMeters(
    limited.map(({ subject, way, part }) => keyOf(subject, way, part)),
    mostMeters,
  );
  const meters = limited.flatMap((one): Meter[] => {
    const id = idOf(one);
    return id === undefined ? [] : [meterOf(id, one.limit)];
  });
  const meterFor: MeterFor = (subject, way, part) => ids.get(keyOf(subject, way, part));
  const classed = withClasses(subjects);
  const register = classMarks(classed);
  const flows: Flow[] = [
    ...passing(tables),
    ...subjects.flatMap(subject => [
      ...fromVm(subject, { meterFor, register, queues }, tables),
      ...toVm(subject, { meterFor, register }, tables),
    ]),
    ...classFlows(classed, register, tables),
    ...(subjects.some(({ policy }) => writesDscp(policy)) ? marks(tables) : []),
  ];
  return {
    program: { flows, groups: [], meters, learned: new Set() },
    unlimited: limited.filter(one => idOf(one) === undefined),
    meterFor,
  };
}

function withClasses(subjects: readonly Subject[]): readonly PolicyConfig[] {
  const policies = new Map(subjects.map(({ policy }) => [policy.name, policy]));
  return [...policies.values()].filter(({ classes = [] }) => classes.length > 0);
}

const writesDscp = ({ dscp, classes = [] }: PolicyConfig): boolean =>
  [dscp, ...classes.map(one => one.dscp)].some(mark => typeof mark === 'number');

/** Packets of ports with no policy pass all of these tables by: each that they visit counts, in a flood for every member. */
const passing = ({ police, afterMark, egress }: TableNumbers): readonly Flow[] => [
  { table: police.entry, priority: 0, match: match({}), instructions: [gotoTable(afterMark)] },
  { table: egress.entry, priority: 0, match: match({}), instructions: [gotoTable(egress.after)] },
];
