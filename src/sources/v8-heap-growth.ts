import { setFlagsFromString } from 'node:v8';

const FLAG = 'heap-growing-percent';

/** Whether Node was started with the flag. @param execArgv of the process; a thread may have been given others. */
export function isHeapGrowthGiven(execArgv: readonly string[]): boolean {
  return execArgv.some((argument) => argument.replaceAll('_', '-').startsWith(`--${FLAG}`));
}

/**
 * Sets by how many percent of what lives a heap may grow between two collections; 0: as V8 thinks best. One flag for all heaps of the process, which
 * V8 reads at the end of each major collection. While it is not 0, V8 refuses code that was cached with another value, and the other way round.
 * Any thread.
 */
export function setHeapGrowth(percent: number): void {
  setFlagsFromString(`--${FLAG}=${percent}`);
}
