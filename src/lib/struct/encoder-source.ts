/** The encoder's text. Every statement here appends one value to the writer `w`. */
import type { Writer } from './buffers.js';
import { rest } from './fields.js';
import type { SelectSpec, Spec, StructSpec, UnionSpec } from './specs.js';
import { layoutOf, lengthFieldOf, ownLengthOf, sizeFieldOf } from './layout.js';
import type { FixedField } from './layout.js';
import { plus, quote, roundUp, writeUint } from './source.js';
import type { Unit } from './source.js';
import { checkUnknown, checkUnknownCase } from './undeclared.js';

/** Statements that write `value` (an expression) as one `spec`. */
export function encoderSource(m: Unit, spec: Spec, what = 'root', value = 'v', given = '0'): string {
  switch (spec.kind) {
    case 'struct':
      return `${structWriter(m, spec)}(w, ${value});`;
    case 'union':
      return `${m.functionFor('writeOne', spec, (m, name) => unionText(m, name, spec))}(w, ${value});`;
    case 'select':
      return `${m.functionFor('writeCase', spec, (m, name) => selectText(m, name, spec, what), what)}(w, ${value});`;
    case 'custom':
      return `${m.custom(spec, 'write')}(w, ${value}, ${given});`;
    case 'list':
      return `${m.functionFor('writeList', spec, (m, name) => listText(m, name, spec.of, what), what)}(w, ${value});`;
    case 'lazy':
      return `${m.functionFor('writeLazy', spec, (m, name) => lazyText(m, name, spec.get(), what), what)}(w, ${value});`;
    case 'rest':
      return `${m.functionFor('writeRest', spec, (_, name) => restText(name))}(w, ${value}, ${quote(what)});`;
    default:
      throw new TypeError(`${what}: ${spec.kind} stands outside a struct`);
  }
}

const structWriter = (m: Unit, spec: StructSpec): string =>
  m.functionFor('write', spec, (m, name) => structText(m, name, spec));

const restText = (name: string): string => `function ${name}(w, v, what) {
  if (!(v instanceof Uint8Array)) throw wire.badValue(what, wire.shown(v) + ' is no Uint8Array', w.pos - w.frame);
  w.ensure(v.length);
  w.bytes.set(v, w.pos);
  w.pos += v.length;
}`;

const listText = (m: Unit, name: string, of: Spec, what: string): string => `function ${name}(w, v) {
  if (!Array.isArray(v)) throw wire.badValue(${quote(what)}, wire.shown(v) + ' is no list', w.pos - w.frame);
  for (let i = 0; i < v.length; i++) { ${encoderSource(m, of, what, 'v[i]')} }
}`;

const lazyText = (m: Unit, name: string, of: Spec, what: string): string => `function ${name}(w, v) {
  if (w.depth >= wire.maxDepth) throw wire.badValue(${quote(what)}, 'nested too deep', w.pos - w.frame);
  w.depth++;
  ${encoderSource(m, of, what)}
  w.depth--;
}`;

const noObject = (what: string, offset: string): string =>
  `if (typeof v !== 'object' || v === null) throw wire.badValue(${quote(what)}, wire.shown(v) + ' is no object', ${offset});`;

function unionText(m: Unit, name: string, spec: UnionSpec): string {
  const cases = spec.variants.map(of => `    case ${quote(of.name)}: ${structWriter(m, of)}(w, v); return;`);
  const check = m.given((w: Writer, start: number) => checkUnknown(spec, w, start));
  return `function ${name}(w, v) {
  ${noObject(spec.name, 'w.pos - w.frame')}
  switch (v.type) {
${cases.join('\n')}
    case 'unknown': { const start = w.pos; ${structWriter(m, spec.unknown)}(w, v); ${check}(w, start); return; }
    default: throw wire.badValue(${quote(spec.name)}, 'no variant ' + wire.shown(v.type), w.pos - w.frame);
  }
}`;
}

