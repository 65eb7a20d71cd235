import { describeValue, SpillwayError } from '../core/errors.js';
import { parseBytes } from '../core/units.js';
import { nameByteLength } from '../page/cache-rows.js';
import { NAME_BYTES } from '../page/layout.js';
import { isEvictableCache } from './adapters/evictable.js';
import { isLruCache } from './adapters/lru-like.js';
import type { CacheAdapter, RegisterOptions } from './contract.js';

/** The options of a registration with every default filled in. Bytes, ms. */
export interface CheckedRegistration<K, V> {
  readonly name: string;
  readonly priority: number;
  readonly minBytes: number;
  readonly maxBytes: number;
  readonly rebuildMs: number | null;
  readonly sizeOf: ((value: V, key: K) => number) | undefined;
}

const REGISTERED = Symbol.for('spillway.registered-objects.1');
const KNOWN_OPTIONS = ['name', 'priority', 'minBytes', 'maxBytes', 'sizeOf', 'rebuildCost'];
const DEFAULT_PRIORITY = 10;

/** @throws SpillwayError ERR_SPILLWAY_ARGUMENT with the path, what was expected and what was given. */
export function checkRegistration<K, V>(options: RegisterOptions<K, V>): CheckedRegistration<K, V> {
  if (typeof options !== 'object' || options === null) throw badArgument('options', 'an object with a name', options);
  for (const key of Object.keys(options)) {
    if (!KNOWN_OPTIONS.includes(key)) throw badArgument(`options.${key}`, `one of ${KNOWN_OPTIONS.join(', ')}`, key);
  }
  const { name, priority = DEFAULT_PRIORITY, minBytes = 0, maxBytes, sizeOf, rebuildCost } = options;
  if (typeof name !== 'string' || name === '' || nameByteLength(name) > NAME_BYTES) {
    throw badArgument('options.name', `a name of 1 to ${NAME_BYTES} bytes`, name);
  }
  if (!Number.isInteger(priority) || Math.abs(priority) >= 2 ** 31)
    throw badArgument('options.priority', 'a 32-bit whole number', priority);
  const floor = parseBytes(minBytes);
  if (floor === null) throw badArgument('options.minBytes', "bytes or a size such as '64MiB'", minBytes);
  const limit =
    maxBytes === undefined || maxBytes === Number.POSITIVE_INFINITY ? Number.POSITIVE_INFINITY : parseBytes(maxBytes);
  if (limit === null) throw badArgument('options.maxBytes', "bytes or a size such as '64MiB'", maxBytes);
  if (limit < floor) throw badArgument('options.maxBytes', `at least minBytes (${floor})`, maxBytes);
  if (sizeOf !== undefined && typeof sizeOf !== 'function') throw badArgument('options.sizeOf', 'a function', sizeOf);
  if (rebuildCost !== undefined && !(Number.isFinite(rebuildCost) && rebuildCost >= 0)) {
    throw badArgument('options.rebuildCost', 'milliseconds >= 0', rebuildCost);
  }
  return { name, priority, minBytes: floor, maxBytes: limit, rebuildMs: rebuildCost ?? null, sizeOf };
}

function badArgument(path: string, expected: string, given: unknown): SpillwayError {
  return new SpillwayError(
    'ERR_SPILLWAY_ARGUMENT',
    `Expected \`${path}\` to be ${expected}, got ${describeValue(given)}`,
  );
}

/** @throws SpillwayError ERR_SPILLWAY_CACHE_UNSUPPORTED */
export function kindOf(cache: unknown): CacheAdapter['kind'] {
  if (typeof cache !== 'object' || cache === null) throw unsupported(cache);
  if (isLruCache(cache)) return 'lru-cache';
  if (cache instanceof Map) return 'map';
  if (isEvictableCache(cache)) return 'evictable';
  throw unsupported(cache);
}

/** @param cause why an object that looked like a cache could not be taken in. */
export function unsupported(cache: unknown, cause?: unknown): SpillwayError {
  const why = cause === undefined ? '' : `: ${String(cause)}`;
  return new SpillwayError(
    'ERR_SPILLWAY_CACHE_UNSUPPORTED',
    `Expected the cache to be an LRUCache (10 or later), a Map, or an object with \`bytes\` (a number) and \`evict()\`, got ${describeValue(cache)}${why}`,
    cause === undefined ? undefined : { cause },
  );
}

/** Objects that any runtime of this thread has taken in, also one of another copy of the package: none is instrumented twice. */
export function registeredObjects(): WeakSet<object> {
  const place = globalThis as { [REGISTERED]?: WeakSet<object> };
  place[REGISTERED] ??= new WeakSet();
  return place[REGISTERED];
}

/** @returns SpillwayError ERR_SPILLWAY_CACHE_DUPLICATE */
export function duplicate(message: string): SpillwayError {
  return new SpillwayError('ERR_SPILLWAY_CACHE_DUPLICATE', message);
}
