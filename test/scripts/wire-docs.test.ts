/** The pages of docs/openflow are those that the declarations give, and their links lead somewhere. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import t from 'tap';
import { makeDocs } from '../../scripts/wire-docs/pages.js';

const root = resolve(import.meta.dirname, '../..');
const folder = join(root, 'docs/openflow');
const { pages, unsaid } = await makeDocs(root, root);

t.test('the pages are those of the declarations: npm run docs makes them anew', t => {
  t.strictSame(readdirSync(folder).sort(), [...pages.keys()].sort());
  for (const [name, text] of pages) t.equal(readFileSync(join(folder, name), 'utf8'), text, name);
  t.end();
});

t.test('every link leads to a heading', t => {
  const anchors = new Map(
    [...pages].map(([name, text]) => [
      name,
      new Set(
        [...text.matchAll(/^## (.*)$|<a id="([^"]*)">/gm)].map(
          ([, heading, id]) => heading?.replaceAll(' ', '-') ?? id ?? '',
        ),
      ),
    ]),
  );
  let links = 0;
  for (const [name, text] of pages)
    for (const [, page, anchor] of text.matchAll(/\]\(([\w-]*(?:\.md)?)(?:#([^)]*))?\)/g)) {
      links++;
      const there = anchors.get(page === '' || page === undefined ? name : page);
      if (!there || (anchor !== undefined && !there.has(anchor)))
        t.fail(`${name}: ${page ?? ''}#${anchor ?? ''}`);
    }
  t.ok(links > 100, `${links} links`);
  t.end();
});

t.test('every declaration, field and exported name has its comment', t => {
  t.strictSame(unsaid, []);
  t.end();
});
