/**
 * How VXLAN ports that somebody made by hand (`mesh` in the file) give way to Heddle's own port, with no packet lost: a pure
 * state machine. First every host takes frames from both, then all send by Heddle's own, and when they do the others go. Each
 * host may be at another step than its peers for a moment, and each such mixture works. A run that is cut goes back to the
 * first step, which takes nothing away; so does another file, whose hosts and networks have steps of their own to take.
 */
export type MeshReplacementState = {
  readonly phase: MeshReplacementPhase;
  /** How often in a row all was found settled; while ports are deleted, 1 where it was at the last look. */
  readonly settled: number;
};

/** `accepting`: frames are taken from both. `switching`: senders change. `deleting`: ports go, while all is settled; it stays so. */
export type MeshReplacementPhase = 'accepting' | 'switching' | 'deleting';

export const initialReplacement: MeshReplacementState = { phase: 'accepting', settled: 0 };

/**
 * So many looks in a row, a second apart: the switches hear of a change a moment after it was decided, and frames that were
 * sent before it are still under way.
 */
const enough = 3;

/**
 * @param isSettled the file has hosts, all are known, none is being taken over, and every switch holds what is wanted
 */
export function stepReplacement(
  { phase, settled }: MeshReplacementState,
  isSettled: boolean,
): MeshReplacementState {
  if (phase === 'deleting') return { phase, settled: isSettled ? 1 : 0 };
  const found = isSettled ? settled + 1 : 0;
  if (found < enough) return { phase, settled: found };
  return { phase: phase === 'accepting' ? 'switching' : 'deleting', settled: 0 };
}

export const tellReplacement = (phase: MeshReplacementPhase): string =>
  ({
    accepting: "frames are taken from the ports of the mesh and from Heddle's own, on all hosts",
    switching: "hosts send to each other by Heddle's own ports from now on",
    deleting: 'the ports of the mesh are deleted where nobody needs them any more',
  })[phase];
