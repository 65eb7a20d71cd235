/** Tasks of a pool: waits for its turn on a shared word, notes the order in which tasks begin, or asks the pool's owner for another. */
/** Attaches this thread, and gives it a cache of so many bytes. */
export async function hold({ handle, bytes }) {
  const { attachPressureRuntime } = await import('#src/index.js');
  const cache = new Map();
  attachPressureRuntime(handle).register(cache, { name: 'of the pool' });
  for (let held = 0; held < bytes; held += 65536) cache.set(held, Buffer.alloc(65536));
}

export default function run({ words, index }) {
  if (words === undefined) return index;
  const place = Atomics.add(words, 0, 1);
  Atomics.store(words, 2 + place, index);
  Atomics.notify(words, 0);
  while (Atomics.load(words, 1) <= place) Atomics.wait(words, 1, Atomics.load(words, 1), 20);
  return index;
}
