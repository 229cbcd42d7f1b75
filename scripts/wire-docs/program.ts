/** The TypeScript sources as the compiler sees them: what is declared where, and what its comments say. */
import { resolve } from 'node:path';
import ts from 'typescript';

/** One source file, with what pages are made of. */
export interface Source {
  /** From the project's root: `src/openflow/actions.ts`. */
  readonly path: string;
  /** The comment at the file's beginning. */
  readonly doc: string;
  readonly structs: readonly StructDeclaration[];
  readonly choices: readonly ChoiceDeclaration[];
  readonly types: readonly TypeDeclaration[];
  readonly constants: readonly ConstantDeclaration[];
}

/** A `struct(…)` or `transparent(…)`. */
export interface StructDeclaration {
  readonly name: string;
  readonly doc: string;
  /** All fields by name, those of spread parts too. */
  readonly fields: ReadonlyMap<string, FieldComment>;
}

export interface FieldComment {
  readonly doc: string;
  /** The type of its value, as TypeScript writes it. */
  readonly valueType: string;
}

/** A `union(…)` or `select(…)`. */
export interface ChoiceDeclaration {
  readonly name: string;
  readonly doc: string;
}

/** An exported interface or type. */
export interface TypeDeclaration {
  readonly name: string;
  readonly doc: string;
  /** The right side, where it is no interface. */
  readonly text: string;
  readonly members: readonly { readonly name: string; readonly type: string; readonly doc: string }[];
}

/** An exported constant: a number, or an object of numbers. */
export interface ConstantDeclaration {
  readonly name: string;
  readonly doc: string;
  readonly members: ReadonlyMap<string, string>;
}

/** Names that a module gives to the world, with and without a comment. */
export interface Exported {
  readonly name: string;
  readonly kind: 'type' | 'value';
  readonly documented: boolean;
  /** Members of an interface that have no comment. */
  readonly bare: readonly string[];
}

export class Sources {
  readonly #checker: ts.TypeChecker;
  readonly #program: ts.Program;
  readonly #root: string;

