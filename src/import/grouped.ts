/** The members of a list by their key, groups and members in the list's order. Those whose key is undefined are in none. */
export function grouped<T, Key>(list: Iterable<T>, keyOf: (one: T) => Key | undefined): Map<Key, T[]> {
  const groups = new Map<Key, T[]>();
  for (const one of list) {
    const key = keyOf(one);
    if (key === undefined) continue;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [one]);
    else group.push(one);
  }
  return groups;
}
