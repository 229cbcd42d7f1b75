/**
 * A list that grows at its end. Appending copies nothing and leaves the shorter list as it was, so that states which
 * share it stay values, and a dump of many parts costs no more than its parts.
 */
export interface Chain<T> {
  readonly size: number;
  readonly link?: { readonly last: T; readonly before: Chain<T> };
}

export const emptyChain: Chain<never> = { size: 0 };

export const append = <T>(chain: Chain<T>, last: T): Chain<T> => ({
  size: chain.size + 1,
  link: { last, before: chain },
});

/** The elements in the order in which they were appended. */
export function chainToArray<T>(chain: Chain<T>): readonly T[] {
  const all: T[] = [];
  for (let { link } = chain; link !== undefined; link = link.before.link) all.push(link.last);
  return all.reverse();
}
