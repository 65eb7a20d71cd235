import { describe, expect, it } from 'vitest';
import { GhostTable, MOST_HASHES } from '#src/core/ghost-table.js';

describe('GhostTable', () => {
  it('grows once for what it is told to make room for, and not beyond its bound', () => {
    const table = new GhostTable();
    for (let hash = 1; hash <= 100; hash++) table.add(hash, 0);
    table.reserve(10_000);
    const { capacity } = table;
    expect(capacity).toBeGreaterThanOrEqual(20_000);
    for (let hash = 101; hash <= 10_000; hash++) table.add(hash, 0);
    expect(table.capacity).toBe(capacity);
    expect(table.size).toBe(10_000);
    table.reserve(Number.POSITIVE_INFINITY);
    expect(table.capacity).toBe(MOST_HASHES);
    expect(table.take(1)).toBe(0);
    expect(table.take(10_000)).toBe(0);
  });
});
