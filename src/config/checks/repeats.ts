/** Calls back for each item whose key an earlier one has, with the first of them. Items without a key are passed over. */
export function repeats<Item, Out>(
  items: Iterable<Item>,
  keyOf: (item: Item) => string | number | bigint | undefined,
  tell: (item: Item, first: Item) => Out,
): Out[] {
  const firsts = new Map<string | number | bigint, Item>();
  const told: Out[] = [];
  for (const item of items) {
    const key = keyOf(item);
    if (key === undefined) continue;
    const first = firsts.get(key);
    if (first === undefined) firsts.set(key, item);
    else told.push(tell(item, first));
  }
  return told;
}
