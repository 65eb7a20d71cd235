import { type Reading, setOk, setUnavailable } from '../core/reading.js';
import { THREAD_ROWS } from '../page/layout.js';
import { emptyThreadHeap, readThreadHeap, threadOwner } from '../page/thread-rows.js';

const heap = emptyThreadHeap();

/**
 * The worst V8 heap of all threads, as each published its own: old space used of its maximum.
 * @returns monotonic µs at which the thread published it, 0 where no thread did.
 */
export function readWorstHeap(words: Int32Array, reading: Reading): number {
  let worstRatio = -1;
  let publishedUs = 0;
  for (let row = 0; row < THREAD_ROWS; row++) {
    if (threadOwner(words, row) === 0 || !readThreadHeap(words, row, heap) || heap.oldLimitBytes <= 0) continue;
    const ratio = heap.oldUsedBytes / heap.oldLimitBytes;
    if (ratio <= worstRatio) continue;
    worstRatio = ratio;
    publishedUs = heap.publishedUs;
    setOk(reading, heap.oldUsedBytes, heap.oldLimitBytes);
  }
  if (worstRatio < 0) setUnavailable(reading, 'no thread has published its heap');
  return publishedUs;
}
