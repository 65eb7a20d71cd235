import { type Reading, type Source, setOk, setUnavailable } from '../core/reading.js';
import { KIB } from '../core/units.js';
import { fieldKey, PseudoFile } from './pseudo-file.js';

const MEM_TOTAL = fieldKey('MemTotal');
const MEM_AVAILABLE = fieldKey('MemAvailable');
const MEM_FREE = fieldKey('MemFree');
const BUFFERS = fieldKey('Buffers');
const CACHED = fieldKey('Cached');
const RECLAIMABLE = fieldKey('SReclaimable');
const SHARED = fieldKey('Shmem');
const SWAP_TOTAL = fieldKey('SwapTotal');
const SWAP_FREE = fieldKey('SwapFree');

/**
 * The machine's memory from /proc/meminfo: `MemTotal - MemAvailable` of `MemTotal`. `MemAvailable` is the kernel's own estimate of
 * what can be had without swapping (proc(5), since Linux 3.14). Kernels without it: what `free` called available before,
 * MemFree + Buffers + Cached + SReclaimable - Shmem; tmpfs pages are counted in Cached and cannot be dropped. Sampler thread.
 */
export class MeminfoSource implements Source {
  readonly resource = 'system';
  readonly slow = false;
  readonly description: string;
  /** Bytes of memory that the machine has, as last read; Infinity while unknown, so that no limit is taken for a larger one. */
  totalBytes = Number.POSITIVE_INFINITY;
  /** Why it could not be read at the start; null when it could. */
  readonly missingReason: string | null;
  readonly #file: PseudoFile;

  constructor(path: string) {
    this.description = path;
    this.#file = new PseudoFile(path, 4 * KIB);
    this.missingReason = this.#readTotal() ? null : this.#file.reason;
  }

  readInto(reading: Reading): void {
    const availableKib = this.#readTotal() ? this.#availableKib() : Number.NaN;
    if (Number.isNaN(availableKib)) setUnavailable(reading, this.#file.reason);
    else setOk(reading, this.totalBytes - availableKib * KIB, this.totalBytes);
  }

  facts(): Readonly<Record<string, number>> {
    if (!this.#file.read()) return {};
    const totalKib = this.#file.field(SWAP_TOTAL);
    const freeKib = this.#file.field(SWAP_FREE);
    if (Number.isNaN(totalKib) || Number.isNaN(freeKib)) return {};
    return { swapTotalBytes: totalKib * KIB, swapUsedBytes: (totalKib - freeKib) * KIB };
  }

  close(): void {
    this.#file.close();
  }

  #readTotal(): boolean {
    if (!this.#file.read()) return false;
    const totalKib = this.#file.field(MEM_TOTAL);
    if (Number.isNaN(totalKib)) return false;
    this.totalBytes = totalKib * KIB;
    return true;
  }

  #availableKib(): number {
    const file = this.#file;
    const availableKib = file.field(MEM_AVAILABLE, -1);
    if (availableKib !== -1) return availableKib;
    const freeKib = file.field(MEM_FREE);
    const cachesKib = file.field(BUFFERS, 0) + file.field(CACHED, 0) + file.field(RECLAIMABLE, 0);
    return freeKib + Math.max(0, cachesKib - file.field(SHARED, 0));
  }
}
