/** Tasks of a pool: waits for its turn on a shared word, notes the order in which tasks begin, or asks the pool's owner for another. */
export default function run({ words, index }) {
  if (words === undefined) return index;
  const place = Atomics.add(words, 0, 1);
  Atomics.store(words, 2 + place, index);
  Atomics.notify(words, 0);
  while (Atomics.load(words, 1) <= place) Atomics.wait(words, 1, Atomics.load(words, 1), 20);
  return index;
}
