/**
 * Globs of port names and interface ids: `*` stands for any run of characters, also none, and `?` for one character.
 * There is no escape and there are no classes: neither libvirt's identities nor interface names need them.
 */
export interface Glob {
  readonly pattern: string;
  /** True where the pattern has no wildcard, and so matches its own text only. */
  readonly literal: boolean;
  /** The text before the first wildcard: whatever matches begins with it. */
  readonly prefix: string;
  matches(name: string): boolean;
}

/**
 * A run of characters and `?`s is placed as far left as it fits: a later place could only take room from the runs that
 * follow. So nothing is ever tried again, and a match takes at most pattern x name steps: hostile patterns stay cheap,
 * which a pattern turned into a regular expression does not promise.
 */
export function glob(pattern: string): Glob {
  const wildcard = pattern.search(/[*?]/);
  if (wildcard === -1) {
    return { pattern, literal: true, prefix: pattern, matches: name => name === pattern };
  }
  const runs = pattern.split('*');
  const first = runs[0] ?? '';
  const last = runs.at(-1) ?? '';
  const middle = runs.slice(1, -1).filter(run => run !== '');
  const matches = (name: string): boolean => {
    if (runs.length === 1) return name.length === pattern.length && fits(pattern, name, 0);
    const end = name.length - last.length;
    if (end < first.length || !fits(first, name, 0) || !fits(last, name, end)) return false;
    let from = first.length;
    for (const run of middle) {
      const at = find(run, name, from, end);
      if (at === -1) return false;
      from = at + run.length;
    }
    return true;
  };
  return { pattern, literal: false, prefix: pattern.slice(0, wildcard), matches };
}

function fits(run: string, name: string, at: number): boolean {
  for (let i = 0; i < run.length; i++) {
    if (run[i] !== '?' && run[i] !== name[at + i]) return false;
  }
  return true;
}

function find(run: string, name: string, from: number, end: number): number {
  for (let at = from; at + run.length <= end; at++) {
    if (fits(run, name, at)) return at;
  }
  return -1;
}