/** The tag was written before the case, so that `v` is an object with a known type here. */
function selectText(m: Unit, name: string, spec: SelectSpec, what: string): string {
  const cases = spec.cases.map(
    ({ of }) => `    case ${quote(of.name)}: ${structWriter(m, of)}(w, v); return;`,
  );
  const check = m.given((w: Writer, start: number, tag: number) => checkUnknownCase(spec, w, start, tag));
  return `function ${name}(w, v) {
  switch (v.type) {
${cases.join('\n')}
    default: { const start = w.pos; ${encoderSource(m, rest, what, 'v.body')} ${check}(w, start, v.typeId); }
  }
}`;
}

function tagText(name: string, spec: SelectSpec): string {
  const cases = spec.cases.map(({ tag, of }) => `    case ${quote(of.name)}: return ${tag};`);
  return `function ${name}(v, what, offset) {
  if (typeof v !== 'object' || v === null) throw wire.badValue(what, wire.shown(v) + ' is no object', offset);
  switch (v.type) {
    case 'unknown': return v.typeId;
${cases.join('\n')}
    default: throw wire.badValue(what, 'no variant ' + wire.shown(v.type), offset);
  }
}`;
}

function structText(m: Unit, name: string, spec: StructSpec): string {
  const layout = layoutOf(spec);
  const valueOf = (field: string): string => (spec.only === undefined ? `v.${field}` : 'v');
  const body = layout.steps.map(step => {
    switch (step.op) {
      case 'run':
        return `w.ensure(${step.size}); b = w.bytes; p = w.pos;
  ${step.fields.map(field => fixedText(m, field, spec, valueOf(field.name))).join('\n  ')}
  w.pos = p + ${step.size};`;
      case 'open':
        return ''; // the length is put in its place at the end
      case 'field': {
        if (step.spec.kind === 'align') return zeros(`-(w.pos - start) & ${step.spec.to - 1}`);
        const given =
          step.spec.kind === 'custom' && step.spec.given !== undefined ? `v.${step.spec.given}` : '0';
        const what = `${spec.name}.${step.name}`;
        const write = encoderSource(m, step.spec, what, valueOf(step.name), given);
        return sizedText(spec, step.name, write);
      }
    }
  });
  const check = spec.only === undefined ? noObject(spec.name, 'start - w.frame') : '';
  return `function ${name}(w, v) {
  const start = w.pos;
  let b, p;
  ${check}
  ${body.join('\n  ')}
  ${closeText(spec)}
}`;
}

const zeros = (count: string): string =>
  `for (let i = ${count}; i > 0; i--) { w.ensure(1); w.bytes[w.pos++] = 0; }`;

function closeText(spec: StructSpec): string {
  const { length } = layoutOf(spec);
  if (!length) return '';
  const { at, spec: of } = length;
  return `const size = w.pos - start;
  if (size > ${2 ** (8 * of.size) - 1}) throw wire.badLength(${quote(spec.name)}, size + ' bytes', start + ${at} - w.frame);
  b = w.bytes; p = start + ${at};
  ${writeUint('p', of.size, 'size')}
  ${of.padTo === 1 ? '' : zeros(`${roundUp('size', of.padTo)} - size`)}`;
}

/** Around the statements of a field whose size, or own length, stands in an earlier field. */
function sizedText(spec: StructSpec, name: string, write: string): string {
  const repeated = lengthFieldOf(spec, name);
  const own = ownLengthOf(spec, name);
  if (repeated !== undefined && own)
    return `const o_${name} = w.pos + ${own.at};
  ${write}
  for (let i = 0; i < ${own.spec.size}; i++) w.bytes[at_${repeated} + i] = w.bytes[o_${name} + i];`;
  const sizeField = sizeFieldOf(spec, name);
  const link = spec.fields.find(([other]) => other === sizeField)?.[1];
  if (sizeField === undefined || link?.kind !== 'sizeOf') return write;
  return `const s_${name} = w.pos;
  ${write}
  const n_${name} = w.pos - s_${name};
  if (n_${name} > ${2 ** (8 * link.size) - 1}) throw wire.badLength(${quote(`${spec.name}.${name}`)}, n_${name} + ' bytes', at_${sizeField} - w.frame);
  b = w.bytes;
  ${writeUint(`at_${sizeField}`, link.size, `n_${name}`)}`;
}

