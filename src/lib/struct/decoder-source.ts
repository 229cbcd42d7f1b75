/** The decoder's text. Every expression here reads one value from the cursor `c`. */
import { rest } from './fields.js';
import type { SelectSpec, Spec, StructSpec, UnionSpec } from './specs.js';
import { caseDecisionsOf, checkEntry, decisionOf, layoutOf, sizeFieldOf, tagOf } from './layout.js';
import type { Decision, FixedField } from './layout.js';
import { plus, quote, readUint, roundUp } from './source.js';
import type { Unit } from './source.js';

/** An expression that reads one `spec`. */
export function decoderSource(m: Unit, spec: Spec, what = 'root', given = '0'): string {
  switch (spec.kind) {
    case 'struct':
      return structSource(m, spec, plain);
    case 'union':
      return `${m.functionFor('readOne', spec, (m, name) => unionText(m, name, spec))}(c)`;
    case 'select':
      return `${m.functionFor('readCase', spec, (m, name) => selectText(m, name, spec))}(c, ${given})`;
    case 'custom':
      return `${m.custom(spec, 'read')}(c, ${given})`;
    case 'list':
      return `${m.functionFor('readList', spec, (m, name) => listText(m, name, spec.of, what), what)}(c)`;
    case 'lazy':
      return `${m.functionFor('readLazy', spec, (m, name) => lazyText(m, name, spec.get(), what), what)}(c)`;
    case 'rest':
      return `${m.functionFor('readRest', spec, (_, name) => restText(name))}(c)`;
    default:
      throw new TypeError(`${what}: ${spec.kind} stands outside a struct`);
  }
}

const restText = (name: string): string => `function ${name}(c) {
  const view = wire.viewOf(c.bytes, c.pos, c.end - c.pos);
  c.pos = c.end;
  return view;
}`;

const shortList = 8;

/**
 * Most lists are short, and V8 makes room for 17 entries at the first push: the first eight are gathered beside the list,
 * which is then as long as it needs to be.
 */
function listText(m: Unit, name: string, of: Spec, what: string): string {
  checkEntry(of);
  const gathered = Array.from({ length: shortList }, (_, i) => `v${i}`);
  const puts = gathered.map((v, i) => `case ${i}: ${v} = v; break;`);
  const lists = gathered.map((_, i) => `case ${i}: return [${gathered.slice(0, i).join(', ')}];`);
  return `function ${name}(c) {
  let n = 0, list, ${gathered.join(', ')};
  while (c.pos < c.end) {
    const before = c.pos;
    ${entryText(m, of, what)}
    if (c.pos === before) throw wire.badLength(${quote(what)}, 'an empty entry', before);
    switch (n++) {
      ${puts.join('\n      ')}
      case ${shortList}: list = []; list.push(${gathered.join(', ')}, v); break;
      default: list.push(v);
    }
  }
  switch (n) {
    ${lists.join('\n    ')}
    case ${shortList}: return [${gathered.join(', ')}];
    default: return list;
  }
}`;
}

/** Statements that read an entry into `v`. How a union's variants are told apart stands in the loop, to spare a call. */
const entryText = (m: Unit, of: Spec, what: string): string =>
  of.kind === 'union'
    ? `let v;
    entry: { ${choiceText(m, of, read => `v = ${read}; break entry;`)} }`
    : `const v = ${decoderSource(m, of, what)};`;

const lazyText = (m: Unit, name: string, of: Spec, what: string): string => `function ${name}(c) {
  if (c.depth >= wire.maxDepth) throw wire.badValue(${quote(what)}, 'nested too deep', c.pos);
  c.depth++;
  const value = ${decoderSource(m, of, what)};
  c.depth--;
  return value;
}`;

/**
 * How a struct is read. A variant of a union or a case of a select has a `type` in its value; `decided` ones were told by
 * their constants, which are not looked at again.
 */
interface Mode {
  readonly role: 'read' | 'readTagged' | 'readOnly';
  readonly tagged: boolean;
  readonly decided: boolean;
}
const plain: Mode = { role: 'read', tagged: false, decided: false };
const decided: Mode = { role: 'readTagged', tagged: true, decided: true };
const onlyCase: Mode = { role: 'readOnly', tagged: true, decided: false };

function structSource(m: Unit, spec: StructSpec, mode: Mode): string {
  const read = m.functionFor(mode.role, spec, (m, name) =>
    isSealed(spec) ? sealedText(m, name, spec, mode) : structText(m, name, spec, mode),
  );
  return `${read}(c)`;
}

