import {
  emptyReading,
  type Reading,
  ratioOf,
  type Source,
  setOk,
  setUnavailable,
  setUnlimited,
} from '../core/reading.js';
import { KIB } from '../core/units.js';
import { fieldKey, PseudoFile } from './pseudo-file.js';

const RESIDENT = fieldKey('VmRSS');
const SWAPPED = fieldKey('VmSwap');
const DATA = fieldKey('VmData');
const ADDRESS_SPACE_LIMIT = fieldKey('Max address space');
const DATA_LIMIT = fieldKey('Max data size');

/** Columns of /proc/self/statm, in pages (proc_pid_statm(5)). */
const STATM_SIZE = 0;
const STATM_RESIDENT = 1;

/** The page sizes of Linux: 4 KiB nearly everywhere, 16 and 64 KiB on some arm64 and ppc64 kernels, 8 KiB on a few others. */
const PAGE_BYTES = [4 * KIB, 8 * KIB, 16 * KIB, 64 * KIB];

/** The `process` resource, and the resident set that the state shows whether or not anything limits it. Sampler thread. */
export interface ProcessMemory extends Source {
  /** Resident set in bytes, read now, from Node where the system's own file cannot be read; NaN when both fail. */
  readRssBytes(): number;
  /** The resident set that the last reading of either kind saw, bytes; NaN: it saw none. */
  readonly seenRssBytes: number;
}

/**
 * The process as /proc/self tells it. What can end it: the user's own limit (against the resident set), RLIMIT_AS (against the
 * whole address space) and RLIMIT_DATA (against its private writable part, VmData, as the kernel checks it); the reading is the
 * one of these with the highest ratio. All are read again every time, because prlimit(1) changes them while the process runs.
 */
export class LinuxProcessMemory implements ProcessMemory {
  readonly resource = 'process';
  readonly slow = false;
  readonly description: string;
  /** Why the resident set, or the limits set by setrlimit(2), could not be read at the start; null when both could. */
  readonly missingReason: string | null;
  readonly #limitBytes: number | null;
  readonly #statm: PseudoFile;
  readonly #status: PseudoFile;
  readonly #limits: PseudoFile;
  readonly #limitsReadable: boolean;
  readonly #pageBytes: number;
  readonly #candidate: Reading = emptyReading();
  seenRssBytes = Number.NaN;

