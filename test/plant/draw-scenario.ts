import { MIB } from '#src/core/units.js';
import { Draw } from './draw.js';
import type { Pulse } from './pulse.js';
import type { CachePlan, CollectorPlan, Material, Scenario, Stretch, ThreadPlan } from './scenario.js';

/** Disturbances begin and end in this time. Ms. */
const CALM_AT_MS = 14_000;
const FIRST_AT_MS = 1500;

/** How long the runtime may take to settle after the last disturbance, and how long it is watched from then on. */
const SETTLING_MS = 16_000;
const WATCHED_MS = 8000;

/** What one thread can fill at the most, and several hardly more: they share the memory bus. Source: the design, fact 8. */
const MOST_BYTES_PER_MS = 1e6;
const OBJECT_SHARE = 0.23;

/** How long threads that miss everything take to fill the limit. */
const LEAST_FILL_MS = 300;
const MOST_FILL_MS = 6000;

/** Keeps what every scenario may have apart from what makes it one. */
const ALLOCATOR_STREAM = 0xa110c;

/** The scenario of a seed. */
export function drawScenario(seed: number): Scenario {
  const draw = new Draw(seed);
  const kind = draw.pick('container', 'container', 'container', 'machine', 'heap');
  const limitBytes = draw.pick(128, 256, 512, 512, 1024, 2048) * MIB;
  const threadCount = draw.pick(1, 1, 2, 3);
  const machineShare = draw.pick(1, 0.25, 0.06);
  return {
    seed,
    kind,
    options: drawOptions(draw),
    containerBytes: kind === 'container' ? limitBytes : null,
    machineBytes: kind === 'machine' ? limitBytes / machineShare : 64 * limitBytes,
    baseBytes: kind === 'heap' ? 40 * MIB : draw.between(0.04, 0.12) * limitBytes,
    threads: Array.from({ length: threadCount }, (_, index) => drawThread(draw, kind, limitBytes, index, threadCount)),
    hasAllocator: new Draw(seed ^ ALLOCATOR_STREAM).chance(0.5),
    native: kind === 'heap' ? [] : drawPulses(draw, 0.2, 0.3 * limitBytes),
    sidecars: kind === 'container' ? drawPulses(draw, 0.2, 0.3 * limitBytes) : [],
    pageCache: kind === 'container' ? drawPulses(draw, 0.2, 0.1 * limitBytes) : [],
    neighbours: kind === 'machine' ? drawNeighbours(draw, limitBytes / machineShare, machineShare) : [],
    sampleCpuMs: draw.between(0.03, 0.1),
    starvations: draw.chance(0.15) ? [drawStretch(draw, 150)] : [],
    calmMs: CALM_AT_MS,
    settledMs: CALM_AT_MS + SETTLING_MS,
    endMs: CALM_AT_MS + SETTLING_MS + WATCHED_MS,
  };
}

function drawOptions(draw: Draw): Scenario['options'] {
  const tight = draw.chance(0.2);
  return {
    updateIntervalMs: draw.pick(5000, 5000, 1000),
    hysteresis: { evictionCooldownMs: draw.pick(30_000, 3000) },
    ...(tight ? { thresholds: { warning: 0.85, critical: 0.92, emergency: 0.97 } } : {}),
  };
}

function drawThread(
  draw: Draw,
  kind: Scenario['kind'],
  limitBytes: number,
  index: number,
  threadCount: number,
): ThreadPlan {
  const oldLimitBytes = kind === 'heap' ? limitBytes : 64 * limitBytes;
  const shareBytes = kind === 'heap' ? limitBytes : limitBytes / threadCount;
  const cacheCount = draw.pick(1, 1, 2, 3);
  const material = kind === 'heap' ? 'object' : draw.pick<Material>('small', 'small', 'large', 'object');
  const fastest = (material === 'object' ? OBJECT_SHARE : 1) * MOST_BYTES_PER_MS;
  const bytesPerMs = Math.min(fastest, limitBytes / draw.spanning(LEAST_FILL_MS, MOST_FILL_MS)) / threadCount;
  return {
    startMs: index === 0 ? 0 : draw.pick(0, 0, draw.between(0, 8000)),
    caches: Array.from({ length: cacheCount }, (_, number) =>
      drawCache(draw, `${index}.${number}`, material, shareBytes / cacheCount, bytesPerMs / cacheCount),
    ),
    ballast: drawPulses(draw, index === 0 ? 0.5 : 0.1, 0.5 * shareBytes),
    litterBytesPerMs: draw.chance(0.3) ? draw.spanning(0.001, 0.1) * MOST_BYTES_PER_MS : 0,
    blockages: draw.chance(0.3) ? [drawStretch(draw, 1500)] : [],
    collector: drawCollector(draw, limitBytes, oldLimitBytes),
  };
}

