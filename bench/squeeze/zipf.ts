/**
 * Draws keys 0 to `keys` - 1 with probability proportional to 1 / rank^exponent, in constant time. Ranks are spread over the keys,
 * so that neighbouring keys are not alike. Source: the alias method (Walker 1977, Vose 1991).
 */
export function createZipf(keys: number, exponent: number, random: () => number): () => number {
  const weights = Float64Array.from({ length: keys }, (_, rank) => (rank + 1) ** -exponent);
  const sum = weights.reduce((total, weight) => total + weight, 0);
  const scaled = weights.map((weight) => (weight / sum) * keys);
  const keep = new Float64Array(keys).fill(1);
  const alias = new Uint32Array(keys);
  const small: number[] = [];
  const large: number[] = [];
  for (let rank = 0; rank < keys; rank++) ((scaled[rank] ?? 0) < 1 ? small : large).push(rank);
  for (;;) {
    const lean = small.pop();
    const rich = large.pop();
    if (lean === undefined || rich === undefined) break;
    keep[lean] = scaled[lean] ?? 1;
    alias[lean] = rich;
    scaled[rich] = (scaled[rich] ?? 0) + (scaled[lean] ?? 0) - 1;
    ((scaled[rich] ?? 0) < 1 ? small : large).push(rich);
  }
  const keyOfRank = shuffled(keys, random);
  return () => {
    const rank = Math.floor(random() * keys);
    const drawn = random() < (keep[rank] ?? 1) ? rank : (alias[rank] ?? rank);
    return keyOfRank[drawn] ?? 0;
  };
}

function shuffled(length: number, random: () => number): Uint32Array {
  const order = Uint32Array.from({ length }, (_, index) => index);
  for (let last = length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    const moved = order[last] ?? 0;
    order[last] = order[other] ?? 0;
    order[other] = moved;
  }
  return order;
}
