import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { LRUCache } from 'lru-cache';
import { describe, expect, it } from 'vitest';
import type { EvictionReport, Level, PolicyName } from '#src/index.js';
import { inject } from '#src/testing.js';
import { reasonForNoCgroup, titled } from '../demo/memory-limit/kernel-limit.js';
import { CountedCache } from '../support/caches.js';
import { next, startQuiet } from '../support/runtimes.js';

const BLOCKED_MS = 3000;
const ENTRY_BYTES = 10_000;

/** A cache that can be filled and asked what it holds, with a put as its users would write it. */
interface Filled {
  readonly cache: Parameters<Awaited<ReturnType<typeof startQuiet>>['register']>[0];
  put(key: number): void;
  heldBytes(): number;
}

const value = {};

/** Entries say that they are 10 kB: what is measured is who takes them, not what they cost. */
const KINDS: Record<string, () => Filled> = {
  'an LRUCache that knows sizes': () => {
    const cache = new LRUCache<number, object>({ maxSize: 1e12, sizeCalculation: () => ENTRY_BYTES });
    return { cache, put: (key) => cache.set(key, value), heldBytes: () => cache.calculatedSize };
  },
  'an LRUCache without sizes': () => {
    const cache = new LRUCache<number, object>({ max: 1e6 });
    return { cache, put: (key) => cache.set(key, value), heldBytes: () => cache.size * ENTRY_BYTES };
  },
  'a Map': () => {
    const cache = new Map<number, object>();
    return { cache, put: (key) => cache.set(key, value), heldBytes: () => cache.size * ENTRY_BYTES };
  },
};

/**
 * Has the sampler see pressure while this thread is blocked: the message is on its way when the loop begins, and its answer waits until
 * the loop ends.
 */
async function blockUnderPressure(filled: Filled, options: { evictionPolicy: PolicyName }) {
  const pressure = await startQuiet({ ...options, autoEviction: true });
  pressure.register(filled.cache, { name: 'blocked', sizeOf: () => ENTRY_BYTES });
  let key = 0;
  while (key < 100_000) filled.put(key++);
  const events: string[] = [];
  pressure.on('level', (change) => events.push(change.to));
  const evicted = next<EvictionReport>((listener) => pressure.once('eviction', listener));
  let peakBytes = filled.heldBytes();
  let leastBytes = Number.POSITIVE_INFINITY;
  const answered = inject(pressure, { resource: 'injected', usedBytes: 0.97 * 1e9, limitBytes: 1e9 });
  const seen = new Set<Level>();
  const endMs = performance.now() + BLOCKED_MS;
  while (performance.now() < endMs) {
    filled.put(key++ % 200_000);
    seen.add(pressure.level);
    peakBytes = Math.max(peakBytes, filled.heldBytes());
    if (pressure.level === 'emergency') leastBytes = Math.min(leastBytes, filled.heldBytes());
  }
  const told = [...events];
  await answered;
  return { evicted, peakBytes, leastBytes, seen, told, events };
}

describe('a loop that is blocked under injected pressure', () => {
  it.each(
    Object.keys(KINDS).flatMap((kind) => [
      [kind, 'adaptive' as const],
      [kind, 'conservative' as const],
    ]),
  )('shrinks %s while it is blocked, with the %s policy', async (kind, evictionPolicy) => {
    const filled = KINDS[kind]?.();
    if (filled === undefined) throw new Error('no such kind');
    const { peakBytes, leastBytes, seen, told, events } = await blockUnderPressure(filled, { evictionPolicy });
    expect(peakBytes).toBeGreaterThanOrEqual(100_000 * ENTRY_BYTES);
    expect(leastBytes).toBeLessThan(peakBytes - 10e6); // the least that either policy asks for here
    expect(seen).toContain('emergency'); // read from the page, inside the loop
    expect(told).toEqual([]); // no event came before the loop was free
    expect(events).toEqual(['emergency']);
  });

  it('shrinks a cache of the user that tells of its puts', async () => {
    const cache = new CountedCache(0);
    const pressure = await startQuiet({ autoEviction: true, evictionPolicy: 'aggressive' });
    const registration = pressure.register(cache, { name: 'counted' });
    cache.bytes = 1e9;
    registration.add(1e9);
    const answered = inject(pressure, { resource: 'injected', usedBytes: 0.97 * 1e9, limitBytes: 1e9 });
    const endMs = performance.now() + BLOCKED_MS;
    while (performance.now() < endMs && cache.asked.length === 0) {
      cache.bytes += 1;
      registration.add(1);
    }
    expect(cache.asked.length).toBeGreaterThan(0);
    expect(cache.bytes).toBeLessThan(1e9);
    await answered;
  });

  it('tells of the round with what was evicted meanwhile, once it is free', async () => {
    const filled = KINDS['a Map']?.();
    if (filled === undefined) throw new Error('no such kind');
    const { evicted } = await blockUnderPressure(filled, { evictionPolicy: 'aggressive' });
    const report = await evicted;
    expect(report).toMatchObject({ level: 'emergency', cause: 'injected', policy: 'aggressive' });
    expect(report.evictedBytes).toBeGreaterThan(10e6);
    expect(report.caches.map(({ name, error }) => [name, error])).toEqual([['blocked', undefined]]);
  });
});

const noCgroup = await reasonForNoCgroup();

describe.skipIf(noCgroup !== null)(titled('a loop that is blocked in a cgroup of 512 MiB', noCgroup), () => {
  const CHILD = fileURLToPath(new URL('./children/blocked-loop.mjs', import.meta.url));
  const LIMITER = fileURLToPath(import.meta.resolve('#src/demo/memory-limit/main.js'));

  async function run(...args: string[]): Promise<{ exitCode: number; stdout: string }> {
    const child = spawn(process.execPath, [LIMITER, '512MiB', '--', process.execPath, CHILD, ...args], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const [stdout, [exitCode]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
    return { exitCode, stdout };
  }

  it('dies without spillway', async () => {
    expect((await run('--unprotected')).exitCode).toBe(137);
  }, 120_000);

  it('shrinks its cache during the loop, and lives', async () => {
    const { exitCode, stdout } = await run();
    expect(exitCode).toBe(0);
    const { turns, shrinks, putBytes, heldBytes } = JSON.parse(stdout);
    expect(turns).toBe(0);
    expect(putBytes).toBeGreaterThanOrEqual(2 ** 30);
    expect(heldBytes).toBeLessThan(512 * 2 ** 20);
    expect(shrinks).toBeGreaterThan(0);
  }, 180_000);
});