  constructor(root: string, entries: readonly string[]) {
    this.#root = root;
    const { config } = ts.readConfigFile(resolve(root, 'tsconfig.json'), file => ts.sys.readFile(file)) as {
      config: { compilerOptions: object };
    };
    const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, root);
    this.#program = ts.createProgram(
      entries.map(entry => resolve(root, entry)),
      { ...options, noEmit: true },
    );
    this.#checker = this.#program.getTypeChecker();
  }

  /** The files below `folder`, in the order of their names. */
  below(folder: string): readonly Source[] {
    const prefix = `${resolve(this.#root, folder)}/`;
    return this.#program
      .getSourceFiles()
      .filter(file => file.fileName.startsWith(prefix))
      .map(file => this.#read(file))
      .sort((a, b) => (a.path < b.path ? -1 : 1));
  }

  /** What a module exports, wherever it is declared. */
  exportsOf(entry: string): readonly Exported[] {
    const file = this.#program.getSourceFile(resolve(this.#root, entry));
    const module = file && this.#checker.getSymbolAtLocation(file);
    if (!module) throw new TypeError(`${entry} is no module`);
    return this.#checker.getExportsOfModule(module).map(symbol => {
      const target = this.#aliased(symbol);
      const type = (target.flags & ts.SymbolFlags.Type) !== 0;
      const members = target.declarations?.find(ts.isInterfaceDeclaration)?.members ?? [];
      return {
        name: symbol.name,
        kind: type ? 'type' : 'value',
        documented: this.#docOf(target) !== '',
        bare: members.flatMap(member => {
          const own = member.name && this.#checker.getSymbolAtLocation(member.name);
          return own && this.#docOf(own) === '' ? [own.name] : [];
        }),
      };
    });
  }

  #read(file: ts.SourceFile): Source {
    const structs: StructDeclaration[] = [];
    const choices: ChoiceDeclaration[] = [];
    const types: TypeDeclaration[] = [];
    const constants: ConstantDeclaration[] = [];
    const visit = (node: ts.Node): void => {
      if (ts.isCallExpression(node) && ts.isIdentifier(node.expression)) {
        const name = node.arguments[0];
        if (name && ts.isStringLiteral(name)) {
          const kind = node.expression.text;
          if (kind === 'struct') structs.push(this.#struct(node, name.text, node.arguments[1]));
          if (kind === 'bare') structs.push(this.#bare(node, name.text));
          if (kind === 'transparent') structs.push(this.#struct(node, name.text, node.arguments[2]));
          if (kind === 'union' || kind === 'select')
            choices.push({ name: name.text, doc: this.#docAround(node) });
        }
      }
      if ((ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)) && isExported(node))
        types.push(this.#type(node));
      if (ts.isVariableStatement(node) && isExported(node))
        for (const one of node.declarationList.declarations) constants.push(...this.#constant(one));
      ts.forEachChild(node, visit);
    };
    visit(file);
    const path = file.fileName.slice(this.#root.length + 1);
    return { path, doc: fileComment(file), structs, choices, types, constants };
  }

  #struct(call: ts.CallExpression, name: string, fields: ts.Expression | undefined): StructDeclaration {
    const found = new Map<string, FieldComment>();
    const properties = fields ? this.#checker.getTypeAtLocation(fields).getProperties() : [];
    for (const property of properties)
      found.set(property.name, {
        doc: this.#docOfField(property),
        valueType: this.#valueType(property, call),
      });
    return { name, doc: this.#docAround(call), fields: found };
  }

  /** What a function makes that is given the name alone: all its fields are those of the value. */
  #bare(call: ts.CallExpression, name: string): StructDeclaration {
    const fields = new Map<string, FieldComment>();
    const value = this.#shapeOf(this.#checker.getTypeAtLocation(call), call);
    for (const property of value?.getProperties() ?? [])
      fields.set(property.name, { doc: this.#docOfField(property), valueType: '' });
    return { name, doc: this.#docAround(call), fields };
  }

  /** The comment of a field; of a shorthand, that of what it stands for. */
  #docOfField(property: ts.Symbol): string {
    const own = this.#docOf(property);
    if (own !== '') return own;
    for (const declaration of property.declarations ?? []) {
      if (!ts.isShorthandPropertyAssignment(declaration)) continue;
      const value = this.#checker.getShorthandAssignmentValueSymbol(declaration);
      if (value) return this.#docOf(this.#aliased(value));
    }
    return '';
  }

  /** The T of a declaration's Field<T>. */
  #valueType(property: ts.Symbol, at: ts.Node): string {
    const value = this.#shapeOf(this.#checker.getTypeOfSymbolAtLocation(property, at), at);
    return value ? this.#checker.typeToString(value, at) : '';
  }

  #shapeOf(type: ts.Type, at: ts.Node): ts.Type | undefined {
    const shape = type.getProperties().find(one => one.name.includes('@shape'));
    if (!shape) return undefined;
    const made = this.#checker.getNonNullableType(this.#checker.getTypeOfSymbolAtLocation(shape, at));
    return made.getCallSignatures()[0]?.getReturnType();
  }

  #type(node: ts.InterfaceDeclaration | ts.TypeAliasDeclaration): TypeDeclaration {
    const symbol = this.#checker.getSymbolAtLocation(node.name);
    const members: readonly ts.TypeElement[] = ts.isInterfaceDeclaration(node) ? node.members : [];
    return {
      name: node.name.text,
      doc: symbol ? this.#docOf(symbol) : '',
      text: ts.isTypeAliasDeclaration(node) ? node.type.getText().replace(/\s+/g, ' ') : '',
      members: members.filter(ts.isPropertySignature).map(member => {
        const own = this.#checker.getSymbolAtLocation(member.name);
        return {
          name: member.name.getText() + (member.questionToken ? '?' : ''),
          type: member.type?.getText().replace(/\s+/g, ' ') ?? '',
          doc: own ? this.#docOf(own) : '',
        };
      }),
    };
  }

  #constant(node: ts.VariableDeclaration): ConstantDeclaration[] {
    const symbol = this.#checker.getSymbolAtLocation(node.name);
    if (!symbol || !ts.isIdentifier(node.name)) return [];
    const members = new Map<string, string>();
    for (const property of this.#checker.getTypeAtLocation(node).getProperties())
      members.set(property.name, this.#docOf(property));
    return [{ name: node.name.text, doc: this.#docOf(symbol), members }];
  }

  /** The comment of the variable or list entry that an expression is the value of. */
  #docAround(node: ts.Node): string {
    for (let at = node; !ts.isSourceFile(at); at = at.parent) {
      if (ts.isVariableDeclaration(at)) {
        const symbol = this.#checker.getSymbolAtLocation(at.name);
        return symbol ? this.#docOf(symbol) : '';
      }
      if (ts.isArrayLiteralExpression(at.parent)) return leadingComment(at);
    }
    return '';
  }

  #docOf(symbol: ts.Symbol): string {
    return oneLine(ts.displayPartsToString(symbol.getDocumentationComment(this.#checker)));
  }

  #aliased(symbol: ts.Symbol): ts.Symbol {
    return (symbol.flags & ts.SymbolFlags.Alias) !== 0 ? this.#checker.getAliasedSymbol(symbol) : symbol;
  }
}

const isExported = (node: ts.HasModifiers): boolean =>
  ts.getModifiers(node)?.some(one => one.kind === ts.SyntaxKind.ExportKeyword) ?? false;

const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim();

const commentText = (comment: string): string =>
  oneLine(comment.replace(/^\/\*\*|\*\/$/g, '').replace(/^\s*\* ?/gm, ''));

function leadingComment(node: ts.Node): string {
  const text = node.getSourceFile().text;
  const range = ts.getLeadingCommentRanges(text, node.getFullStart())?.at(-1);
  const comment = range ? text.slice(range.pos, range.end) : '';
  return comment.startsWith('/**') ? commentText(comment) : '';
}

/** The first comment, where another or an import follows it: a comment before a declaration is that one's own. */
function fileComment(file: ts.SourceFile): string {
  const [first] = file.statements;
  const ranges = ts.getLeadingCommentRanges(file.text, 0) ?? [];
  const isFiles =
    first && (ts.isImportDeclaration(first) || ts.isExportDeclaration(first) || ranges.length > 1);
  const comment = ranges[0] ? file.text.slice(ranges[0].pos, ranges[0].end) : '';
  return isFiles && comment.startsWith('/**') ? commentText(comment) : '';
}
