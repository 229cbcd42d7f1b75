import { printable } from '../config/mistake.js';
import { type Finding, placeOf } from '../import/finding.js';
import type { Imported } from '../import/import.js';
import { colour } from './colour.js';

const tint = (style: Parameters<typeof colour>[0], text: string): string =>
  colour(style, text, process.stderr);

/**
 * What an import found, for a person: the broken things first.
 *
 * @param output where the file was written; none where it is on the standard output
 */
export function formatFindings({ hosts, findings }: Imported, output: string | undefined): string {
  const unread = hosts.filter(({ error }) => error !== undefined);
  const lines = [
    ...unread.map(({ name, ovsdb, error }) =>
      tint('red', printable(`cannot read ${name} (${ovsdb}): ${error ?? ''}`)),
    ),
    ...findings.flatMap(finding),
  ];
  const count = (level: Finding['level']): number => findings.filter(one => one.level === level).length;
  const found =
    findings.length === 0
      ? 'nothing is wrong with them'
      : `${count('broken')} broken, ${plural(count('note'), 'note')}`;
  const read = `${plural(hosts.length - unread.length, 'host')} read: ${found}`;
  const next =
    output === undefined
      ? ''
      : `; wrote ${output}: read it, then heddle check ${output} and heddle plan ${output}`;
  return [...lines, `${read}${next}`].join('\n');
}

function finding(one: Finding): readonly string[] {
  const place = placeOf(one);
  const lead = one.level === 'broken' ? tint('red', 'broken: ') : tint('yellow', 'note: ');
  const todo = one.todo.startsWith('nothing') ? [] : [tint('dim', printable(`  to do: ${one.todo}`))];
  return [`${lead}${printable(`${place === '' ? '' : `${place}: `}${one.what}`)}`, ...todo];
}

const plural = (n: number, what: string): string => `${n} ${what}${n === 1 ? '' : 's'}`;
