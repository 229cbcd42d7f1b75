/** Pages as Markdown. */
import type { Spec } from '../../src/lib/struct/specs.js';
import type { Catalogue, DocumentedChoice, DocumentedStruct, Page } from './catalogue.js';
import { constantsOf, placesOf } from './wire-specs.js';
import type { ConstantDeclaration, TypeDeclaration } from './program.js';

export const table = (head: readonly string[], rows: readonly (readonly string[])[]): string[] =>
  rows.length === 0
    ? []
    : [line(head), line(head.map(() => '---')), ...rows.map(row => line(row.map(cell))), ''];

const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('<', '&lt;');
/** A number as people write it, and as it stands in a dump where that differs. */
const hex = (value: number): string => (value > 9 ? `${value} (0x${value.toString(16)})` : String(value));

/** Renders what belongs to one catalogue. */
export class Renderer {
  readonly #catalogue: Catalogue;

  constructor(catalogue: Catalogue) {
    this.#catalogue = catalogue;
  }

  page(page: Page): string[] {
    const out = [
      '<!-- Made by `npm run docs` from the declarations and their comments. Do not edit. -->',
      '',
      `# ${page.title}`,
      '',
    ];
    for (const source of page.sources) {
      if (source.doc !== '') out.push(escaped(source.doc), '');
      for (const choice of source.documentedChoices) out.push(...this.#choice(choice, page.name));
      for (const struct of source.documentedStructs) out.push(...this.#struct(struct, page.name));
      for (const type of source.types) out.push(...typeSection(type));
      for (const constant of source.constants) out.push(...constantSection(constant, source.module));
    }
    return out;
  }

  #struct(struct: DocumentedStruct, page: string): string[] {
    const rows = placesOf(struct.spec).map(({ name, spec, offset, size }) => [
      offset,
      size,
      isHidden(spec) ? '' : `\`${name}\``,
      isHidden(spec) ? '' : this.#valueType(spec, struct.fields.get(name)?.valueType ?? '', page),
      [isHidden(spec) ? '' : (struct.fields.get(name)?.doc ?? ''), factsOf(spec)]
        .filter(text => text !== '')
        .join(' '),
    ]);
    const body = table(['offset', 'size', 'field', 'value', 'meaning'], rows);
    return [
      ...heading(struct.name, struct.anchor),
      escaped(struct.doc),
      '',
      ...(rows.length > 0 ? body : ['It has no fields.', '']),
    ];
  }

  #choice({ name, anchor, doc, spec }: DocumentedChoice, page: string): string[] {
    const rows =
      spec.kind === 'select'
        ? spec.cases.map(one => [hex(one.tag), this.#link(one.of, page)])
        : spec.variants.map(of => [constantsOf(of).map(hex).join(', '), this.#link(of, page)]);
    const unknown = 'anything else';
    const last =
      spec.kind === 'select'
        ? [unknown, '`unknown`: `typeId` is the number, `body` the bytes as they came']
        : [unknown, this.#link(spec.unknown, page)];
    return [
      ...heading(name, anchor),
      escaped(doc),
      '',
      ...table([spec.kind === 'select' ? 'number' : 'told by', '`type`'], [...rows, last]),
    ];
  }

  /** The name of a declaration, leading to where it is described. */
  #link(spec: Spec, page: string): string {
    const name = 'name' in spec ? spec.name : spec.kind;
    const link = this.#catalogue.links.get(spec);
    if (!link) return `\`${name}\``;
    return `[\`${name}\`](${link.page === page ? '' : `${link.page}.md`}#${link.anchor})`;
  }

  #valueType(spec: Spec, declared: string, page: string): string {
    switch (spec.kind) {
      case 'list':
        return `list of ${this.#valueType(spec.of, declared.replace(/^readonly |\[\]$/g, ''), page)}`;
      case 'lazy':
        return this.#valueType(spec.get(), declared, page);
      case 'struct':
      case 'union':
      case 'select':
        return this.#link(spec, page);
      case 'named':
        return 'name';
      case 'text':
        return 'text';
      case 'uint':
      case 'bits':
        return 'number';
      case 'u64':
        return 'bigint';
      case 'bytes':
      case 'rest':
        return 'bytes';
      default:
        return `\`${declared.replace(/import\([^)]*\)\./g, '').replace(/ \| undefined$/, '')}\``;
    }
  }
}

/** What the data itself says of a field. */
function factsOf(spec: Spec): string {
  switch (spec.kind) {
    case 'named':
      return [...spec.numbers].map(([name, number]) => `\`${name}\` ${hex(number)}`).join(', ') + '.';
    case 'constant':
      return `Always ${hex(spec.value)}.`;
    case 'bits':
      if (!spec.hidden) return '';
      return spec.value === undefined ? 'Not used: 0.' : `Always ${hex(spec.value)}.`;
    case 'pad':
      return 'Padding: 0.';
    case 'align':
      return `Padding: 0, up to a multiple of ${spec.to} bytes.`;
    case 'length':
      return spec.padTo === 1
        ? 'Length of the whole in bytes.'
        : `Length of the whole in bytes, without the padding to a multiple of ${spec.padTo} that follows.`;
    case 'sizeOf':
      return `Bytes of \`${spec.field}\`.`;
    case 'lengthOf':
      return `Length of \`${spec.field}\` in bytes, without its padding.`;
    case 'tag':
      return `Says which \`${spec.field}\` it is.`;
    case 'uint':
      return spec.otherwise === undefined ? '' : `${hex(spec.otherwise)} where it is left out.`;
    case 'custom':
      return spec.optional ? 'May be absent.' : '';
    case 'list':
    case 'lazy':
      return '';
    default:
      return '';
  }
}

export const isHidden = (spec: Spec): boolean =>
  ['pad', 'align', 'constant', 'length', 'sizeOf', 'lengthOf', 'tag'].includes(spec.kind) ||
  (spec.kind === 'bits' && spec.hidden);

/** GitHub makes an anchor of the heading's own text; a name that comes twice on a page needs one of its own. */
const heading = (name: string, anchor: string): string[] =>
  name === anchor ? [`## ${name}`, ''] : [`<a id="${anchor}"></a>`, '', `## ${name}`, ''];

/** Text outside tables: what stands in angle brackets would be taken for HTML. */
const escaped = (text: string): string => text.replaceAll('<', '&lt;');

function typeSection({ name, doc, text, members }: TypeDeclaration): string[] {
  if (members.length === 0 && text.startsWith('Infer<')) return [];
  return [
    ...heading(`type ${name}`, `type ${name}`),
    escaped(doc),
    '',
    ...(text === '' ? [] : ['```ts', text, '```', '']),
    ...table(
      ['member', 'type', 'meaning'],
      members.map(member => [`\`${member.name}\``, `\`${member.type}\``, member.doc]),
    ),
  ];
}

function constantSection({ name, doc, members }: ConstantDeclaration, module: object): string[] {
  const value = (module as Record<string, unknown>)[name];
  if (typeof value === 'number') return [...heading(name, name), `${hex(value)}. ${escaped(doc)}`, ''];
  if (typeof value !== 'object' || value === null) return [];
  const entries = Object.entries(value);
  if (!entries.every((entry): entry is [string, number] => typeof entry[1] === 'number')) return [];
  const rows = entries.map(([key, number]) => [`\`${key}\``, hex(number), members.get(key) ?? '']);
  return [...heading(name, name), escaped(doc), '', ...table(['name', 'number', 'meaning'], rows)];
}
