import type { Marking } from '../config/config.js';
import type { Flow } from '../intent/index.js';
import {
  type Action,
  applyActions,
  gotoTable,
  type Instruction,
  masked,
  match,
  meter,
  move,
  setField,
  setQueue,
} from '../openflow/index.js';
import type { ClassMarks } from './classes.js';
import type { MeterFor, Subject } from './subject.js';
import type { TableNumbers } from './tables.js';

/** Bit 6 of reg3: a DSCP is to be written. */
const isMarked = 0x40;

/** What flows of one switch refer to. */
interface Known {
  readonly meterFor: MeterFor;
  readonly register: ClassMarks;
  readonly queues: ReadonlyMap<string, number>;
}

const markActions = (mark: Marking | undefined): readonly Action[] =>
  mark === undefined ? [] : [setField({ reg3: mark === 'trust' ? 0 : isMarked | mark })];

/** It stays chosen until another one is, or the packet has left. */
function queueActions(name: string | undefined, queues: Known['queues']): readonly Action[] {
  const number = name === undefined ? undefined : queues.get(name);
  return number === undefined ? [] : [setQueue(number)];
}

/** What the VM sends: limited before all else, then marked. A class's limit comes before that of the port. */
export function fromVm(
  subject: Subject,
  { meterFor, register, queues }: Known,
  { police, mark, afterMark }: TableNumbers,
): readonly Flow[] {
  const { ofport, metadata, policy } = subject;
  const { classes = [], dscp } = policy;
  const fromPort = { in_port: ofport, metadata };
  const whole = meterFor(subject, 'fromVm');
  if (classes.length === 0) {
    const isWritten = typeof dscp === 'number';
    const actions = [...(isWritten ? markActions(dscp) : []), ...queueActions(policy.queue, queues)];
    if (whole === undefined && actions.length === 0) return [];
    return [
      {
        table: police.entry,
        priority: 100,
        match: match(fromPort),
        instructions: steps(whole, actions, isWritten ? mark : afterMark),
      },
    ];
  }
  const flows: Flow[] = [
    {
      table: police.entry,
      priority: 100,
      match: match(fromPort),
      instructions: steps(
        undefined,
        [
          setField({ reg4: register.none(policy) }),
          ...(typeof dscp === 'number' ? markActions(dscp) : []),
          ...queueActions(policy.queue, queues),
        ],
        police.classes,
      ),
    },
  ];
  for (const part of classes) {
    const id = meterFor(subject, 'fromVm', part);
    const actions = [...markActions(part.dscp), ...queueActions(part.queue, queues)];
    if (id !== undefined || actions.length > 0)
      flows.push({
        table: police.inClass,
        priority: 100,
        match: match({ ...fromPort, reg4: register.of(policy, part) }),
        instructions: steps(id, actions, police.port),
      });
  }
  if (whole !== undefined)
    flows.push({
      table: police.port,
      priority: 100,
      match: match(fromPort),
      instructions: steps(whole, [], mark),
    });
  return flows;
}

const steps = (id: number | undefined, actions: readonly Action[], next: number): readonly Instruction[] => [
  ...(id === undefined ? [] : [meter(id)]),
  ...(actions.length === 0 ? [] : [applyActions(actions)]),
  gotoTable(next),
];

/** Two flows for all marks, as the value is in a register [RFC 2474 3]. */
export const marks = ({ mark, afterMark }: TableNumbers): readonly Flow[] =>
  [0x0800, 0x86dd].map(ethType => ({
    table: mark,
    priority: 100,
    match: match({ reg3: masked(isMarked, isMarked), eth_type: ethType }),
    instructions: [applyActions([move({ field: 'reg3', bits: 6 }, 'ip_dscp')]), gotoTable(afterMark)],
  }));
