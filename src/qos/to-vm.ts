import type { Flow } from '../intent/index.js';
import { applyActions, clone, gotoTable, match, meter, resubmit, setField } from '../openflow/index.js';
import type { ClassMarks } from './classes.js';
import type { MeterFor, Subject } from './subject.js';
import type { TableNumbers } from './tables.js';

/**
 * What is sent to the VM. In a flood, a meter drops the packet for all ports that come after it, unless it works on a copy;
 * and Open vSwitch makes a real copy for the datapath only where something happens to it that cannot be undone, such as
 * an output that cuts the packet: to a port that no bridge has.
 */
export function toVm(
  subject: Subject,
  { meterFor, register }: { readonly meterFor: MeterFor; readonly register: ClassMarks },
  { egress }: TableNumbers,
): readonly Flow[] {
  const { ofport, metadata, policy } = subject;
  const toPort = { metadata, reg1: ofport };
  const whole = meterFor(subject, 'toVm');
  const parts = (policy.classes ?? []).flatMap(part => {
    const id = meterFor(subject, 'toVm', part);
    return id === undefined ? [] : [{ part, id }];
  });
  if (whole === undefined && parts.length === 0) return [];
  const copy =
    parts.length === 0
      ? [resubmit(egress.port), nowhere]
      : [setField({ reg4: register.none(policy) }), resubmit(egress.classes), nowhere];
  const limited = (table: number, fields: Parameters<typeof match>[0], id: number, next: number): Flow => ({
    table,
    priority: 100,
    match: match(fields),
    instructions: [meter(id), gotoTable(next)],
  });
  return [
    {
      table: egress.entry,
      priority: 100,
      match: match(toPort),
      instructions: [applyActions([clone(copy)])],
    },
    ...parts.map(({ part, id }) =>
      limited(egress.inClass, { ...toPort, reg4: register.of(policy, part) }, id, egress.port),
    ),
    ...(whole === undefined ? [] : [limited(egress.port, toPort, whole, egress.after)]),
  ];
}

/** Open vSwitch gives ports numbers up to 0xfeff: this one is never given to a bridge with fewer than 65,000 ports. */
const nowhere = { type: 'output_trunc', port: 65_000, maxLen: 14 } as const;
