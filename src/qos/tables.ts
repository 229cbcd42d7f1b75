import type { TableDeclaration, Tables } from '../intent/index.js';

/**
 * The tables of service levels, in the order in which a packet meets them. Registers: reg3 is the DSCP that is to be written,
 * with bit 6 set where one is; reg4 is a policy that has classes, and in its last 8 bits, the class (0: none has been found).
 */
export const qosTables = [
  // What a VM sends: whose it is; of which class; that class's limit; the port's limit for all of it; its mark.
  { name: 'police', stage: 'police', miss: 'own' },
  { name: 'police-class', stage: 'police', miss: 'next' },
  { name: 'police-in-class', stage: 'police', miss: 'next' },
  { name: 'police-port', stage: 'police', miss: 'next' },
  { name: 'mark', stage: 'mark', miss: 'next' },
  // What it gets: the same.
  { name: 'egress', stage: 'egress', miss: 'own' },
  { name: 'egress-class', stage: 'egress', miss: 'next' },
  { name: 'egress-in-class', stage: 'egress', miss: 'next' },
  { name: 'egress-port', stage: 'egress', miss: 'next' },
] as const satisfies readonly TableDeclaration[];

/** One direction's. */
export interface Stretch {
  readonly entry: number;
  readonly classes: number;
  readonly inClass: number;
  readonly port: number;
  /** Where packets go on. */
  readonly after: number;
}

export interface TableNumbers {
  readonly police: Stretch;
  readonly mark: number;
  readonly afterMark: number;
  readonly egress: Stretch;
}

export const numbersOf = (tables: Tables): TableNumbers => ({
  police: stretch(tables, 'police'),
  mark: tables.number('mark'),
  afterMark: tables.after('mark'),
  egress: stretch(tables, 'egress'),
});

const stretch = (tables: Tables, name: 'police' | 'egress'): Stretch => ({
  entry: tables.number(name),
  classes: tables.number(`${name}-class`),
  inClass: tables.number(`${name}-in-class`),
  port: tables.number(`${name}-port`),
  after: tables.after(`${name}-port`),
});
