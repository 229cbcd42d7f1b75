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
      return `${m.functionFor('read', spec, (m, name) => structText(m, name, spec, false))}(c)`;
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

function listText(m: Unit, name: string, of: Spec, what: string): string {
  checkEntry(of);
  return `function ${name}(c) {
  const values = [];
  while (c.pos < c.end) {
    const before = c.pos;
    values.push(${decoderSource(m, of, what)});
    if (c.pos === before) throw wire.badLength(${quote(what)}, 'an empty entry', before);
  }
  return values;
}`;
}

const lazyText = (m: Unit, name: string, of: Spec, what: string): string => `function ${name}(c) {
  if (c.depth >= wire.maxDepth) throw wire.badValue(${quote(what)}, 'nested too deep', c.pos);
  c.depth++;
  const value = ${decoderSource(m, of, what)};
  c.depth--;
  return value;
}`;

/** A struct as a variant of a union or a select: its value has a `type`, and its constants were looked at already. */
const variantSource = (m: Unit, spec: StructSpec): string =>
  `${m.functionFor('readTagged', spec, (m, name) => structText(m, name, spec, true))}(c)`;

/** As `variantSource`, for the only case of a tag: its constants are looked at now. */
const onlyCaseSource = (m: Unit, spec: StructSpec): string =>
  `${m.functionFor('readOnly', spec, (m, name) => structText(m, name, spec, true, false))}(c)`;

function selectText(m: Unit, name: string, spec: SelectSpec): string {
  const cases = [...caseDecisionsOf(spec)]
    .map(([tag, decision]) =>
      decision.op === 'variant'
        ? `    case ${tag}: return ${onlyCaseSource(m, decision.of)};`
        : `    case ${tag}: { ${decisionText(m, decision)} break; }`,
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

function unionText(m: Unit, name: string, spec: UnionSpec): string {
  const { length } = layoutOf(spec.unknown);
  const narrow = length
    ? `if (e - p >= ${length.at + length.spec.size}) { const n = p + (${readUint(plus('p', length.at), length.spec.size)}); if (n < e) e = n; }`
    : '';
  return `function ${name}(c) {
  const b = c.bytes, p = c.pos;
  let e = c.end;
  ${narrow}
  ${decisionText(m, decisionOf(spec))}
  return ${variantSource(m, spec.unknown)};
}`;
}

/** Statements that return for a variant, and fall through to what is unknown. */
function decisionText(m: Unit, decision: Decision): string {
  if (decision.op === 'unknown') return '';
  if (decision.op === 'variant') return `return ${variantSource(m, decision.of)};`;
  const cases = [...decision.cases].map(
    ([value, then]) => `case ${value}: { ${decisionText(m, then)} break; }`,
  );
  return `if (e - p >= ${decision.at + decision.size}) switch (${readUint(plus('p', decision.at), decision.size)}) {
  ${cases.join('\n  ')}
  }
  ${decisionText(m, decision.otherwise)}`;
}

function structText(m: Unit, name: string, spec: StructSpec, tagged: boolean, isDecided = tagged): string {
  const layout = layoutOf(spec);
  const decided = isDecided ? layout.constants.map(constant => constant.spec) : [];
  const body = layout.steps.map(step => {
    switch (step.op) {
      case 'run':
        return `if (c.end - p < ${step.size}) throw wire.truncated(c, ${quote(spec.name)}, ${step.size});
  ${step.fields
    .filter(field => !decided.some(constant => constant === field.spec))
    .map(field => fixedText(field, spec.name))
    .join('\n  ')}
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
  ${resultText(spec, tagged)}
}`;
}

function resultText(spec: StructSpec, tagged: boolean): string {
  if (spec.only !== undefined) return `return f_${spec.only};`;
  const { visible } = layoutOf(spec);
  const always = visible.filter(field => !field.optional).map(field => `${field.name}: f_${field.name}`);
  if (tagged) always.unshift(`type: ${quote(spec.name)}`);
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
