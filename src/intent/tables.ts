import { HeddleError } from '../lib/errors.js';

/**
 * The stages of a switch's pipeline, in the order in which a packet meets them. Apps declare tables by stage; the
 * numbers are given here, so that two apps need not know of each other.
 */
export const stages = {
  classify: 0,
  'tunnel-source': 5,
  guard: 10,
  police: 20,
  mark: 25,
  filter: 30,
  learn: 40,
  suppress: 50,
  unicast: 60,
  learned: 70,
  flood: 80,
  egress: 90,
  output: 95,
} as const;

export type Stage = keyof typeof stages;

export interface TableDeclaration {
  readonly name: string;
  readonly stage: Stage;
  /**
   * What becomes of a packet that matches no flow there: `next` goes on to the next table of the pipeline (the flow for
   * it is made centrally), `drop` is OpenFlow's own default, `own` says that the app has a flow for it.
   */
  readonly miss: 'next' | 'drop' | 'own';
}

/** Which switches an app programs: the bridges of the file's hypervisors, or every other switch that dials in. */
export type Scope = 'hypervisors' | 'others';

/** One app's view of the pipeline. */
export interface Tables {
  /** The number of one of the app's own tables. */
  number(name: string): number;
  /** The number of the table that follows one of the app's own, whoever owns it. */
  after(name: string): number;
}

export interface NumberedTable extends TableDeclaration {
  readonly app: string;
  readonly number: number;
}

/** The tables of one scope in packet order: the first is table 0, where every packet enters [OF1.3.5 5.1.1]. */
export type Pipeline = readonly NumberedTable[];

export function numberTables(
  apps: readonly { readonly name: string; readonly tables: readonly TableDeclaration[] }[],
): Pipeline {
  const wanted = apps.flatMap(app => app.tables.map(table => ({ ...table, app: app.name })));
  const starts = [...Object.values(stages), 254];
  const numbered: NumberedTable[] = [];
  for (const stage of Object.keys(stages) as Stage[]) {
    const end = starts.find(start => start > stages[stage]) ?? 254;
    let number: number = stages[stage];
    for (const table of wanted.filter(table => table.stage === stage)) {
      if (number === end) {
        throw new HeddleError(
          'APP_INVALID',
          `too many tables at stage ${stage}: it has room for ${end - stages[stage]}`,
        );
      }
      // Every packet enters at table 0, so the first table of a pipeline is that one, whatever its stage.
      numbered.push({ ...table, number: numbered.length === 0 ? 0 : number });
      number += 1;
    }
  }
  return numbered;
}

export function tablesOf(pipeline: Pipeline, app: string): Tables {
  const indexOf = (name: string): number => {
    const index = pipeline.findIndex(table => table.app === app && table.name === name);
    if (index < 0) throw new HeddleError('APP_INVALID', `app ${app} has no table called ${name}`);
    return index;
  };
  return {
    number: name => pipeline[indexOf(name)]?.number ?? 0,
    after: name => {
      const next = pipeline[indexOf(name) + 1];
      if (next === undefined) throw new HeddleError('APP_INVALID', `no table follows ${app}'s ${name}`);
      return next.number;
    },
  };
}