  /** @param limitBytes the user's own limit for the resident set; null: none. */
  constructor(directory: string, limitBytes: number | null) {
    this.description = `${directory}/statm`;
    this.#limitBytes = limitBytes;
    this.#statm = new PseudoFile(`${directory}/statm`, 128);
    this.#status = new PseudoFile(`${directory}/status`, 4 * KIB);
    this.#limits = new PseudoFile(`${directory}/limits`, 4 * KIB);
    this.#limitsReadable = this.#limits.read();
    this.#pageBytes = this.#deducePageBytes();
    const limitsReason = this.#limitsReadable ? null : this.#limits.reason;
    this.missingReason = Number.isNaN(this.#readResidentBytes()) ? this.#statm.reason : limitsReason;
  }

  readRssBytes(): number {
    const rssBytes = this.#readResidentBytes();
    if (Number.isNaN(rssBytes)) this.seenRssBytes = rssByNode();
    return this.seenRssBytes;
  }

  readInto(reading: Reading): void {
    const rssBytes = this.#readResidentBytes();
    if (Number.isNaN(rssBytes)) {
      setUnavailable(reading, this.#statm.reason);
      return;
    }
    setUnlimited(reading, rssBytes);
    if (this.#limitBytes !== null) this.#keepTighter(reading, rssBytes, this.#limitBytes);
    if (this.#limitsReadable) this.#readKernelLimits(reading);
  }

  facts(): Readonly<Record<string, number>> {
    const facts: Record<string, number> = {};
    if (this.#status.read()) {
      const swappedKib = this.#status.field(SWAPPED);
      if (!Number.isNaN(swappedKib)) facts.swapBytes = swappedKib * KIB;
    }
    if (this.#limits.read()) {
      const addressSpaceBytes = this.#limits.limitField(ADDRESS_SPACE_LIMIT);
      const dataBytes = this.#limits.limitField(DATA_LIMIT);
      if (Number.isFinite(addressSpaceBytes)) facts.addressSpaceLimitBytes = addressSpaceBytes;
      if (Number.isFinite(dataBytes)) facts.dataLimitBytes = dataBytes;
    }
    return facts;
  }

  close(): void {
    this.#statm.close();
    this.#status.close();
    this.#limits.close();
  }

  #readResidentBytes(): number {
    this.seenRssBytes = this.#statm.read() ? this.#statm.column(STATM_RESIDENT) * this.#pageBytes : Number.NaN;
    return this.seenRssBytes;
  }

  #readKernelLimits(reading: Reading): void {
    const limits = this.#limits;
    const addressSpaceBytes = limits.read()
      ? limits.limitField(ADDRESS_SPACE_LIMIT, Number.POSITIVE_INFINITY)
      : Number.NaN;
    const dataBytes = Number.isNaN(addressSpaceBytes)
      ? Number.NaN
      : limits.limitField(DATA_LIMIT, Number.POSITIVE_INFINITY);
    if (Number.isNaN(dataBytes)) {
      setUnavailable(reading, limits.reason);
      return;
    }
    if (addressSpaceBytes !== Number.POSITIVE_INFINITY) {
      this.#keepTighter(reading, this.#statm.column(STATM_SIZE) * this.#pageBytes, addressSpaceBytes);
    }
    if (dataBytes === Number.POSITIVE_INFINITY) return;
    const usedKib = this.#status.read() ? this.#status.field(DATA) : Number.NaN;
    if (Number.isNaN(usedKib)) setUnavailable(reading, this.#status.reason);
    else this.#keepTighter(reading, usedKib * KIB, dataBytes);
  }

  #keepTighter(reading: Reading, usedBytes: number, limitBytes: number): void {
    setOk(this.#candidate, usedBytes, limitBytes);
    if (reading.status !== 'ok' || ratioOf(this.#candidate) > ratioOf(reading)) setOk(reading, usedBytes, limitBytes);
  }

  /** Node does not tell the page size, but VmRSS (KiB) and statm's resident column (pages) count the same thing. */
  #deducePageBytes(): number {
    if (!this.#statm.read() || !this.#status.read()) return 4 * KIB;
    const measured = (this.#status.field(RESIDENT) * KIB) / this.#statm.column(STATM_RESIDENT);
    if (!Number.isFinite(measured)) return 4 * KIB;
    const distance = (bytes: number) => Math.abs(Math.log2(bytes / measured));
    return PAGE_BYTES.reduce((nearest, bytes) => (distance(bytes) < distance(nearest) ? bytes : nearest));
  }
}

/** The process where there is no /proc: its resident set as Node tells it (9 µs), against the user's own limit only. */
export class NodeProcessMemory implements ProcessMemory {
  readonly resource = 'process';
  readonly slow = false;
  readonly description = 'process.memoryUsage.rss()';
  readonly #limitBytes: number | null;
  seenRssBytes = Number.NaN;

  constructor(limitBytes: number | null) {
    this.#limitBytes = limitBytes;
  }

  readRssBytes(): number {
    this.seenRssBytes = rssByNode();
    return this.seenRssBytes;
  }

  readInto(reading: Reading): void {
    const rssBytes = this.readRssBytes();
    if (Number.isNaN(rssBytes)) setUnavailable(reading, `${this.description}: failed`);
    else if (this.#limitBytes === null) setUnlimited(reading, rssBytes);
    else setOk(reading, rssBytes, this.#limitBytes);
  }

  facts(): Readonly<Record<string, number>> {
    return {};
  }

  close(): void {
    // Nothing is held open.
  }
}

/** The resident set by Node's own system call; NaN when it throws, as it does where /proc is not mounted. */
function rssByNode(): number {
  try {
    return process.memoryUsage.rss();
  } catch {
    return Number.NaN;
  }
}