function drawCache(
  draw: Draw,
  name: string,
  material: Material,
  shareBytes: number,
  askedBytesPerMs: number,
): CachePlan {
  const mixed = material !== 'object' && draw.chance(0.15);
  return {
    name,
    priority: draw.pick(10, 10, 20, 30),
    minBytes: draw.chance(0.2) ? Math.floor(draw.between(0.02, 0.12) * shareBytes) : 0,
    material: mixed ? draw.pick<Material>('small', 'large') : material,
    overhead: draw.pick(1, draw.between(0.9, 1.6)),
    workingSetBytes: draw.spanning(0.15, 4) * shareBytes,
    askedBytesPerMs,
    skew: draw.between(0.25, 1),
  };
}

/** V8's triggers do not know the container: they are what they are, but a heap with a low limit is collected more eagerly. */
function drawCollector(draw: Draw, limitBytes: number, oldLimitBytes: number): CollectorPlan {
  return {
    externalTriggerBytes: Math.min(draw.between(32, 72) * MIB, 0.25 * limitBytes),
    heapGrowth: draw.between(1.1, 1.5),
    markMs: draw.spanning(4, 120),
    askedMs: draw.between(1.5, 5),
    askedMsPerMib: draw.between(0.05, 0.2),
    oldLimitBytes,
    heapRetention: draw.between(0.1, 0.7),
    arenaRetention: draw.pick(0, 0.5, 0.95, 1),
  };
}

/** A stretch of up to `mostMs`, over before calm. */
function drawStretch(draw: Draw, mostMs: number): Stretch {
  const startMs = draw.between(FIRST_AT_MS, CALM_AT_MS - mostMs);
  return { startMs, endMs: startMs + draw.spanning(mostMs / 20, mostMs) };
}

/** With the given probability one or two of them, together at most `mostBytes` high. */
function drawPulses(draw: Draw, probability: number, mostBytes: number): Pulse[] {
  if (!draw.chance(probability)) return [];
  const count = draw.pick(1, 1, 2);
  return Array.from({ length: count }, () => drawPulse(draw, draw.between(0.1, 1) * (mostBytes / count)));
}

function drawPulse(draw: Draw, peakBytes: number): Pulse {
  const startMs = draw.between(FIRST_AT_MS, CALM_AT_MS * 0.7);
  const riseBytesPerMs = Math.max(draw.spanning(0.02, 1) * MOST_BYTES_PER_MS, peakBytes / (CALM_AT_MS * 0.15));
  const risenMs = startMs + peakBytes / riseBytesPerMs;
  const stays = draw.chance(0.3);
  const leftMs = CALM_AT_MS - risenMs;
  return {
    startMs,
    peakBytes,
    riseBytesPerMs,
    holdMs: stays ? Number.POSITIVE_INFINITY : draw.between(0, 0.5) * leftMs,
    fallBytesPerMs: Math.max(draw.spanning(0.1, 100) * MOST_BYTES_PER_MS, peakBytes / (0.4 * leftMs)),
  };
}

/** The rest of the machine: what is always there, and what comes and may bring the machine to any level. */
function drawNeighbours(draw: Draw, machineBytes: number, ownShare: number): Pulse[] {
  const alwaysBytes = draw.between(0.1, 0.5) * (1 - 0.5 * ownShare) * machineBytes;
  const always = { startMs: -1e9, peakBytes: alwaysBytes, riseBytesPerMs: 1e9, holdMs: 1e12, fallBytesPerMs: 1 };
  if (draw.chance(0.3)) return [always];
  const peakBytes = draw.between(0.4, 0.97) * machineBytes - alwaysBytes;
  const pulse = drawPulse(draw, Math.max(0.01 * machineBytes, peakBytes * draw.pick(1, 1 - 0.5 * ownShare)));
  return [always, pulse];
}
