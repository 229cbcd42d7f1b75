/** All pages of docs/openflow, and what the declarations leave unsaid. */
import { type Catalogue, entries, readCatalogue } from './catalogue.js';
import { matchFieldRows } from './match-fields.js';
import { isHidden, Renderer, table } from './render.js';
import { placesOf } from './wire-specs.js';

export interface Docs {
  /** The text of each page, by its file's name. */
  readonly pages: ReadonlyMap<string, string>;
  /** Declarations, fields and exported types that say too little: where, and what. */
  readonly unsaid: readonly string[];
}

/** @param built where the modules are imported from: the project itself, or what was built of it */
export async function makeDocs(root: string, built: string): Promise<Docs> {
  const catalogue = await readCatalogue(root, built);
  const renderer = new Renderer(catalogue);
  const pages = new Map<string, string>();
  const contents: string[][] = [];
  for (const page of catalogue.pages) {
    const lines = renderer.page(page);
    if (page.name === 'match-fields') lines.push(...matchFieldRows());
    pages.set(`${page.name}.md`, `${lines.join('\n').trimEnd()}\n`);
    const [first] = page.sources.flatMap(source => (source.doc === '' ? [] : [source.doc]));
    contents.push([`[${page.title}](${page.name}.md)`, first ?? '']);
  }
  pages.set('README.md', index(contents));
  return { pages, unsaid: [...catalogue.faults, ...unsaidIn(catalogue)] };
}

const index = (contents: readonly (readonly string[])[]): string =>
  [
    '<!-- Made by `npm run docs` from the declarations and their comments. Do not edit. -->',
    '',
    '# The wire',
    '',
    'What `heddle/openflow` and `heddle/packet` read and write, byte by byte. In each table, `offset` counts bytes from the first',
    'of the structure and is empty behind a field whose size varies; a row without a field is on the wire and not in the value.',
    'Numbers are unsigned and big-endian.',
    '',
    ...table(['page', 'what is on it'], contents),
    'Clauses in brackets: OF1.3.5 is the OpenFlow Switch Specification, version 1.3.5; ONF an extension of it; nicira-ext what Open vSwitch',
    'adds.',
    '',
  ].join('\n');

function unsaidIn({ pages, sources, links }: Catalogue): string[] {
  const unsaid: string[] = [];
  const spoken = (doc: string): boolean => doc.trim() !== '';
  for (const source of pages.flatMap(page => page.sources)) {
    const cites = (doc: string): boolean =>
      /\[(OF1|ONF|nicira|OVS|RFC|IEEE|IANA)|nicira-ext/.test(doc + source.doc);
    for (const { name, doc, fields, spec } of source.documentedStructs) {
      const where = `${source.path}: ${name}`;
      if (!spoken(doc)) unsaid.push(`${where} has no comment`);
      else if (!cites(doc)) unsaid.push(`${where} cites no clause`);
      for (const place of placesOf(spec)) {
        if (isHidden(place.spec) || spoken(fields.get(place.name)?.doc ?? '')) continue;
        const of = place.spec.kind === 'list' ? place.spec.of : place.spec;
        // What is described where it is declared needs no second word here.
        if (!links.has(of)) unsaid.push(`${where}.${place.name} has no comment`);
      }
    }
    for (const { name, doc } of source.documentedChoices)
      if (!spoken(doc)) unsaid.push(`${source.path}: ${name} has no comment`);
  }
  for (const entry of entries)
    for (const { name, documented, bare } of sources.exportsOf(entry)) {
      if (!documented) unsaid.push(`${entry}: ${name} has no comment`);
      for (const member of bare) unsaid.push(`${entry}: ${name}.${member} has no comment`);
    }
  return unsaid;
}
