/** Part of `npm run docs`: writes the tables of docs/performance.md from bench/results. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { savedResult } from '../../bench/saved.js';
import { fillIn } from './page.js';

const path = join(process.cwd(), 'docs/performance.md');
writeFileSync(
  path,
  fillIn(readFileSync(path, 'utf8'), name => savedResult(name)),
);
process.stdout.write('docs: docs/performance.md\n');
