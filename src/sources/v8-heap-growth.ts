import { setFlagsFromString } from 'node:v8';

/** Sets by how many percent of what lives a heap of this process may grow between two collections; 0: as V8 thinks best. Any thread. */
export type SetHeapGrowth = (percent: number) => void;

const FLAG = 'heap-growing-percent';

/**
 * V8's flag for all heaps of the process; it is read at the end of each major collection. While it is not 0, V8 refuses code that was cached
 * with another value, and compiles it anew.
 * @returns null where the user gave the flag, which is then left alone.
 */
export function findHeapGrowth(execArgv: readonly string[], nodeOptions: string): SetHeapGrowth | null {
  const given = [...execArgv, nodeOptions].join(' ').replaceAll('_', '-');
  if (given.includes(FLAG)) return null;
  return (percent) => setFlagsFromString(`--${FLAG}=${percent}`);
}
