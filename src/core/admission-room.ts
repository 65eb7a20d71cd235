import type { Resource } from './resource.js';

/** A resource as it was read last; bytes. */
export interface RoomReading {
  readonly resource: Resource;
  /** Used beyond this, nothing more is admitted. */
  readonly ceilingBytes: number;
  readonly usedBytes: number;
  /** When it was read: it is not read with every sample. */
  readonly readUs: number;
}

/** Reservations when a sample began; bytes. */
export interface Reservations {
  /** Reserved and not released. */
  readonly outstandingBytes: number;
  /** Reserved since the start, released or not; it only grows. */
  readonly grantedBytes: number;
}

/** What is known of the reservations in one resource since it was read last. */
interface Sight {
  readonly readUs: number;
  readonly grantedBytes: number;
  /** Outstanding bytes that the usage is not known to contain yet. */
  readonly unseenBytes: number;
  /** The highest usage since something is outstanding: only what goes beyond it can be memory that was reserved. */
  readonly highestBytes: number;
  /** How far `grantedBytes` may go. */
  readonly mostGrantedBytes: number;
}

/**
 * How far reservations may go until the next sample. A reservation counts on top of the usage until the usage has grown by as much:
 * memory that was reserved and is allocated must not count twice, and memory that is still to be allocated must not be forgotten.
 * When in doubt it counts twice, until it is released. Pure but for what it remembers.
 */
export class AdmissionRoom {
  readonly #sights = new Map<Resource, Sight>();

  /** @returns what `grantedBytes` may grow to; Infinity where nothing known has a limit. */
  next(readings: readonly RoomReading[], reservations: Reservations): number {
    let mostGrantedBytes = Number.POSITIVE_INFINITY;
    for (const reading of readings) {
      mostGrantedBytes = Math.min(mostGrantedBytes, this.#look(reading, reservations).mostGrantedBytes);
    }
    return mostGrantedBytes;
  }

  #look({ resource, usedBytes, ceilingBytes, readUs }: RoomReading, reservations: Reservations): Sight {
    const { outstandingBytes, grantedBytes } = reservations;
    const before = this.#sights.get(resource);
    if (before?.readUs === readUs) return before;
    const grownBytes = before === undefined ? 0 : Math.max(0, usedBytes - before.highestBytes);
    const addedBytes = grantedBytes - (before?.grantedBytes ?? 0);
    const unseenBytes = Math.min(outstandingBytes, Math.max(0, (before?.unseenBytes ?? 0) + addedBytes - grownBytes));
    const sight = {
      readUs,
      grantedBytes,
      unseenBytes,
      highestBytes: outstandingBytes === 0 ? usedBytes : Math.max(before?.highestBytes ?? 0, usedBytes),
      mostGrantedBytes: grantedBytes + ceilingBytes - usedBytes - unseenBytes,
    };
    this.#sights.set(resource, sight);
    return sight;
  }
}
