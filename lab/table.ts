/** The table of who reaches whom. Pure: cells in, text out. */
import { isRight, type Cell } from './reachability.js';

export interface TableOptions {
  readonly colour: boolean;
}

type Paint = (text: string) => string;
interface Palette {
  readonly good: Paint;
  readonly bad: Paint;
  readonly quiet: Paint;
}

const escape =
  (code: number): Paint =>
  text =>
    `\u001b[${code}m${text}\u001b[0m`;
const same: Paint = text => text;
const coloured: Palette = { good: escape(32), bad: escape(31), quiet: escape(2) };
const plain: Palette = { good: same, bad: same, quiet: same };

/** One row for each sender, one column for each receiver, in the order in which `names` has them. */
export function reachabilityTable(
  names: readonly string[],
  cells: readonly Cell[],
  options: TableOptions,
): string {
  const palette = options.colour ? coloured : plain;
  const byPair = new Map(cells.map(cell => [pair(cell.from, cell.to), cell]));
  const width = Math.max(...names.map(name => name.length), longestWord) + 2;
  const header = ['from \\ to', ...names].map(name => name.padEnd(width)).join('');
  const rows = names.map(from => {
    const words = names.map(to => {
      const cell = byPair.get(pair(from, to));
      const { text, paint } =
        cell === undefined ? { text: '-', paint: palette.quiet } : wordOf(cell, palette);
      // Padded before painted: escapes have no width.
      return paint(text.padEnd(width));
    });
    return from.padEnd(width) + words.join('');
  });
  return [header, ...rows].map(line => line.trimEnd()).join('\n');
}

const pair = (from: string, to: string): string => `${from} ${to}`;
const longestWord = 'from \\ to'.length;

function wordOf(cell: Cell, palette: Palette): { text: string; paint: Paint } {
  if (isRight(cell))
    return { text: cell.reached ? 'yes' : 'no', paint: cell.reached ? palette.good : palette.quiet };
  if (cell.leaked.length > 0) return { text: cell.reached ? 'YES!' : 'LEAK!', paint: palette.bad };
  return { text: cell.reached ? 'YES!' : 'NO!', paint: palette.bad };
}

/** One line for each cell that is not as it should be; none when all is well. */
export function wrongCells(cells: readonly Cell[]): string[] {
  return cells.filter(cell => !isRight(cell)).map(explain);
}

function explain(cell: Cell): string {
  const { from, to, leaked } = cell;
  if (cell.expected) {
    const ping = cell.pinged ? 'its address answers pings, but another station does' : 'pings are lost too';
    return `${from} does not reach ${to}, which is in its network (${ping})`;
  }
  const frame = leaked[0] === undefined ? '' : `; ${leaked.length} frames arrived, the first: ${leaked[0]}`;
  return cell.reached
    ? `${from} reaches ${to}, which is in another network${frame}`
    : `${to}, in another network, received frames of ${from}${frame}`;
}
