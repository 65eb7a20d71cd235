export const UNIT_BYTES: number;
export function createRandom(seed: number): () => number;
export function createScript(
  seed: number,
  shared: Map<number, number>,
  own: Map<number, number>,
): (operations: number) => void;
export function replay(seed: number, operations: number): { shared: number; own: number };
