/** How a demonstration ends: the table of who reaches whom, and what of it is wrong. */
import type { Progress } from './progress.js';
import type { Cell } from './reachability.js';
import { vmNames } from './scenario.js';
import { reachabilityTable, wrongCells } from './table.js';

/** Prints the table. @returns whether everything is as it should be */
export function showVerdict(cells: readonly Cell[], colour: boolean, progress: Progress): boolean {
  const wrong = wrongCells(cells);
  progress.line();
  progress.line(reachabilityTable(vmNames, cells, { colour }));
  progress.line();
  for (const line of wrong) progress.line(line);
  if (wrong.length === 0) {
    progress.line(
      'As it should be: the same network yes, the other network no, though their MACs and IPs are equal.',
    );
  }
  return wrong.length === 0;
}
