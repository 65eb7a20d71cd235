/** The package types only its entry, which loads all of its twenty modules; this is the one that spillway loads. */
declare module 'systeminformation/lib/memory.js' {
  import type { Systeminformation } from 'systeminformation';

  export function mem(): Promise<Systeminformation.MemData>;
}
