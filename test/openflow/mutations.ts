/** Ways to spoil what is good: edits of a frame's bytes, and of a decoded value's parts. Seeds in, the same result out. */
import fc from '../support/fast-check.js';

/** One edit of a frame; places are taken modulo the frame's size, so that every edit means something. */
type Edit =
  | { readonly op: 'byte' | 'word'; readonly at: number; readonly value: number }
  | { readonly op: 'flip'; readonly at: number; readonly bit: number }
  | { readonly op: 'insert'; readonly at: number; readonly chunk: Uint8Array }
  | { readonly op: 'remove'; readonly at: number; readonly size: number };

const place = fc.nat(0xffff);
const size = fc.oneof(fc.constantFrom(4, 8, 16, 24), fc.integer({ min: 1, max: 64 }));

/** A part of another frame, or of the same one. */
const chunk = (frames: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> =>
  fc.tuple(fc.constantFrom(...frames), place, size).map(([frame, at, count]) => {
    const from = at % frame.length;
    return frame.subarray(from, from + count);
  });

const edit = (frames: readonly Uint8Array[]): fc.Arbitrary<Edit> =>
  fc.oneof(
    fc.record({ op: fc.constant('byte' as const), at: place, value: fc.nat(0xff) }),
    fc.record({
      op: fc.constant('word' as const),
      at: place,
      value: fc.oneof(fc.nat(64), fc.constantFrom(0xffff, 0x8000, 0xfffe), fc.nat(0xffff)),
    }),
    fc.record({ op: fc.constant('flip' as const), at: place, bit: fc.nat(7) }),
    fc.record({ op: fc.constant('insert' as const), at: place, chunk: chunk(frames) }),
    fc.record({ op: fc.constant('remove' as const), at: place, size }),
  );

function applied(bytes: Uint8Array, change: Edit): Uint8Array {
  const at = change.at % (bytes.length + 1);
  switch (change.op) {
    case 'byte':
      return bytes.with(at % bytes.length, change.value);
    case 'word':
      return bytes
        .with(at % bytes.length, change.value >> 8)
        .with((at + 1) % bytes.length, change.value & 0xff);
    case 'flip':
      return bytes.with(at % bytes.length, (bytes[at % bytes.length] ?? 0) ^ (1 << change.bit));
    case 'insert':
      return Uint8Array.of(...bytes.subarray(0, at), ...change.chunk, ...bytes.subarray(at));
    case 'remove': {
      const left = Uint8Array.of(...bytes.subarray(0, at), ...bytes.subarray(at + change.size));
      return left.length === 0 ? bytes : left;
    }
  }
}

const headerSize = 8;

/** Frames with some edits; in most of them the header's length is made true again, so that the rest is read at all. */
export const spoiledFrame = (frames: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> =>
  fc
    .tuple(
      fc.constantFrom(...frames),
      fc.array(edit(frames), { minLength: 1, maxLength: 5 }),
      fc.integer({ min: 0, max: 7 }),
    )
    .map(([frame, edits, isLeft]) => {
      const bytes = edits.reduce(applied, frame);
      return isLeft === 0 || bytes.length < headerSize
        ? bytes
        : bytes.with(2, bytes.length >> 8).with(3, bytes.length & 0xff);
    });

type Path = readonly string[];

const isParent = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !(value instanceof Uint8Array);

/** What is kept raw has numbers of its own that must not be another's: its parts are left as they are. */
const isRaw = (value: Readonly<Record<string, unknown>>): boolean =>
  [value['type'], value['field']].some(name => name === 'unknown' || name === 'experimenter');

/** The ways to all parts of a value, but for `type` and `field`, which say what the other parts are. */
export function pathsIn(value: unknown, path: Path = []): Path[] {
  if (!isParent(value) || isRaw(value)) return [];
  return Object.entries(value)
    .filter(([key]) => key !== 'type' && key !== 'field')
    .flatMap(([key, part]) => [[...path, key], ...pathsIn(part, [...path, key])]);
}

export const partAt = (value: unknown, path: Path): unknown =>
  path.reduce<unknown>((part, key) => (part as Readonly<Record<string, unknown>>)[key], value);

/** A copy of the value with another part at the end of the path. */
export function replaced(value: unknown, path: Path, part: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return part;
  const parent = value as Readonly<Record<string, unknown>>;
  const changed = replaced(parent[key], rest, part);
  if (Array.isArray(value))
    return value.map((one: unknown, index) => (String(index) === key ? changed : one));
  return { ...parent, [key]: changed };
}

/** The name of the property that a part stands in, also for an entry of a list. */
export const nameOf = (path: Path): string => path.findLast(key => !/^\d+$/.test(key)) ?? '';

/** All parts of these values by the name of their property, so that a part can be replaced by one of its own kind. */
export function poolOf(values: readonly unknown[]): Map<string, unknown[]> {
  const pool = new Map<string, unknown[]>();
  for (const value of values)
    for (const path of pathsIn(value)) {
      const isEntry = /^\d+$/.test(path.at(-1) ?? '');
      const key = `${nameOf(path)}${isEntry ? '[]' : ''}`;
      const parts = pool.get(key) ?? [];
      pool.set(key, parts);
      parts.push(partAt(value, path));
    }
  return pool;
}
