import { type Flow, type Pipeline } from '../intent/index.js';
import { gotoTable } from '../openflow/index.js';

/** The way from each table to the next, where an app has left it to the pipeline (`miss: 'next'`). */
export function missFlows(pipeline: Pipeline): readonly Flow[] {
  return pipeline.flatMap((table, index) => {
    const next = pipeline[index + 1];
    return table.miss === 'next' && next !== undefined
      ? [{ table: table.number, priority: 0, match: [], instructions: [gotoTable(next.number)] }]
      : [];
  });
}
