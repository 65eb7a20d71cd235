import { HEADER, THREAD, threadOffset } from './layout.js';
import { liveThreadRows } from './thread-rows.js';
import { loadTracked, loadWide, storeTracked, storeWide } from './wide.js';

/**
 * Room for reservations between two samples. All threads draw from one count of pages that only grows; the sampler says how far it
 * may go. So no rate of drawing can pass what the last sample left, and giving back makes room only once a sample has seen it.
 */
export const ROOM_PAGE_BYTES = 4096;

/** Farther ahead than this the ceiling is never set (4 TiB), so that the counts compare rightly when they wrap. */
const MOST_PAGES = 2 ** 30;

/** Draws whole pages; O(1), any thread. @returns false when there is no room; nothing is drawn then. */
export function drawPages(words: Int32Array, pages: number): boolean {
  if (pages > MOST_PAGES) return false;
  const granted = Atomics.add(words, HEADER.GRANTED, pages) + pages;
  if (((Atomics.load(words, HEADER.GRANT_CEILING) - granted) | 0) >= 0) return true;
  Atomics.sub(words, HEADER.GRANTED, pages);
  return false;
}

/** Pages drawn so far, modulo 2^32. The sampler takes it before it reads anything else, so that no draw is missed. */
export function loadGrantedPages(words: Int32Array): number {
  return Atomics.load(words, HEADER.GRANTED);
}

/** Opens room beyond what had been drawn when a sample began. Sampler only. @param grantedPages of `loadGrantedPages` then. */
export function storeRoom(words: Int32Array, grantedPages: number, roomBytes: number): void {
  const pages = Math.min(MOST_PAGES, Math.max(0, Math.floor(roomBytes / ROOM_PAGE_BYTES)));
  Atomics.store(words, HEADER.GRANT_CEILING, (grantedPages + pages) | 0);
}

/** Bytes that may be drawn before the next sample. Any thread. */
export function loadRoom(words: Int32Array): number {
  const pages = (Atomics.load(words, HEADER.GRANT_CEILING) - Atomics.load(words, HEADER.GRANTED)) | 0;
  return Math.max(0, pages) * ROOM_PAGE_BYTES;
}

/** Bytes that the thread has reserved and not released. Owner only. */
export function storeReserved(words: Int32Array, row: number, bytes: number): void {
  storeTracked(words, threadOffset(row) + THREAD.RESERVED, bytes);
}

export function loadReserved(words: Int32Array, row: number): number {
  return loadTracked(words, threadOffset(row) + THREAD.RESERVED);
}

/** Joint reservations of the threads that are there. Any thread. */
export function totalReserved(words: Int32Array): number {
  let bytes = 0;
  for (const row of liveThreadRows(words)) bytes += loadReserved(words, row);
  return bytes;
}

/** Asks the sampler for room on behalf of a thread that is about to block. Owner only. @returns the number of the request. */
export function storeNeed(words: Int32Array, row: number, bytes: number): number {
  const at = threadOffset(row);
  const ticket = (Atomics.load(words, at + THREAD.ANSWER) + 1) | 0;
  storeWide(words, at + THREAD.NEED, bytes);
  Atomics.store(words, at + THREAD.NEED_TICKET, ticket);
  return ticket;
}

/** The request of a thread that was not seen to yet; null: there is none. Sampler. */
export function loadNeed(words: Int32Array, row: number): { readonly ticket: number; readonly bytes: number } | null {
  const at = threadOffset(row);
  const ticket = Atomics.load(words, at + THREAD.NEED_TICKET);
  return ticket === Atomics.load(words, at + THREAD.ANSWER)
    ? null
    : { ticket, bytes: loadWide(words, at + THREAD.NEED) };
}

/** Says that the request was seen to. Sampler only. */
export function answerNeed(words: Int32Array, row: number, ticket: number): void {
  Atomics.store(words, threadOffset(row) + THREAD.ANSWER, ticket);
}

export function isNeedAnswered(words: Int32Array, row: number, ticket: number): boolean {
  return Atomics.load(words, threadOffset(row) + THREAD.ANSWER) === ticket;
}