function selectText(m: Unit, name: string, spec: SelectSpec): string {
  const give = (read: string): string => `return ${read};`;
  const cases = [...caseDecisionsOf(spec)]
    .map(([tag, decision]) =>
      decision.op === 'variant'
        ? `    case ${tag}: return ${structSource(m, decision.of, onlyCase)};`
        : `    case ${tag}: { ${decisionText(m, decision, give)} break; }`,
    )
    .join('\n');
  return `function ${name}(c, tag) {
  const b = c.bytes, p = c.pos, e = c.end;
  switch (tag) {
${cases}
  }
  return { type: 'unknown', typeId: tag, body: ${decoderSource(m, rest)} };
}`;
}

const unionText = (m: Unit, name: string, spec: UnionSpec): string => `function ${name}(c) {
  ${choiceText(m, spec, read => `return ${read};`)}
}`;

/** Statements that `give` the one variant that fits, or what is unknown. */
function choiceText(m: Unit, spec: UnionSpec, give: (read: string) => string): string {
  const { length } = layoutOf(spec.unknown);
  const narrow = length
    ? `if (e - p >= ${length.at + length.spec.size}) { const n = p + (${readUint(plus('p', length.at), length.spec.size)}); if (n < e) e = n; }`
    : '';
  return `const b = c.bytes, p = c.pos;
  let e = c.end;
  ${narrow}
  ${decisionText(m, decisionOf(spec), give)}
  ${give(structSource(m, spec.unknown, decided))}`;
}

/** Statements that give a variant, and fall through to what is unknown. */
function decisionText(m: Unit, decision: Decision, give: (read: string) => string): string {
  if (decision.op === 'unknown') return '';
  if (decision.op === 'variant') return give(structSource(m, decision.of, decided));
  const cases = [...decision.cases].map(
    ([value, then]) => `case ${value}: { ${decisionText(m, then, give)} break; }`,
  );
  return `if (e - p >= ${decision.at + decision.size}) switch (${readUint(plus('p', decision.at), decision.size)}) {
  ${cases.join('\n  ')}
  }
  ${decisionText(m, decision.otherwise, give)}`;
}

/** A struct with a length and nothing of variable size: one length alone is right, and no window needs to be opened. */
function isSealed(spec: StructSpec): boolean {
  const { length, steps } = layoutOf(spec);
  return length?.spec.padTo === 1 && steps.every(step => step.op !== 'field');
}

/** Reads a sealed struct whose size is right in one run; any other is left to the long way, which says what is wrong. */
function sealedText(m: Unit, name: string, spec: StructSpec, mode: Mode): string {
  const { length, minSize, steps } = layoutOf(spec);
  if (!length) throw new TypeError(`${spec.name} has no length`);
  const other = m.functionFor(`${mode.role}Wrong`, spec, (m, name) => structText(m, name, spec, mode));
  let from = 0;
  const fields: FixedField[] = [];
  for (const step of steps) {
    if (step.op !== 'run') continue;
    for (const field of step.fields) fields.push({ ...field, at: from + field.at });
    from += step.size;
  }
  return `function ${name}(c) {
  const b = c.bytes, p = c.pos;
  if (c.end - p < ${minSize} || (${readUint(plus('p', length.at), length.spec.size)}) !== ${minSize}) return ${other}(c);
  c.pos = p + ${minSize};
  ${fieldsText(spec, fields, mode)}
  ${resultText(spec, mode)}
}`;
}

/** Reads of fields at fixed places from `p`, without the constants that told the variant. */
function fieldsText(spec: StructSpec, fields: readonly FixedField[], mode: Mode): string {
  const known = mode.decided ? layoutOf(spec).constants.map(constant => constant.spec) : [];
  return fields
    .filter(field => !known.some(constant => constant === field.spec))
    .map(field => fixedText(field, spec.name))
    .join('\n  ');
}

