import { type Reading, setOk, setUnavailable } from '../core/reading.js';
import { emptyThreadHeap, liveThreadRows, readThreadHeap } from '../page/thread-rows.js';

const heap = emptyThreadHeap();

/**
 * The worst V8 heap of all threads, as each published its own: old space used of its maximum. A thread that is blocked far from its
 * caches publishes nothing; what it showed last counts until it is too old, and then the worst of what others show.
 * @param freshUs heaps that were published since then go before older ones.
 * @returns monotonic µs at which the thread published it, 0 where no thread did.
 */
export function readWorstHeap(words: Int32Array, reading: Reading, freshUs: number): number {
  let worstRatio = -1;
  let publishedUs = 0;
  for (const row of liveThreadRows(words)) {
    if (!readThreadHeap(words, row, heap) || heap.oldLimitBytes <= 0) continue;
    const ratio = heap.oldUsedBytes / heap.oldLimitBytes;
    const isFresher = heap.publishedUs >= freshUs && publishedUs < freshUs;
    const isOlder = heap.publishedUs < freshUs && publishedUs >= freshUs;
    if (isOlder || (ratio <= worstRatio && !isFresher)) continue;
    worstRatio = ratio;
    publishedUs = heap.publishedUs;
    setOk(reading, heap.oldUsedBytes, heap.oldLimitBytes);
  }
  if (worstRatio < 0) setUnavailable(reading, 'no thread has published its heap');
  return publishedUs;
}
