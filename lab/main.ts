/** `npm run lab`: builds the lab, asks who reaches whom, prints the table and takes everything down again. */
import { parseArgs } from 'node:util';
import { messageOf } from '../src/lib/errors.js';
import { demonstrate } from './demonstrate.js';
import { checkLabId } from './names.js';
import { listLabs, takeDown, takeDownAll } from './registry.js';
import { missingForLab } from './requirements.js';

const usage = `Usage: npm run lab [-- OPTIONS]

Two hypervisors and four VMs on this machine, in network namespaces, with real Open vSwitch daemons; needs root.

  --keep       leave the lab up, and say how to look around
  --id ID      the lab's name, 1 to 8 of a-z and 0-9; random unless given
  --list       the labs on this machine
  --down ID    take a lab down; "all" takes every lab down
  --sweep      take down the labs whose process was killed
  --check      say what a lab needs and this machine does not have
`;

async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      keep: { type: 'boolean', default: false },
      id: { type: 'string' },
      list: { type: 'boolean', default: false },
      down: { type: 'string' },
      sweep: { type: 'boolean', default: false },
      check: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    console.log(usage);
    return 0;
  }
  const missing = missingForLab();
  for (const line of missing) (values.check ? console.log : console.error)(line);
  if (missing.length > 0) return 1;
  if (values.check) return 0;
  if (values.list) return list();
  if (values.down !== undefined) return down(values.down);
  if (values.sweep) return sweep();
  await sweep();
  return demonstrate({ keep: values.keep, ...(values.id === undefined ? {} : { id: values.id }) });
}

async function list(): Promise<number> {
  for (const { id, state } of await listLabs()) console.log(`${id}  ${state}`);
  return 0;
}

async function down(which: string): Promise<number> {
  if (which === 'all') {
    const ids = await takeDownAll(['in use', 'kept', 'left over']);
    console.log(ids.length === 0 ? 'There is no lab.' : `Taken down: ${ids.join(', ')}`);
    return 0;
  }
  const wanted = checkLabId(which);
  if (!(await listLabs()).some(({ id }) => id === wanted)) {
    console.error(`There is no lab ${which}; --list shows those that are there.`);
    return 1;
  }
  await takeDown(which);
  console.log(`Lab ${which} is down.`);
  return 0;
}

async function sweep(): Promise<number> {
  const ids = await takeDownAll(['left over']);
  if (ids.length > 0) console.log(`Took down what killed labs left over: ${ids.join(', ')}`);
  return 0;
}

/** Ends the process at once: the programs in the guests of a lab that is kept would hold it. */
async function runMain(): Promise<never> {
  try {
    process.exit(await main(process.argv.slice(2)));
  } catch (thrown) {
    console.error(messageOf(thrown));
    // parseArgs throws a TypeError for what it does not know.
    process.exit(thrown instanceof TypeError ? 2 : 1);
  }
}

await runMain();
