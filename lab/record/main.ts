/** `npm run record`: records all the captures anew. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../../src/lib/errors.js';
import { projectRoot } from '../compiled.js';
import { recordAll, type ScenarioName } from './record.js';

const folder = join(projectRoot(), 'test/openflow/captured');

try {
  await mkdir(folder, { recursive: true });
  const only = process.argv.slice(2) as ScenarioName[];
  for await (const { name, text, frames } of recordAll(only.length > 0 ? only : undefined)) {
    await writeFile(join(folder, `${name}.txt`), text);
    console.log(`${name}: ${frames} frames, ${text.length} bytes`);
  }
} catch (thrown) {
  console.error(messageOf(thrown));
  process.exitCode = 1;
}
