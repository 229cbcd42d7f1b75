import { printable } from '../config/mistake.js';
import type { IpStatus, MacStatus, MacTable } from '../controller/mac-status.js';
import { colour } from './colour.js';
import { table } from './table.js';

const titles = ['NETWORK', 'MAC', 'IPS', 'HOST', 'PORT', 'HOW', 'AGE', 'MOVES'];

/** The MACs as a table for a person. */
export function formatMacs({ macs }: MacTable): string {
  if (macs.length === 0) return 'No MAC is known.';
  // Names are what hosts say, and are shown on a terminal.
  const text = table(
    titles,
    macs.map(mac => cellsOf(mac).map(printable)),
  );
  const [head = '', ...rows] = text.split('\n');
  const lines = rows.map((line, index) => (macs[index]?.held === true ? colour('red', line) : line));
  return [colour('bold', head), ...lines].join('\n');
}

const cellsOf = (mac: MacStatus): readonly string[] => [
  mac.network,
  mac.mac,
  mac.ips.map(formatIp).join(' '),
  mac.hypervisor ?? mac.vtep ?? '',
  mac.port ?? '',
  howOf(mac),
  formatAge(mac.ageSeconds),
  String(mac.moves),
];

export const howOf = ({ how, held }: MacStatus): string => (held === true ? `${how}, held` : how);

/** What the file says bears no age. */
const formatIp = ({ address, ageSeconds }: IpStatus): string =>
  ageSeconds === undefined ? address : `${address} (${formatAge(ageSeconds)})`;

const units = [
  ['d', 86_400],
  ['h', 3_600],
  ['min', 60],
] as const;

/** In the largest unit that it is two of. */
export function formatAge(seconds: number): string {
  const [unit, size] = units.find(([, length]) => seconds >= 2 * length) ?? ['s', 1];
  return `${Math.floor(seconds / size)} ${unit}`;
}
