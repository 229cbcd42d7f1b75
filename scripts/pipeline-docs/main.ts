/** Part of `npm run docs`: writes docs/pipeline.md. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pipelinePage } from './page.js';

writeFileSync(join(process.cwd(), 'docs/pipeline.md'), pipelinePage());
process.stdout.write('docs: docs/pipeline.md\n');
