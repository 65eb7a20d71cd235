import type { PublishedState } from '#src/page/state-codec.js';

export function fillState(state: PublishedState, count: number): void;
export function isWhole(state: PublishedState): boolean;
