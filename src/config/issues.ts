import * as z from 'zod';
import { nearMiss } from '../lib/near-miss.js';
import { isMap } from './apps.js';
import { describe, didYouMean, quoted, type Finding, type KeyPath, type Mistake } from './mistake.js';
import { knownKeys } from './section.js';
import { mistakeAt, type Source } from './source.js';

/**
 * What zod found wrong with a part of a file, as mistakes with line and column. `basePath` says where in the file the value
 * stands that zod was given (for an app's options: AppConfig.path), and `schema` which keys it knows, for near misses.
 */
export function mistakesOf(
  error: z.core.$ZodError,
  basePath: KeyPath,
  source: Source,
  schema?: z.core.$ZodType,
): Mistake[] {
  return error.issues.flatMap(issue => {
    const inner = keyPathOf(issue.path);
    return findingsOf(issue, [...basePath, ...inner], inner, source, schema).map(finding =>
      mistakeAt(source, finding),
    );
  });
}

const keyPathOf = (path: readonly PropertyKey[]): (string | number)[] =>
  path.map(key => (typeof key === 'symbol' ? String(key) : key));

function findingsOf(
  issue: z.core.$ZodIssue,
  path: KeyPath,
  inner: KeyPath,
  source: Source,
  schema: z.core.$ZodType | undefined,
): Finding[] {
  if (issue.code === 'unrecognized_keys') {
    const known = schema === undefined ? [] : keysAt(schema, inner);
    return issue.keys.map(key => unknownKey(key, path, known));
  }
  if (issue.code === 'invalid_key') {
    const message = expectation(issue.issues[0]?.message ?? issue.message);
    return [{ path, at: 'key', found: describe(path.at(-1)), message }];
  }
  const value = source.valueAt(path);
  const message = expectation(issue.message);
  if (value === undefined) return [{ path, message: `missing, ${message}` }];
  if (issue.code === 'invalid_type' && issue.expected === 'never') return [{ path, at: 'key', message }];
  if (issue.code === 'custom') return [customFinding(issue, path, value, message)];
  return [{ path, found: describe(value), message, ...hintFor(issue, value) }];
}

function unknownKey(key: string, path: KeyPath, known: readonly string[]): Finding {
  const allowed = known.length === 0 ? '' : `, expected one of ${known.join(', ')}`;
  return {
    path: [...path, key],
    at: 'key',
    message: `unknown key${allowed}`,
    ...didYouMean(nearMiss(key, known)),
  };
}

/** A check of our own may say more than its message; one about a whole map or list need not say that it is one. */
function customFinding(
  issue: z.core.$ZodIssueCustom,
  path: KeyPath,
  value: unknown,
  message: string,
): Finding {
  const said = issue.params ?? {};
  const text = (key: string): string | undefined => (typeof said[key] === 'string' ? said[key] : undefined);
  const hint = text('hint');
  const found = text('found') ?? (typeof value === 'object' ? undefined : describe(value));
  return {
    path,
    ...(text('at') === 'key' ? { at: 'key' } : {}),
    ...(found === undefined ? {} : { found }),
    message,
    ...(hint === undefined ? {} : { hint }),
  };
}

function hintFor(issue: z.core.$ZodIssue, value: unknown): { hint: string } | undefined {
  if (issue.code === 'invalid_value' && typeof value === 'string') {
    return didYouMean(nearMiss(value, issue.values.map(String)));
  }
  if (issue.code !== 'invalid_type') return undefined;
  const wantsNumber = issue.expected === 'number' || issue.expected === 'int';
  if (wantsNumber && typeof value === 'string' && /^\d{1,15}$/.test(value)) {
    return { hint: `did you mean ${value}, without quotes?` };
  }
  if (issue.expected === 'string' && (typeof value === 'number' || typeof value === 'boolean')) {
    return { hint: `did you mean ${quoted(String(value))}, in quotes?` };
  }
  return undefined;
}

/** zod's own messages ("Invalid input: expected number, received string") cut to what they say of the schema. */
const expectation = (message: string): string =>
  /^(?:Invalid input|Invalid option|Too small|Too big): expected /.test(message)
    ? message.replace(/^[^:]*: /, '').replace(/, received [^,]*$/, '')
    : message;

/** The keys that a schema allows in the map at a path, where it is one that names its keys. */
function keysAt(schema: z.core.$ZodType, path: KeyPath): string[] {
  const bare = unwrap(schema);
  if (path.length === 0) return bare instanceof z.ZodObject ? knownKeys(bare.shape) : [];
  const [key, ...rest] = path;
  const next = memberSchema(bare, key);
  return next === undefined ? [] : keysAt(next, rest);
}

function memberSchema(
  schema: z.core.$ZodType,
  key: string | number | undefined,
): z.core.$ZodType | undefined {
  if (schema instanceof z.ZodRecord) return schema.valueType;
  if (schema instanceof z.ZodArray) return schema.element;
  if (!(schema instanceof z.ZodObject) || typeof key !== 'string') return undefined;
  const { shape } = schema;
  return isMap(shape) && Object.hasOwn(shape, key) ? (shape as z.core.$ZodShape)[key] : undefined;
}

function unwrap(schema: z.core.$ZodType): z.core.$ZodType {
  if (schema instanceof z.ZodPipe) return unwrap(schema.in);
  if (
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodReadonly
  ) {
    return unwrap(schema.unwrap());
  }
  return schema;
}
