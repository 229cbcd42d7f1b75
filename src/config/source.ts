import type { Finding, KeyPath, Mistake, Position } from './mistake.js';

/** A value of a file and where it stands; offsets count from the text's first character. */
export interface SourceNode {
  readonly value: unknown;
  readonly offset: number;
  /** The members of a map by key, of a list by index. */
  readonly members: ReadonlyMap<string | number, SourceMember>;
}

export interface SourceMember {
  readonly keyOffset: number;
  readonly node: SourceNode;
}

/** The line of a path's last key: a mistake about two places names both. */
export type LineOf = (path: KeyPath) => number;

/** A file that was read: its value, and where each part of it stands. */
export interface Source {
  readonly file: string;
  readonly value: unknown;
  /** The value under a path, or undefined where the file has none. */
  valueAt(path: KeyPath): unknown;
  /** Where the value under a path begins; of a path that the file does not have, the part around it that it has. */
  locate(path: KeyPath): Position;
  /** Where the last key of a path stands; of a list's member, the member itself. */
  locateKey(path: KeyPath): Position;
}

/** `positionOf` turns an offset into line and column. */
export function createSource(
  file: string,
  root: SourceNode,
  positionOf: (offset: number) => Position,
): Source {
  const find = (path: KeyPath) => {
    let node = root;
    let keyOffset = root.offset;
    for (const key of path) {
      const member = node.members.get(key);
      if (member === undefined) return { node, keyOffset, whole: false };
      ({ node, keyOffset } = member);
    }
    return { node, keyOffset, whole: true };
  };
  return {
    file,
    value: root.value,
    valueAt(path) {
      const { node, whole } = find(path);
      return whole ? node.value : undefined;
    },
    locate: path => positionOf(find(path).node.offset),
    locateKey(path) {
      const { node, keyOffset, whole } = find(path);
      return positionOf(whole ? keyOffset : node.offset);
    },
  };
}

/** A finding with its place in the file. */
export function mistakeAt(source: Source, finding: Finding): Mistake {
  const { at = 'value', ...said } = finding;
  const position = at === 'key' ? source.locateKey(finding.path) : source.locate(finding.path);
  return { file: source.file, ...position, ...said };
}
