// Fills 192 MiB with Buffers of 64 KiB, drops two of three and collects, asks the allocator; prints the resident set after each, MiB.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { openAllocator } from '../../../dist/src/sources/allocator.js';

const BLOCKS = 3072;
const BLOCK_BYTES = 64 * 1024;

const allocator = openAllocator();
if (allocator === null) {
  console.log(JSON.stringify({ allocator: null }));
  process.exit();
}
const residentMib = () => Math.round(process.memoryUsage.rss() / 2 ** 20);
setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc');
const blocks = Array.from({ length: BLOCKS }, () => Buffer.allocUnsafeSlow(BLOCK_BYTES).fill(1));
const filledMib = residentMib();
for (let index = 0; index < BLOCKS; index++) if (index % 3 !== 0) blocks[index] = null;
collect();
collect(); // the second waits for what the first left to be freed beside it
const freedMib = residentMib();
allocator.giveBack();
console.log(JSON.stringify({ filledMib, freedMib, returnedMib: residentMib() }));
