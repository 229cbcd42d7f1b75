import type { TableDeclaration, Tables } from '../../intent/index.js';

/** The overlay's tables, in the order in which a packet meets them. */
export const overlayTables = [
  { name: 'classify', stage: 'classify', miss: 'drop' },
  { name: 'tunnel-source', stage: 'tunnel-source', miss: 'drop' },
  { name: 'learn', stage: 'learn', miss: 'next' },
  { name: 'suppress', stage: 'suppress', miss: 'own' },
  { name: 'advertise', stage: 'suppress', miss: 'drop' },
  { name: 'unicast', stage: 'unicast', miss: 'own' },
  { name: 'learned', stage: 'learned', miss: 'drop' },
  { name: 'addresses', stage: 'learned', miss: 'drop' },
  { name: 'flood', stage: 'flood', miss: 'next' },
  { name: 'output', stage: 'output', miss: 'drop' },
] as const satisfies readonly TableDeclaration[];

/** The numbers that the flows need. */
export interface TableNumbers {
  readonly classify: number;
  /** Where packets of local ports go on: whatever follows the tunnel's own tables. */
  readonly afterSource: number;
  readonly tunnelSource: number;
  readonly learn: number;
  /** Where requests for addresses that are known are answered. */
  readonly suppress: number;
  /** Where the answer to a neighbour solicitation gets its last field. */
  readonly advertise: number;
  /** Where all other packets go on from there. */
  readonly afterSuppress: number;
  readonly unicast: number;
  readonly learned: number;
  /** Where it is noted which addresses MACs have: no packet comes there. */
  readonly addresses: number;
  readonly flood: number;
  /** Where a packet goes when its output port is decided. */
  readonly afterFlood: number;
  readonly output: number;
}

export const numbersOf = (tables: Tables): TableNumbers => ({
  classify: tables.number('classify'),
  afterSource: tables.after('tunnel-source'),
  tunnelSource: tables.number('tunnel-source'),
  learn: tables.number('learn'),
  suppress: tables.number('suppress'),
  advertise: tables.number('advertise'),
  afterSuppress: tables.after('advertise'),
  unicast: tables.number('unicast'),
  learned: tables.number('learned'),
  addresses: tables.number('addresses'),
  flood: tables.number('flood'),
  afterFlood: tables.after('flood'),
  output: tables.number('output'),
});
