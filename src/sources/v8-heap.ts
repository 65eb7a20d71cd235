import { getHeapSpaceStatistics, getHeapStatistics } from 'node:v8';
export function createHeapReader() {
  return {
    readInto(h: { oldUsedBytes: number; oldLimitBytes: number; heapUsedBytes: number; externalBytes: number }) {
      const s = getHeapStatistics();
      let u = 0;
      for (const sp of getHeapSpaceStatistics()) if (!sp.space_name.startsWith('new')) u += sp.space_used_size;
      h.oldUsedBytes = u;
      h.oldLimitBytes = s.heap_size_limit - 48 * 1048576;
      h.heapUsedBytes = s.used_heap_size;
      h.externalBytes = s.external_memory;
    },
  };
}
