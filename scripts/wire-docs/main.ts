/** `npm run docs`: writes docs/openflow, and names what the declarations leave unsaid. */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { makeDocs } from './pages.js';

const root = process.cwd();
const folder = join(root, 'docs/openflow');
const { pages, unsaid } = await makeDocs(root, resolve(import.meta.dirname, '../..'));
mkdirSync(folder, { recursive: true });
for (const old of readdirSync(folder)) if (!pages.has(old)) rmSync(join(folder, old));
for (const [name, text] of pages) writeFileSync(join(folder, name), text);
process.stdout.write(`docs: ${pages.size} pages in docs/openflow\n`);
for (const line of unsaid) process.stderr.write(`docs: ${line}\n`);
process.exitCode = unsaid.length === 0 ? 0 : 1;
