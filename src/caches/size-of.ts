import { describeValue, reasonOf } from '../core/errors.js';

/** Tells the bytes of an entry and what to do when it cannot. */
export type SizeOf<K, V> = (value: V, key: K) => number;

/**
 * The size of an entry without the user's help: buffers and typed arrays by their bytes, strings by two bytes a character
 * (the upper bound of V8's two encodings), numbers and booleans by one 8-byte word. Anything else is unknown: NaN.
 */
export function measuredSize(value: unknown): number {
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer || value instanceof SharedArrayBuffer) {
    return value.byteLength;
  }
  if (typeof value === 'string') return value.length * 2;
  if (typeof value === 'number' || typeof value === 'boolean') return 8;
  return Number.NaN;
}

/**
 * A `sizeOf` that cannot harm: one that throws, or answers with something not finite and >= 0, makes the entry count as 0 and
 * is reported through `onFault`, each time; the caller decides how often to warn.
 */
export function safeSizeOf<K, V>(sizeOf: SizeOf<K, V> | undefined, onFault: (reason: string) => void): SizeOf<K, V> {
  const measure: SizeOf<K, V> = sizeOf ?? measuredSize;
  return (value, key) => {
    let bytes: number;
    try {
      bytes = measure(value, key);
    } catch (error) {
      onFault(`sizeOf threw: ${reasonOf(error)}`);
      return 0;
    }
    if (Number.isFinite(bytes) && bytes >= 0) return bytes;
    onFault(
      sizeOf === undefined ? 'the entry cannot be measured without sizeOf' : `sizeOf answered ${describeValue(bytes)}`,
    );
    return 0;
  };
}
