import { emptyThreadCounters, liveThreadRows, loadThreadCounters, threadId, threadOwner } from '../page/thread-rows.js';

/**
 * Marks what threads have evicted up to now. What they evict later is collected later, so the marked bytes are collected as soon as no more is
 * uncollected than was evicted since: under turnover there is always something.
 * @param threads worker_threads ids.
 * @returns whether the marked bytes are collected, as each thread published last; those of a thread that ended are.
 */
export function markEvicted(words: Int32Array, threads: ReadonlySet<number>): () => boolean {
  const counters = emptyThreadCounters();
  const marks = liveThreadRows(words)
    .filter((row) => threads.has(threadId(words, row)))
    .map((row) => {
      loadThreadCounters(words, row, counters);
      return { row, owner: threadOwner(words, row), evictedBytes: counters.evictedBytes };
    });
  return () =>
    marks.every(({ row, owner, evictedBytes }) => {
      if (threadOwner(words, row) !== owner) return true;
      loadThreadCounters(words, row, counters);
      return counters.uncollectedBytes <= counters.evictedBytes - evictedBytes;
    });
}