/** `typeof` comes first: an operator would throw at a bigint, and call the valueOf of an object. */
const inRange = (value: string, size: number): string =>
  `typeof ${value} === 'number' && ${isUnsigned(value, size)}`;

const isUnsigned = (value: string, size: number): string => {
  switch (size) {
    case 1:
    case 2:
      return `(${value} & ${2 ** (8 * size) - 1}) === ${value}`;
    case 4:
      return `(${value} >>> 0) === ${value}`;
    default:
      return `Number.isInteger(${value}) && ${value} >= 0 && ${value} <= ${2 ** (8 * size) - 1}`;
  }
};

function fixedText(m: Unit, { name, spec, at }: FixedField, struct: StructSpec, value: string): string {
  const pos = plus('p', at);
  const what = quote(`${struct.name}.${name}`);
  const refuse = (ok: string): string =>
    `if (!(${ok})) throw wire.badValue(${what}, wire.shown(f_${name}) + ' does not fit', ${pos} - w.frame);`;
  switch (spec.kind) {
    case 'uint':
      return `const f_${name} = ${spec.otherwise === undefined ? value : `${value} === undefined ? ${spec.otherwise} : ${value}`};
  ${refuse(inRange(`f_${name}`, spec.size))}
  ${writeUint(pos, spec.size, `f_${name}`)}`;
    case 'named':
      return `const f_${name} = ${value};
  let n_${name};
  switch (f_${name}) {
    ${[...spec.numbers].map(([text, number]) => `case ${quote(text)}: n_${name} = ${number}; break;`).join('\n    ')}
    default: ${refuse('false')}
  }
  ${writeUint(pos, spec.size, `n_${name}`)}`;
    case 'bits': {
      const from = plus('p', at - (spec.of - spec.size));
      return `const f_${name} = ${spec.hidden ? (spec.value ?? 0) : value};
  if (typeof f_${name} !== 'number' || (f_${name} & ${2 ** spec.width - 1}) !== f_${name}) throw wire.badValue(${what}, wire.shown(f_${name}) + ' does not fit', ${from} - w.frame);
  wire.putBits(b, ${from}, ${spec.of}, ${spec.shift}, ${spec.size > 0}, f_${name});`;
    }
    case 'u64':
      return `const f_${name} = ${value};
  ${refuse(`typeof f_${name} === 'bigint' && BigInt.asUintN(64, f_${name}) === f_${name}`)}
  wire.putU64(b, ${pos}, f_${name});`;
    case 'bytes':
      return `const f_${name} = ${value};
  ${refuse(`f_${name} instanceof Uint8Array && f_${name}.length === ${spec.size}`)}
  b.set(f_${name}, ${pos});`;
    case 'text':
      return `const f_${name} = ${value}, t_${name} = typeof f_${name} === 'string' ? wire.utf8(f_${name}) : undefined;
  ${refuse(`t_${name} && t_${name}.length <= ${spec.size}`)}
  b.fill(0, ${pos}, ${plus('p', at + spec.size)}).set(t_${name}, ${pos});`;
    case 'constant':
      return writeUint(pos, spec.size, String(spec.value));
    case 'tag': {
      const select = struct.fields.find(([other]) => other === spec.field)?.[1];
      if (select?.kind !== 'select')
        throw new TypeError(`${struct.name}.${name}: ${spec.field} is no select`);
      const tagFor = m.functionFor('tagFor', select, (_, fn) => tagText(fn, select));
      return `const f_${name} = ${tagFor}(v.${spec.field}, ${what}, ${pos} - w.frame);
  ${refuse(inRange(`f_${name}`, spec.size))}
  ${writeUint(pos, spec.size, `f_${name}`)}`;
    }
    case 'sizeOf':
    case 'lengthOf':
      return `const at_${name} = ${pos};`;
    case 'length':
      return '';
    case 'pad':
      return spec.size <= 8
        ? Array.from({ length: spec.size }, (_, i) => `b[${plus('p', at + i)}] = 0;`).join(' ')
        : `b.fill(0, ${pos}, ${plus('p', at + spec.size)});`;
  }
}
