/**
 * What a thread does to its two caches: a fixed sequence for a seed, so that a replay on plain Maps must end with the same bytes.
 * Sizes are multiples of a large prime: a total that is not one was torn or lost something. They cross 2^31 all the time.
 */
export const UNIT_BYTES = 1_000_003;
const MOST_UNITS = 4000;
const KEYS = 50;

/** xorshift32: small, seeded, good enough to mix operations. */
export function createRandom(seed) {
  let state = seed | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** Applies operations `from` to `to` to the two caches. Values are sizes in bytes. */
export function createScript(seed, shared, own) {
  const random = createRandom(seed);
  return (operations) => {
    for (let index = 0; index < operations; index++) {
      const cache = random() < 0.5 ? shared : own;
      const key = Math.floor(random() * KEYS);
      const what = random();
      if (what < 0.55) cache.set(key, UNIT_BYTES * Math.floor(random() * MOST_UNITS));
      else if (what < 0.8) cache.get(key);
      else if (what < 0.9999) cache.delete(key);
      else cache.clear();
    }
  };
}

/** The bytes that a replay of the whole sequence ends with. */
export function replay(seed, operations) {
  const shared = new Map();
  const own = new Map();
  createScript(seed, shared, own)(operations);
  const sum = (cache) => [...cache.values()].reduce((bytes, value) => bytes + value, 0);
  return { shared: sum(shared), own: sum(own) };
}
