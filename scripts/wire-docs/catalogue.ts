/** Joins both views of a declaration: its comments (program.ts) and its data (wire-specs.ts). */
import { pathToFileURL } from 'node:url';
import type { Spec, StructSpec } from '../../src/lib/struct/specs.js';
import { layout, type PageLayout } from './layout.js';
import type { ChoiceDeclaration, Source, StructDeclaration } from './program.js';
import { Sources } from './program.js';
import { type ChoiceSpec, keyOf, specsIn } from './wire-specs.js';

export interface DocumentedStruct extends StructDeclaration {
  readonly spec: StructSpec;
  readonly anchor: string;
}
export interface DocumentedChoice extends ChoiceDeclaration {
  readonly spec: ChoiceSpec;
  readonly anchor: string;
}

/** One source file, with its declarations as data. */
export interface DocumentedSource extends Source {
  readonly documentedStructs: readonly DocumentedStruct[];
  readonly documentedChoices: readonly DocumentedChoice[];
  readonly module: object;
}

export interface Page {
  readonly name: string;
  readonly title: string;
  readonly sources: readonly DocumentedSource[];
}

export interface Catalogue {
  readonly sources: Sources;
  readonly pages: readonly Page[];
  /** Where a declaration is described: `flows.md#flow_mod`. */
  readonly links: ReadonlyMap<Spec, { readonly page: string; readonly anchor: string }>;
  /** What is wrong with the pages themselves: files on none, declarations that were not found as data. */
  readonly faults: readonly string[];
}

const folders = ['src/openflow', 'src/packet'];
/** Text, not bytes. */
const notation = 'src/openflow/text/';
export const entries = ['src/openflow/index.ts', 'src/packet/index.ts'] as const;

/**
 * @param root the project, with its TypeScript sources
 * @param built where the modules are to be imported from: the project itself, or what was built of it
 */
export async function readCatalogue(root: string, built: string): Promise<Catalogue> {
  const sources = new Sources(root, entries);
  const files = new Map(
    folders
      .flatMap(folder => sources.below(folder))
      .filter(file => !file.path.startsWith(notation))
      .map(file => [file.path, file]),
  );
  const faults: string[] = [];
  const links = new Map<Spec, { page: string; anchor: string }>();
  const pages: Page[] = [];
  for (const { name, title, sources: paths } of pagesFor([...files.values()])) {
    const anchors = new Map<string, number>();
    const onPage: DocumentedSource[] = [];
    for (const path of paths) {
      const source = files.get(path);
      files.delete(path);
      if (!source) {
        faults.push(`page ${name}: there is no ${path}`);
        continue;
      }
      const module = (await import(pathToFileURL(`${built}/${path.replace(/ts$/, 'js')}`).href)) as object;
      onPage.push(joined(source, module, anchors, faults));
    }
    for (const source of onPage)
      for (const { spec, anchor } of [...source.documentedStructs, ...source.documentedChoices])
        if (!links.has(spec)) links.set(spec, { page: name, anchor });
    pages.push({ name, title, sources: onPage });
  }
  for (const { path, structs, choices } of files.values())
    if (structs.length + choices.length > 0) faults.push(`${path} has declarations and is on no page`);
  return { sources, pages, links, faults };
}

/** The layout, with the files that it does not name: each file of messages has a page of its own. */
function pagesFor(files: readonly Source[]): readonly PageLayout[] {
  const named = new Set(layout.flatMap(page => page.sources));
  const left = files.filter(file => !named.has(file.path) && file.structs.length + file.choices.length > 0);
  const own = left.flatMap(({ path }): PageLayout[] => {
    const name = /^src\/openflow\/messages\/(.*)\.ts$/.exec(path)?.[1];
    return name === undefined ? [] : [{ name, title: titleOf(name), sources: [path] }];
  });
  const filled = layout.map(page => {
    const others = left.filter(file => page.others?.test(file.path)).map(file => file.path);
    return { ...page, sources: [...page.sources, ...others] };
  });
  return [...filled, ...own];
}

const titleOf = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1).replaceAll('-', ' ');

/** Fields that are not in the value have names that begin with an underscore. */
const isVisibleName = (name: string): boolean => !name.startsWith('_');

function joined(
  source: Source,
  module: object,
  anchors: Map<string, number>,
  faults: string[],
): DocumentedSource {
  const specs = specsIn(module);
  const taken = new Set<Spec>();
  // As the renderers of Markdown make it of the heading.
  const anchorOf = (name: string): string => {
    const slug = name.replaceAll(' ', '-');
    const count = (anchors.get(slug) ?? 0) + 1;
    anchors.set(slug, count);
    return count === 1 ? slug : `${slug}-${count}`;
  };
  const take = <S extends Spec>(found: S | undefined, name: string): S | undefined => {
    if (found) taken.add(found);
    else faults.push(`${source.path}: ${name} hangs on nothing that the file exports`);
    return found;
  };
  const documentedStructs = source.structs.flatMap(declaration => {
    const key = keyOf(declaration.name, [...declaration.fields.keys()].filter(isVisibleName).sort());
    const spec = specs.find(
      (one): one is StructSpec =>
        one.kind === 'struct' &&
        !taken.has(one) &&
        keyOf(
          one.name,
          one.fields
            .map(([name]) => name)
            .filter(isVisibleName)
            .sort(),
        ) === key,
    );
    const found = take(spec, declaration.name);
    return found ? [{ ...declaration, spec: found, anchor: anchorOf(declaration.name) }] : [];
  });
  const documentedChoices = source.choices.flatMap(declaration => {
    const spec = specs.find(
      (one): one is ChoiceSpec => one.kind !== 'struct' && !taken.has(one) && one.name === declaration.name,
    );
    const found = take(spec, declaration.name);
    return found ? [{ ...declaration, spec: found, anchor: anchorOf(declaration.name) }] : [];
  });
  return { ...source, documentedStructs, documentedChoices, module };
}
