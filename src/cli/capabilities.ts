import { createRequire } from 'node:module';
import { getHeapStatistics } from 'node:v8';
import { findCollect } from '../caches/engine.js';
import type { PressureState } from '../core/state.js';
import { formatBytes, MIB } from '../core/units.js';
import { isGlibc, openAllocator } from '../sources/allocator.js';
import { type CapabilityName, REMEDIES } from './remedies.js';

/** Whether something is there: `available`, or what is missing and what to do. */
export interface Capability {
  readonly available: boolean;
  readonly detail: string;
  readonly remedy?: string;
}

export type Capabilities = Readonly<Record<CapabilityName, Capability>>;

/** Share of a container that V8 may take: the rest is for buffers, code, stacks and what is being freed. */
const HEAP_SHARE = 0.6;

const OTHER_ALLOCATORS = /jemalloc|mimalloc|tcmalloc/;

/**
 * Looks at everything that spillway can use.
 * @param state null: no runtime could be started; `failure` then says why.
 * @param missing why a source has nothing to read, by name, as far as it is known.
 */
export function findCapabilities(
  state: PressureState | null,
  failure: string,
  missing: ReadonlyMap<string, string>,
  env: NodeJS.ProcessEnv,
): Capabilities {
  const resource = (name: 'system' | 'container' | 'heap') => resourceCapability(name, state, failure, missing);
  return {
    system: resource('system'),
    container: resource('container'),
    heap: resource('heap'),
    stall: stallCapability(state, failure, missing),
    collection: collectionCapability(),
    systeminformation: packageCapability('systeminformation', 'systeminformation'),
    piscina: packageCapability('piscina', 'piscina'),
    prometheus: packageCapability('prometheus', 'prom-client'),
    opentelemetry: packageCapability('opentelemetry', '@opentelemetry/api'),
    allocator: allocatorCapability(env),
    'heap-limit': heapLimitCapability(state),
  };
}

function lacking(name: CapabilityName, detail: string): Capability {
  return { available: false, detail, remedy: REMEDIES[name].remedy };
}

function resourceCapability(
  name: 'system' | 'container' | 'heap',
  state: PressureState | null,
  failure: string,
  missing: ReadonlyMap<string, string>,
): Capability {
  if (state === null) return lacking(name, `failed: ${failure}`);
  const resource = state.resources[name];
  if (resource === null || resource === undefined)
    return lacking(name, missing.get(name) ?? 'there is no limit to watch');
  return { available: true, detail: `${formatBytes(resource.usedBytes)} of ${formatBytes(resource.limitBytes)}` };
}

function stallCapability(
  state: PressureState | null,
  failure: string,
  missing: ReadonlyMap<string, string>,
): Capability {
  if (state === null) return lacking('stall', `failed: ${failure}`);
  if (state.stall === null)
    return lacking('stall', missing.get('stall') ?? 'the kernel tells no pressure stall information');
  return { available: true, detail: 'the kernel tells how long tasks wait for memory' };
}

function collectionCapability(): Capability {
  if (findCollect() !== null) return { available: true, detail: 'V8 collects on request' };
  return lacking('collection', 'V8 does not let itself be asked for a collection');
}

/** Optional packages count when they are installed beside this one. */
function packageCapability(name: CapabilityName, packageName: string): Capability {
  try {
    createRequire(import.meta.url).resolve(packageName);
    return { available: true, detail: `${packageName} is installed` };
  } catch {
    return lacking(name, `${packageName} is not installed`);
  }
}

/** glibc keeps freed blocks for reuse, unless it is told to give them back or has pages of their own for them. Source: mallopt(3). */
function allocatorCapability(env: NodeJS.ProcessEnv): Capability {
  if (!isGlibc()) return { available: true, detail: 'not the allocator of glibc' };
  if (OTHER_ALLOCATORS.test(env.LD_PRELOAD ?? '')) return { available: true, detail: `preloaded: ${env.LD_PRELOAD}` };
  const threshold = env.MALLOC_MMAP_THRESHOLD_;
  if (threshold !== undefined) return { available: true, detail: `MALLOC_MMAP_THRESHOLD_ is ${threshold}` };
  if (openAllocator() !== null) return { available: true, detail: 'glibc gives back what it keeps when it is told to' };
  return lacking(
    'allocator',
    'glibc keeps freed blocks for reuse and cannot be told to give them back: koffi is not installed, or may not be loaded',
  );
}

function heapLimitCapability(state: PressureState | null): Capability {
  const heapBytes = getHeapStatistics().heap_size_limit;
  const container = state?.resources.container;
  if (container === null || container === undefined) {
    return { available: true, detail: `V8 may take ${formatBytes(heapBytes)}; no container limits this process` };
  }
  const limit = formatBytes(container.limitBytes);
  if (heapBytes < container.limitBytes) {
    return { available: true, detail: `V8 may take ${formatBytes(heapBytes)} of the ${limit} of the container` };
  }
  const fitting = Math.floor((container.limitBytes * HEAP_SHARE) / MIB);
  return {
    available: false,
    detail: `V8 may take ${formatBytes(heapBytes)}, the container has ${limit}: it is killed before V8 collects`,
    remedy: `Start Node with --max-old-space-size=${fitting}.`,
  };
}
