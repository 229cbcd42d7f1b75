import { printable } from '../config/mistake.js';
import type { Count, HostPlanned, LeftAlone, Plan, SwitchPlanned } from '../controller/plan/plan.js';
import type { EntryChange } from '../reconcile/flow-changes.js';
import type { ChangeKind, RowChange } from '../reconcile/host-changes.js';
import { colour } from './colour.js';

/** A plan for a person: what would change on every host, and at the end how much. */
export function formatPlan(plan: Plan): string {
  const sections = [...plan.hosts.map(host), ...plan.switches.map(plainSwitch)];
  if (plan.problems.length > 0)
    sections.push([colour('bold', 'Wrong'), ...plan.problems.map(told('red', ''))].join('\n'));
  if (plan.error !== undefined)
    sections.push(colour('red', printable(`The switches were not read: ${plan.error}`)));
  return [...sections, lastLine(plan)].join('\n\n');
}

function lastLine({ ok, hosts, switches }: Plan): string {
  const all = [...hosts, ...switches].map(({ count }) => count);
  const sum = (kind: ChangeKind): number => all.reduce((total, count) => total + count[kind], 0);
  const total = { added: sum('added'), changed: sum('changed'), removed: sum('removed') };
  if (ok) return colour('green', 'Nothing to do: all is as the file says.');
  const unread = hosts.filter(({ error }) => error !== undefined).length;
  const failed = unread === 0 ? '' : `; ${unread} ${unread === 1 ? 'host' : 'hosts'} could not be read`;
  return `In all: ${formatCount(total)}${failed}. Nothing was changed.`;
}

function host(planned: HostPlanned): string {
  const { name, ovsdb, bridge, error, count, rows, notRead, disrupts, problems, notes } = planned;
  const head = `${colour('bold', printable(name))} (bridge ${printable(bridge)}, ${ovsdb})`;
  if (error !== undefined) return `${head}: ${colour('red', printable(`cannot be read: ${error}`))}`;
  return [
    `${head}: ${formatCount(count)}`,
    ...part('OVSDB', rows.flatMap(row)),
    ...programming(planned),
    ...(notRead === undefined
      ? []
      : [
          told(
            'yellow',
            'not read: ',
          )(`its flows, groups and meters, as ${notRead}; all that is wanted is shown as added`),
        ]),
    ...disrupts.map(told('yellow', 'disrupts: ')),
    ...problems.map(told('red', 'in the way: ')),
    ...notes.map(told('dim', 'note: ')),
    ...leftAlone(planned.leftAlone),
  ].join('\n');
}

function plainSwitch(planned: SwitchPlanned): string {
  const { dpid, count, untouched, notes } = planned;
  const head = colour('bold', `switch ${dpid}`);
  return [
    `${head}: ${formatCount(count)}`,
    ...programming(planned),
    ...(untouched === undefined ? [] : [told('yellow', '')(untouched)]),
    ...notes.map(told('dim', 'note: ')),
    ...leftAlone({ ports: [], qos: [], ...planned.leftAlone }),
  ].join('\n');
}

const programming = ({
  groups,
  meters,
  flows,
}: Pick<SwitchPlanned, 'groups' | 'meters' | 'flows'>): readonly string[] => [
  ...part('Groups', groups.flatMap(entry)),
  ...part('Meters', meters.flatMap(entry)),
  ...part('Flows', flows.flatMap(entry)),
];

const part = (title: string, lines: readonly string[]): readonly string[] =>
  lines.length === 0 ? [] : [`  ${title}`, ...lines.map(line => `    ${line}`)];

const marks = {
  added: { mark: '+', style: 'green' },
  changed: { mark: '~', style: 'yellow' },
  removed: { mark: '-', style: 'red' },
} as const satisfies Record<ChangeKind, object>;

/** What is shown comes from switches and databases: nothing of it may move a terminal's cursor. */
const marked = (kind: ChangeKind, text: string): string =>
  colour(marks[kind].style, printable(`${marks[kind].mark} ${text}`));

function row({ table, name, change, columns }: RowChange): readonly string[] {
  const values = columns.map(({ column, before, after }) => {
    if (before === undefined || after === undefined) return `${column}: ${after ?? before ?? ''}`;
    return `${column}: ${before} -> ${after}`;
  });
  return [marked(change, `${table} ${name}`), ...values.map(value => `    ${printable(value)}`)];
}

const entry = ({ change, text, before }: EntryChange): readonly string[] => [
  marked(change, text),
  ...(before === undefined ? [] : [colour('dim', printable(`  was ${before}`))]),
];

const told =
  (style: 'red' | 'yellow' | 'dim', lead: string) =>
  (text: string): string =>
    `  ${colour(style, printable(`${lead}${text}`))}`;

/** The words of what stays, or no line where there is nothing. */
function leftAlone({ flows = 0, groups, meters, ports, qos }: LeftAlone): readonly string[] {
  const list = (what: string, names: readonly (string | number)[]): string[] =>
    names.length === 0 ? [] : [`${count(names.length, what)} (${names.join(', ')})`];
  const parts = [
    ...(flows === 0 ? [] : [count(flows, 'flow')]),
    ...list('group', groups),
    ...list('meter', meters),
    ...list('port', ports),
    ...(qos.length === 0 ? [] : [`${qos.length} QoS (${qos.join(', ')})`]),
  ];
  return parts.length === 0 ? [] : [told('dim', '')(`left alone, as not Heddle's: ${parts.join(', ')}`)];
}

const count = (n: number, what: string): string => `${n} ${what}${n === 1 ? '' : 's'}`;

function formatCount({ added, changed, removed }: Count): string {
  if (added + changed + removed === 0) return 'nothing to change';
  return `${added} to add, ${changed} to change, ${removed} to remove`;
}
