import type { Flow } from '../intent/index.js';
import type { CheckedPart, EncodedFlow, EncodedList } from './check.js';
import { combineFlows, combineRest, type Conflict, type Wanted } from './compile.js';

/**
 * What is wanted in one switch, from change to change: `combine`, at the cost of what has changed. Lists that are the same
 * objects as before are not looked into.
 */
export class WantedTables implements Wanted {
  #flows = new Map<bigint, Flow>();
  #flowConflicts: readonly Conflict[] = [];
  #rest = combineRest([]);
  #parts: readonly CheckedPart[] = [];
  /** Flows that are not wanted any more, by the cookies of those that took their places: in one update, or in several. */
  readonly #successors = new Map<bigint, bigint>();
  /** The keys of all flows; undefined where flows of one key or one cookie met, which only a look at all of them can judge. */
  #keys: Set<string> | undefined = new Set();

  get flows(): ReadonlyMap<bigint, Flow> {
    return this.#flows;
  }
  get groups(): Wanted['groups'] {
    return this.#rest.groups;
  }
  get groupOwners(): Wanted['groupOwners'] {
    return this.#rest.groupOwners;
  }
  get meters(): Wanted['meters'] {
    return this.#rest.meters;
  }
  get learned(): Wanted['learned'] {
    return this.#rest.learned;
  }
  get keep(): Wanted['keep'] {
    return this.#rest.keep;
  }
  get conflicts(): readonly Conflict[] {
    return [...this.#flowConflicts, ...this.#rest.conflicts];
  }

  /**
   * What an ADD of a flow that is wanted now puts out of its place, as it has the same table, priority and match [OF1.3.5 6.4]:
   * by the cookies of flows that were wanted before, the cookies of those.
   */
  get successors(): ReadonlyMap<bigint, bigint> {
    return this.#successors;
  }

  /** The switch holds what is wanted, or has been read: what was wanted before that is of no interest any more. */
  forgetPast(): void {
    this.#successors.clear();
  }

  /** @returns the cookies of all flows that came or went, and maybe some more: to be read before the next update */
  update(parts: readonly CheckedPart[]): Iterable<bigint> {
    const before = this.#parts;
    this.#parts = parts;
    if (parts.length === before.length && parts.every((part, index) => part === before[index])) return [];
    if (!haveSameRest(before, parts)) this.#rest = combineRest(parts);
    const changes = changedFlows(before, parts);
    return this.#carryOut(changes) ? cookiesOf(changes) : this.#startAnew(cookiesOf(changes));
  }

  /** @returns whether no flow met another one that claims the same */
  #carryOut({ gone, come }: Changes): boolean {
    const keys = this.#keys;
    if (keys === undefined) return false;
    for (const { key, cookie } of gone) {
      keys.delete(key);
      this.#flows.delete(cookie);
    }
    for (const { key, cookie, flow } of come) {
      if (keys.has(key) || this.#flows.has(cookie)) return false;
      keys.add(key);
      this.#flows.set(cookie, flow);
    }
    this.#follow(gone, come);
    return true;
  }

  #follow(gone: readonly EncodedFlow[], come: readonly EncodedFlow[]): void {
    if (come.length === 0 && this.#successors.size === 0) return;
    const byKey = new Map(come.map(({ key, cookie }) => [key, cookie]));
    const next = new Map(gone.map(({ key, cookie }) => [cookie, byKey.get(key)]));
    for (const [past, successor] of this.#successors)
      if (next.has(successor)) this.#become(past, next.get(successor));
    for (const [cookie, successor] of next) this.#become(cookie, successor);
    // What came back has no successor.
    for (const { cookie } of come) this.#successors.delete(cookie);
  }

  #become(past: bigint, successor: bigint | undefined): void {
    if (successor === undefined || successor === past) this.#successors.delete(past);
    else this.#successors.set(past, successor);
  }

  /** @param taken away and put in on the way here */
  #startAnew(taken: Iterable<bigint>): Iterable<bigint> {
    const before = this.#flows;
    this.#successors.clear();
    const { flows, conflicts, isPlain } = combineFlows(this.#parts);
    this.#flows = flows;
    this.#flowConflicts = conflicts;
    const keys = this.#parts.flatMap(({ lists }) =>
      lists.flatMap(({ flows: its }) => its.map(one => one.key)),
    );
    this.#keys = isPlain && conflicts.length === 0 ? new Set(keys) : undefined;
    return new Set([...taken, ...before.keys(), ...flows.keys()]);
  }
}

/** Whether all but their flows is the same. */
const haveSameRest = (before: readonly CheckedPart[], after: readonly CheckedPart[]): boolean =>
  before.length === after.length &&
  after.every(({ app, number, rest }, index) => {
    const old = before[index];
    return old?.rest === rest && old.app === app && old.number === number;
  });

interface Changes {
  readonly gone: readonly EncodedFlow[];
  readonly come: readonly EncodedFlow[];
}

function* cookiesOf({ gone, come }: Changes): Generator<bigint, void, undefined> {
  for (const { cookie } of gone) yield cookie;
  for (const { cookie } of come) yield cookie;
}

function changedFlows(before: readonly CheckedPart[], after: readonly CheckedPart[]): Changes {
  const gone: EncodedFlow[] = [];
  const come: EncodedFlow[] = [];
  for (let index = 0; index < Math.max(before.length, after.length); index += 1) {
    const lists = changed(before[index]?.lists ?? [], after[index]?.lists ?? []);
    // A list that has become another one mostly holds the same flows.
    for (let at = 0; at < Math.max(lists.gone.length, lists.come.length); at += 1) {
      const flows = changed(lists.gone[at]?.flows ?? [], lists.come[at]?.flows ?? []);
      for (const one of flows.gone) gone.push(one);
      for (const one of flows.come) come.push(one);
    }
  }
  return { gone, come };
}

/** What two lists do not have in common, by identity: what is the same at both ends is passed over. */
function changed<T extends EncodedFlow | EncodedList>(
  before: readonly T[],
  after: readonly T[],
): { readonly gone: readonly T[]; readonly come: readonly T[] } {
  const shorter = Math.min(before.length, after.length);
  let head = 0;
  while (head < shorter && before[head] === after[head]) head += 1;
  let tail = 0;
  while (tail < shorter - head && before.at(-1 - tail) === after.at(-1 - tail)) tail += 1;
  const old = before.slice(head, before.length - tail);
  const now = after.slice(head, after.length - tail);
  if (old.length === 0 || now.length === 0) return { gone: old, come: now };
  const [were, are] = [new Set(old), new Set(now)];
  // What stands there twice is for `combine` to judge.
  if (are.size < now.length) return { gone: old, come: now };
  return { gone: old.filter(one => !are.has(one)), come: now.filter(one => !were.has(one)) };
}
