/**
 * A seeded source of numbers in [0, 1): the demo's work must be the same in every run and on every machine.
 * Source: mulberry32, Tommy Ettinger 2017, public domain; 32 bits of state are plenty for a job list.
 */
export function createRandom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
