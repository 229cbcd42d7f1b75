/** The TypeScript type of a declaration. */
import type { StructSpec } from './specs.js';

declare const shape: unique symbol;

/** A declaration of values of type T. The property exists in the type system only. */
export interface Field<T> {
  readonly [shape]?: () => T;
}

/** The type of fields that are on the wire and not in the value: padding, lengths, constants. */
export interface Hidden {
  readonly [hidden]: true;
}
declare const hidden: unique symbol;

/** A declared struct. `N` becomes `type` where the struct is a variant of a union. */
export type Struct<N extends string, T> = StructSpec & Field<T> & { readonly name: N };

/** The value type of any declaration. */
export type Infer<F> = F extends { readonly [shape]?: () => infer T } ? T : never;

type Simplify<T> = { [K in keyof T]: T[K] };
type IsHidden<F> = [Infer<F>] extends [Hidden] ? true : false;
type IsOptional<F> = undefined extends Infer<F> ? true : false;
type Required<F> = {
  readonly [
    K in keyof F as IsHidden<F[K]> extends true ? never : IsOptional<F[K]> extends true ? never : K
  ]: Infer<F[K]>;
};
type Optional<F> = {
  readonly [K in keyof F as IsOptional<F[K]> extends true ? K : never]?: Exclude<Infer<F[K]>, undefined>;
};

/** The value type of a struct's fields. */
export type InferFields<F> = Simplify<Required<F> & Optional<F>>;

/** The value type of a transparent struct: that of its one visible field. */
export type InferOnly<F> = Required<F>[keyof Required<F>];

/** The value type of a struct as a variant of a union. */
export type Tagged<S> = S extends Struct<infer N, infer T> ? Simplify<{ readonly type: N } & T> : never;
