import type { EvictionReport } from '../core/eviction.js';
import { type PressureRuntime, startPressureRuntime } from '../runtime/pressure-runtime.js';
import { CACHE_NAMES, CACHE_PRIORITIES, type PipelineCaches } from './caches.js';
import type { Enforcement } from './memory-limit/mechanism.js';
import type { EvictionTotals, MemoryWatch } from './watch.js';

/** The watch of a run with spillway, and the runtime for whoever shows it. */
export interface ProtectedWatch extends MemoryWatch {
  readonly pressure: PressureRuntime;
}

/**
 * The watch of a protected run: a runtime with its defaults, and the three caches registered with it. This is all that it takes.
 * @param limitBytes told to the runtime only where the kernel does not enforce it; elsewhere the runtime finds it by itself.
 */
export async function protect(
  caches: PipelineCaches,
  limitBytes: number,
  enforcedBy: Enforcement,
): Promise<ProtectedWatch> {
  const pressure = await startPressureRuntime(enforcedBy === 'none' ? { resources: { process: { limitBytes } } } : {});
  const registrations = CACHE_NAMES.map((name) =>
    pressure.register<string, object>(caches[name], { name, priority: CACHE_PRIORITIES[name] }),
  );
  const reports: EvictionReport[] = [];
  const settlements: Promise<void>[] = [];
  pressure.on('eviction', (report) => {
    const place = reports.push(report) - 1;
    settlements.push(
      report.settled.then((settled) => {
        reports[place] = settled;
      }),
    );
  });
  return {
    pressure,
    level: () => pressure.level,
    usedBytes: () => usedBytes(pressure, enforcedBy),
    evictedEntries: () => registrations.reduce((sum, { stats }) => sum + stats.evictions.pressure, 0),
    totals: () => sumOf(reports),
    async stop() {
      await pressure.stop();
      await Promise.all(settlements);
    },
  };
}

/** What counts against the limit: the whole group where the kernel enforces it, this process elsewhere. */
function usedBytes({ state }: PressureRuntime, enforcedBy: Enforcement): number {
  const resource = enforcedBy === 'none' ? state.resources.process : state.resources.container;
  return resource?.usedBytes ?? state.process.rssBytes;
}

function sumOf(reports: readonly EvictionReport[]): EvictionTotals {
  const totals = { rounds: reports.length, evictedBytes: 0, returnedBytes: 0, collections: 0, collectionMs: 0 };
  for (const report of reports) {
    totals.evictedBytes += report.evictedBytes;
    totals.returnedBytes += report.returnedBytes ?? 0;
    totals.collections += report.collections;
    totals.collectionMs += report.collectionMs;
  }
  return totals;
}
