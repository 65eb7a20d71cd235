import { monotonicUs } from '../../page/clock.js';
import type { CacheAccount } from '../account.js';
import type { CacheAdapter } from '../contract.js';
import { Overlay } from '../overlay.js';
import type { SizeOf } from '../size-of.js';

/** Entries between two looks at the clock. Source: 16 to 64 pops of lru-cache take 2 to 12 µs, well under a slice. */
const ENTRIES_PER_LOOK = 32;

/**
 * A Map as a cache. Entries are dropped by last use, kept in a side table of sizes, so that the order that the Map itself
 * shows (insertion) never changes. `get` counts as use, `has` and iteration do not.
 */
export function adaptMap<K, V>(map: Map<K, V>, sizeOf: SizeOf<K, V>, account: CacheAccount): CacheAdapter {
  const overlay = new Overlay(map);
  const bareGet = map.get;
  const bareSet = map.set;
  const bareDelete = map.delete;
  const bareClear = map.clear;
  const sizes = new Map<K, number>();
  let totalBytes = 0;

  const remember = (key: K, bytes: number) => {
    const before = sizes.get(key);
    if (before !== undefined) sizes.delete(key);
    sizes.set(key, bytes);
    totalBytes += bytes - (before ?? 0);
  };
  const forget = (key: K) => {
    totalBytes -= sizes.get(key) ?? 0;
    sizes.delete(key);
  };

  for (const [key, value] of map) remember(key, sizeOf(value, key));

  overlay.lay('get', function get(key: K): V | undefined {
    const value = bareGet.call(map, key);
    const bytes = sizes.get(key);
    if (bytes !== undefined) {
      sizes.delete(key);
      sizes.set(key, bytes);
    }
    account.wasRead(key, bytes !== undefined);
    return value;
  });
  overlay.lay('set', function set(key: K, value: V): Map<K, V> {
    bareSet.call(map, key, value);
    account.enter(); // sizeOf is the user's
    try {
      remember(key, sizeOf(value, key));
    } finally {
      account.leave();
    }
    account.put(totalBytes, 0);
    return map;
  });
  overlay.lay('delete', function remove(key: K): boolean {
    const held = bareDelete.call(map, key);
    forget(key);
    account.changed(totalBytes);
    return held;
  });
  overlay.lay('clear', function clear(): void {
    bareClear.call(map);
    sizes.clear();
    totalBytes = 0;
    account.changed(0);
  });
  // Newer Nodes have these two; V8's own do not call set.
  for (const name of ['getOrInsert', 'getOrInsertComputed']) {
    const bare: unknown = Reflect.get(map, name);
    if (typeof bare !== 'function') continue;
    overlay.lay(name, function around(key: K, ...rest: unknown[]) {
      return account.around(
        () => Reflect.apply(bare, map, [key, ...rest]),
        () => map.has(key),
        (isHit) => {
          account.wasRead(key, isHit);
          const value = bareGet.call(map, key);
          if (isHit || !map.has(key)) return;
          remember(key, sizeOf(value as V, key));
          account.put(totalBytes, 0);
        },
      );
    });
  }

  return {
    kind: 'map',
    bytes: () => totalBytes,
    entries: () => map.size,
    drop(bytes, floorBytes, sliceEndUs) {
      const targetBytes = Math.max(floorBytes, totalBytes - bytes);
      let dropped = 0;
      for (const [key, entryBytes] of sizes) {
        if (totalBytes <= targetBytes || totalBytes - entryBytes < floorBytes || overlay.isLifted) break;
        bareDelete.call(map, key);
        forget(key);
        account.dropped(key);
        if (++dropped % ENTRIES_PER_LOOK === 0 && monotonicUs() >= sliceEndUs) break;
      }
      return undefined;
    },
    detach: () => overlay.lift(),
  };
}
