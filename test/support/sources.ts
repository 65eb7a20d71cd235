import type { SourceSet } from '#src/sources/detect.js';
import { setStallUnknown } from '#src/sources/stall.js';

/** What a machine shows that has nothing to read but what the test says. */
export function sourcesOf(shown: Partial<SourceSet> = {}): SourceSet {
  return {
    sources: [],
    stall: { readInto: setStallUnknown },
    missing: [],
    rssBytes: () => 1,
    openAllocator: () => null,
    close: () => undefined,
    ...shown,
  };
}
