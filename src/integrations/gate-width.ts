import { isAtLeast } from '../core/level.js';
import type { PressureState } from '../core/state.js';

/** What the width goes by. */
export type GateState = Pick<PressureState, 'level' | 'cause' | 'resources' | 'sampleCount'>;

/** A width is widened after so many tasks for each of its places have ended without a rise. */
const TASKS_PER_PLACE = 2;

/** Usage must pass its highest by this share of the limit to count as a rise. Source: what the adaptive policy takes for growth. */
const RISE_RATIO = 0.01;

/**
 * How many tasks may run at once behind a closed gate. One at first. Usage that stays pressed is not always relieved by waiting: allocators
 * keep pages, caches were held at what fits, and a pool on one thread would then be the price for nothing. So as long as tasks end without
 * usage passing the highest that was seen since the gate closed, one more may run; with a rise, or in an emergency, it is one
 * again. Pure; runs on the thread that owns the pool.
 */
export class GateWidth {
  #tasks = 1;
  #ended = 0;
  #highestRatio = 0;
  /** The sample by which the width was set. */
  #sampleCount = 0;

  /** Tasks that may run at once; at least 1. */
  get tasks(): number {
    return this.#tasks;
  }

  /** The gate closes. */
  close(state: GateState): void {
    this.#highestRatio = ratioOf(state);
    this.#narrow(state);
  }

  /** A task ended behind the closed gate. */
  taskEnded(state: GateState): void {
    const ratio = ratioOf(state);
    if (ratio > this.#highestRatio + RISE_RATIO || isAtLeast(state.level, 'emergency')) {
      this.#highestRatio = Math.max(this.#highestRatio, ratio);
      this.#narrow(state);
      return;
    }
    this.#ended++;
    if (this.#ended < TASKS_PER_PLACE * this.#tasks || state.sampleCount === this.#sampleCount) return;
    this.#ended = 0;
    this.#sampleCount = state.sampleCount;
    this.#tasks++;
  }

  #narrow({ sampleCount }: GateState): void {
    this.#tasks = 1;
    this.#ended = 0;
    this.#sampleCount = sampleCount;
  }
}

/** Of the resource that set the level; 0 where none did. */
function ratioOf({ cause, resources }: GateState): number {
  return cause === null ? 0 : (resources[cause]?.ratio ?? 0);
}
