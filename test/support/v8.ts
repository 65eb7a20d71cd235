/**
 * Whether V8 says, in what it wrote as it aborted, that it gave a heap up before its limit: from 0.8 of it on, once four major collections in a row
 * left that much and took most of the time. On a machine that has other things to do, this comes first.
 */
export function gaveUpEarly(stderr: string): boolean {
  return stderr.includes('Ineffective mark-compacts near heap limit');
}
