/** An app that wants nothing but tables: those of the apps behind it get other numbers, as by another version of Heddle. */
import { z } from 'zod';

const stages = ['classify', 'learn', 'unicast', 'learned', 'flood', 'output'];

export default {
  name: 'shift',
  scope: 'hypervisors',
  options: z.strictObject({}),
  tables: stages.map(stage => ({ name: stage, stage, miss: 'next' })),
  init: () => ({}),
  on: (event, state) => ({ state }),
  desired: () => ({ flows: [], groups: [], learned: new Set() }),
};
