/**
 * Several threads under one limit.
 *
 * - What does `reserve` cost when there is room, and does a loop that asks before each allocation ever pass a limit?
 * - What does a byte on the ledger cost against the same byte on private memory, and does a thread slow down when others write theirs?
 * - Does a pool of two threads, each with a cache that alone would fill 512 MiB, die without spillway and finish with it, every time, with
 *   Buffers against the group's limit and with objects against each thread's heap? What is left of the hit rate?
 * - Does the GIF pipeline on pools of 1, 2 and 4 threads?
 *
 * `--quick`: one or two runs of each, a minute and a half instead of ten.
 */

import { describeMachine } from './table.js';
import { compareHitRates, compareSurvival } from './threads/caches.js';
import { compareGifPools } from './threads/gifs.js';
import { compareLedger } from './threads/ledger.js';
import { loopUpToLimits, timeReserve } from './threads/reservations.js';

const QUICK = process.argv.includes('--quick');

console.log(describeMachine());
await timeReserve();
await compareLedger(QUICK ? 3 : 9, QUICK ? 200 : 500);
loopUpToLimits(QUICK ? 1 : 10);
compareSurvival(QUICK ? 2 : 10);
compareHitRates(QUICK ? 1 : 5);
compareGifPools(QUICK ? 1 : 5);
