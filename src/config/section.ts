import * as z from 'zod';

/** A map with these keys only. */
export const section = <Shape extends z.ZodRawShape>(shape: Shape) =>
  z.strictObject(shape, { error: `expected a map with ${knownKeys(shape).join(', ')}` });

/** The keys that may be written: not those that are known only to be refused. */
export const knownKeys = (shape: Readonly<Record<string, z.core.$ZodType>>): string[] =>
  Object.keys(shape).filter(key => !isNever(shape[key]));

const isNever = (schema: z.core.$ZodType | undefined): boolean =>
  schema instanceof z.ZodNever || (schema instanceof z.ZodOptional && isNever(schema.unwrap()));
