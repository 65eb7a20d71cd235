export const KIB = 1024;
export const MIB = 1024 * KIB;
export const GIB = 1024 * MIB;

/** Bytes per unit; IEC names are powers of 1024, SI names powers of 1000 (IEC 80000-13). Keys are lower case. */
const BYTES_PER_UNIT: Readonly<Record<string, number>> = {
  b: 1,
  kib: KIB,
  mib: MIB,
  gib: GIB,
  tib: 1024 * GIB,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
};

const SIZE_PATTERN = /^(\d+(?:\.\d+)?)\s*([a-z]+)$/i;

/**
 * Reads a size: a whole number of bytes >= 0, or a string such as `'512MiB'`, `'2GB'`, `'1.5 GiB'`.
 * @returns bytes (rounded to a whole number), or `null` when it is not a size.
 */
export function parseBytes(size: unknown): number | null {
  if (typeof size === 'number') return Number.isSafeInteger(size) && size >= 0 ? size : null;
  if (typeof size !== 'string') return null;
  const match = SIZE_PATTERN.exec(size.trim());
  const bytesPerUnit = match?.[2] === undefined ? undefined : BYTES_PER_UNIT[match[2].toLowerCase()];
  if (match?.[1] === undefined || bytesPerUnit === undefined) return null;
  const bytes = Math.round(Number(match[1]) * bytesPerUnit);
  return Number.isSafeInteger(bytes) ? bytes : null;
}

const IEC_UNITS = ['B', 'KiB', 'MiB', 'GiB'];

/** Bytes for people, in IEC units with one decimal below 10: `412 MiB`, `1.5 GiB`, `0 B`. */
export function formatBytes(bytes: number): string {
  let value = Math.round(bytes);
  let unit = 0;
  while (Math.abs(roundForPeople(value)) >= KIB && unit < IEC_UNITS.length - 1) {
    value /= KIB;
    unit++;
  }
  const shown = roundForPeople(value);
  return `${unit > 0 && Math.abs(shown) < 10 ? shown.toFixed(1) : shown} ${IEC_UNITS[unit]}`;
}

function roundForPeople(value: number): number {
  const tenths = Math.round(value * 10) / 10;
  return Math.abs(tenths) < 10 ? tenths : Math.round(value);
}

/** A ratio for people: `0.713` is `71.3 %`. */
export function formatRatio(ratio: number): string {
  return `${(ratio * 100).toFixed(1)} %`;
}
