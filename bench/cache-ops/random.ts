/** Numbers in [0, 1); the same seed gives the same ones on every machine. */
export type Random = () => number;

/** Source: Park and Miller's minimal standard generator, multiplier 48271 modulo 2^31 - 1. */
export function createRandom(seed: number): Random {
  const modulus = 2 ** 31 - 1;
  let state = seed;
  return () => {
    state = (state * 48271) % modulus;
    return state / modulus;
  };
}