function structText(m: Unit, name: string, spec: StructSpec, mode: Mode): string {
  const layout = layoutOf(spec);
  const body = layout.steps.map(step => {
    switch (step.op) {
      case 'run':
        return `if (c.end - p < ${step.size}) throw wire.truncated(c, ${quote(spec.name)}, ${step.size});
  ${fieldsText(spec, step.fields, mode)}
  c.pos = p += ${step.size};`;
      case 'open':
        return `const size = ${readUint(plus('start', step.at), step.spec.size)}, window = start + size;
  if (size < ${step.at + step.spec.size} || start + ${roundUp('size', step.spec.padTo)} > outer) throw wire.badLength(${quote(spec.name)}, 'a length of ' + size, start + ${step.at});
  c.end = window;`;
      case 'field':
        return step.spec.kind === 'align'
          ? `const g_${step.name} = -(p - start) & ${step.spec.to - 1};
  if (c.end - p < g_${step.name}) throw wire.truncated(c, ${quote(`${spec.name}.${step.name}`)}, g_${step.name});
  c.pos = p += g_${step.name};`
          : variableText(m, spec, step.name, step.spec, layout.length ? 'window' : 'outer');
    }
  });
  const close = layout.length
    ? `if (p !== window) throw wire.badLength(${quote(spec.name)}, (window - p) + ' bytes left over', p);
  c.end = outer;
  c.pos = start + ${roundUp('size', layout.length.spec.padTo)};`
    : '';
  return `function ${name}(c) {
  const b = c.bytes, start = c.pos, outer = c.end;
  let p = start;
  ${body.join('\n  ')}
  ${close}
  ${resultText(spec, mode)}
}`;
}

function resultText(spec: StructSpec, mode: Mode): string {
  if (spec.only !== undefined) return `return f_${spec.only};`;
  const { visible } = layoutOf(spec);
  const always = visible.filter(field => !field.optional).map(field => `${field.name}: f_${field.name}`);
  if (mode.tagged) always.unshift(`type: ${quote(spec.name)}`);
  const literal = `{ ${always.join(', ')} }`;
  const sometimes = visible.filter(field => field.optional);
  if (sometimes.length === 0) return `return ${literal};`;
  const adds = sometimes.map(({ name }) => `if (f_${name} !== undefined) value.${name} = f_${name};`);
  return `const value = ${literal};\n  ${adds.join('\n  ')}\n  return value;`;
}

function variableText(m: Unit, spec: StructSpec, name: string, of: Spec, window: string): string {
  const sizeField = sizeFieldOf(spec, name);
  const givenName = of.kind === 'custom' ? of.given : tagOf(spec, name);
  const read = decoderSource(m, of, `${spec.name}.${name}`, givenName === undefined ? '0' : `f_${givenName}`);
  const plain = `const f_${name} = ${read};\n  p = c.pos;`;
  if (sizeField === undefined) return plain;
  return `if (p + f_${sizeField} > c.end) throw wire.badLength(${quote(`${spec.name}.${sizeField}`)}, 'a size of ' + f_${sizeField}, p);
  c.end = p + f_${sizeField};
  ${plain}
  if (p !== c.end) throw wire.badLength(${quote(`${spec.name}.${name}`)}, (c.end - p) + ' bytes left over', p);
  c.end = ${window};`;
}

function fixedText({ name, spec, at }: FixedField, struct: string): string {
  const pos = plus('p', at);
  switch (spec.kind) {
    case 'uint':
    case 'sizeOf':
    case 'tag':
      return `const f_${name} = ${readUint(pos, spec.size)};`;
    case 'named':
      return `let f_${name};
  switch (${readUint(pos, spec.size)}) {
    ${[...spec.names].map(([number, text]) => `case ${number}: f_${name} = ${quote(text)}; break;`).join('\n    ')}
    default: throw wire.badValue(${quote(`${struct}.${name}`)}, (${readUint(pos, spec.size)}) + ' has no name', ${pos});
  }`;
    case 'bits': {
      const from = plus('p', at - (spec.of - spec.size));
      const bits = `(${readUint(from, spec.of)}) >>> ${spec.shift} & ${2 ** spec.width - 1}`;
      if (!spec.hidden) return `const f_${name} = ${bits};`;
      if (spec.value === undefined) return '';
      return `const k_${name} = ${bits};
  if (k_${name} !== ${spec.value}) throw wire.badValue(${quote(`${struct}.${name}`)}, k_${name} + ' in place of ${spec.value}', ${from});`;
    }
    case 'u64':
      return `const f_${name} = wire.getU64(b, ${pos});`;
    case 'bytes':
      return `const f_${name} = wire.viewOf(b, ${pos}, ${spec.size});`;
    case 'text':
      return `const f_${name} = wire.getText(b, ${pos}, ${spec.size});`;
    case 'constant':
      return `const k_${name} = ${readUint(pos, spec.size)};
  if (k_${name} !== ${spec.value}) throw wire.badValue(${quote(`${struct}.${name}`)}, k_${name} + ' in place of ${spec.value}', ${pos});`;
    case 'pad':
    case 'length':
    case 'lengthOf':
      return '';
  }
}
