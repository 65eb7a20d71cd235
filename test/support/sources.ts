import { type Source, setOk } from '#src/core/reading.js';
import type { SourceSet } from '#src/sources/detect.js';
import { setStallUnknown } from '#src/sources/stall.js';

/** What a machine shows that has nothing to read but what the test says. */
export function sourcesOf(shown: Partial<SourceSet> = {}): SourceSet {
  return {
    sources: [],
    stall: { readInto: setStallUnknown },
    missing: [],
    rssBytes: () => 1,
    seenRssBytes: () => 1,
    openAllocator: () => null,
    setHeapGrowth: () => undefined,
    close: () => undefined,
    ...shown,
  };
}

/** A source of which only the reading matters. */
export function sourceOf(resource: Source['resource'], readInto: Source['readInto']): Source {
  return { resource, description: resource, slow: false, readInto, facts: () => ({}), close: () => undefined };
}

/** A container of which so much is used. Bytes. */
export function containerOf(limitBytes: number, usedBytes: () => number): Source {
  return sourceOf('container', (reading) => setOk(reading, usedBytes(), limitBytes));
}
