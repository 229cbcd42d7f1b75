import type { Log } from './effects.js';
import {
  initialReplacement,
  type MeshReplacementPhase,
  stepReplacement,
  tellReplacement,
} from './mesh-replacement.js';

export interface MeshReplacingOptions {
  readonly log: Log;
  /** As `stepReplacement` asks it. */
  readonly isSettled: () => boolean;
  /** From now on all hosts are to send by Heddle's own ports. */
  readonly onSwitch: () => void;
  /** Ports that nobody needs can go, on some host or other. */
  readonly onDelete: () => void;
}

/** Takes the replacement of a mesh through its phases, and has done what each begins with. */
export class MeshReplacing {
  readonly #options: MeshReplacingOptions;
  #state = initialReplacement;

  constructor(options: MeshReplacingOptions) {
    this.#options = options;
  }

  get phase(): MeshReplacementPhase {
    return this.#state.phase;
  }

  /** The hosts or networks are others now. */
  restart(): void {
    this.#state = initialReplacement;
  }

  /** One look at how far it can go; to be called about once a second. */
  look(): void {
    const { log, isSettled, onSwitch, onDelete } = this.#options;
    const before = this.#state;
    const { phase, settled } = (this.#state = stepReplacement(before, isSettled()));
    if (phase === before.phase) {
      // What could not be deleted at the time can be now.
      if (phase === 'deleting' && settled > before.settled) onDelete();
      return;
    }
    log.info({ phase }, `the mesh is being replaced: ${tellReplacement(phase)}`);
    if (phase === 'switching') onSwitch();
    else onDelete();
  }
}
