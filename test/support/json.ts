/** Paths of everything in a payload that JSON cannot carry: NaN, infinite numbers, undefined, functions, bigints. */
export function unfitForJson(payload: unknown, path = '$'): string[] {
  if (typeof payload === 'number') return Number.isFinite(payload) ? [] : [`${path}: ${payload}`];
  if (payload === null || typeof payload === 'string' || typeof payload === 'boolean') return [];
  if (typeof payload !== 'object') return [`${path}: ${typeof payload}`];
  return Object.entries(payload).flatMap(([key, value]) => unfitForJson(value, `${path}.${key}`));
}
