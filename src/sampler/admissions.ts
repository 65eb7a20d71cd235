import { AdmissionRoom, type RoomReading } from '../core/admission-room.js';
import { loadGrantedPages, ROOM_PAGE_BYTES, storeRoom, totalReserved } from '../page/room.js';
import type { Assessment } from './assessment.js';

/** Opens room for reservations with every sample. Runs where the sampler runs. */
export class Admissions {
  readonly #words: Int32Array;
  readonly #room = new AdmissionRoom();
  /** Modulo 2^32, as it stands on the page; and all of it. */
  #grantedPages: number;
  #grantedBytes = 0;
  #outstandingBytes = 0;

  constructor(words: Int32Array) {
    this.#words = words;
    this.#grantedPages = loadGrantedPages(words);
  }

  /** To be called before anything is read: what is reserved from here on counts against the coming sample. */
  beforeSample(): void {
    const grantedPages = loadGrantedPages(this.#words);
    this.#grantedBytes += ((grantedPages - this.#grantedPages) | 0) * ROOM_PAGE_BYTES;
    this.#grantedPages = grantedPages;
    this.#outstandingBytes = totalReserved(this.#words);
  }

  /** V8's heaps are left to the threads that own them: who reserves does not say which memory it is for. */
  afterSample(assessments: readonly Assessment[]): void {
    const readings: RoomReading[] = [];
    for (const { resource, known, usedBytes, limitBytes, thresholds, readUs } of assessments) {
      if (!known || resource === 'heap') continue;
      readings.push({ resource, usedBytes, ceilingBytes: thresholds.emergency * limitBytes, readUs });
    }
    const reservations = { outstandingBytes: this.#outstandingBytes, grantedBytes: this.#grantedBytes };
    storeRoom(this.#words, this.#grantedPages, this.#room.next(readings, reservations) - this.#grantedBytes);
  }
}
