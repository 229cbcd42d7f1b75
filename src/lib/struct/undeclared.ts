/**
 * What is kept raw as unknown must not have the bytes of what is declared: it would be read back as that, and none of the
 * checks of that would have been made. Both back ends ask here once such a value is written, which is seldom.
 */
import { badValue, getUint } from './buffers.js';
import type { Writer } from './buffers.js';
import { caseDecisionsOf, decisionOf, layoutOf } from './layout.js';
import type { Decision } from './layout.js';
import type { SelectSpec, StructSpec, UnionSpec } from './specs.js';

/** Which variant it is that begins at `from` and ends at `to` at the latest; undefined for none. */
export function decided(
  b: Uint8Array,
  from: number,
  to: number,
  decision: Decision | undefined,
): { readonly of: StructSpec; readonly index: number } | undefined {
  let at = decision;
  while (at?.op === 'test')
    at =
      (to - from >= at.at + at.size ? at.cases.get(getUint(b, from + at.at, at.size)) : undefined) ??
      at.otherwise;
  return at?.op === 'variant' ? at : undefined;
}

/** Where a union's value ends that begins at `from`: where its length says, but not after `to`. */
export function endOf(spec: UnionSpec, b: Uint8Array, from: number, to: number): number {
  const { length } = layoutOf(spec.unknown);
  if (!length || to - from < length.at + length.spec.size) return to;
  return Math.min(to, from + getUint(b, from + length.at, length.spec.size));
}

/** @throws WireError where what was written as unknown from `start` on would be read as a variant of the union */
export function checkUnknown(spec: UnionSpec, w: Writer, start: number): void {
  refuse(spec.name, decided(w.bytes, start, endOf(spec, w.bytes, start, w.pos), decisionOf(spec)), w, start);
}

/** @throws WireError where what was written as unknown from `start` on would be read as a case of `tag` */
export function checkUnknownCase(spec: SelectSpec, w: Writer, start: number, tag: number): void {
  refuse(spec.name, decided(w.bytes, start, w.pos, caseDecisionsOf(spec).get(tag)), w, start);
}

function refuse(
  what: string,
  found: { readonly of: StructSpec } | undefined,
  w: Writer,
  start: number,
): void {
  if (found) throw badValue(what, `these bytes are not unknown, but ${found.of.name}`, start - w.frame);
}
