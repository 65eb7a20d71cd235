import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';

/** A label inside a line, such as `total=`. */
export type FieldLabel = Buffer;

export function fieldLabel(name: string): FieldLabel {
  return Buffer.from(`${name}=`, 'latin1');
}

/** A key of a "key value" file, with the line break before it: so it is found only at the start of a line. */
export type FieldKey = Buffer;

export function fieldKey(name: string): FieldKey {
  return Buffer.from(`\n${name}`, 'latin1');
}

const NEWLINE = 10;
const QUOTED_CHARACTERS = 40;
/** The words with which the kernel says "no limit": cgroup v2 files, and /proc/self/limits. */
const NO_LIMIT_WORDS = [Buffer.from('max', 'latin1'), Buffer.from('unlimited', 'latin1')];

function isBlank(byte: number | undefined): boolean {
  return byte === 32 || byte === 9;
}

function isDigit(byte: number | undefined): byte is number {
  return byte !== undefined && byte >= 48 && byte <= 57;
}

/** The stable words for a failed system call; ENODEV is what an open file of a removed control group answers. */
export function describeSystemError(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
    case 'ENODEV':
    case 'ESRCH':
      return 'missing';
    case 'EACCES':
    case 'EPERM':
      return 'no permission';
    case 'EOPNOTSUPP':
    case 'ENOTSUP':
      return 'switched off in the kernel';
    case 'EISDIR':
      return 'a directory';
    default:
      return code;
  }
}

/** Whether there is nothing at `path`. What may not be looked at is not absent: nobody can tell. */
export function isAbsent(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) === undefined;
  } catch (error) {
    return describeSystemError(error) === 'missing';
  }
}

/**
 * A small text file that is read again and again: its descriptor stays open, its bytes land in one buffer that is reused, and
 * numbers are parsed from those bytes, so a reading allocates nothing. Nothing here throws: what fails returns false or NaN and
 * leaves its `reason` as `<path>: <words>`.
 *
 * Only files of the kernel keep their descriptor. They have no size of their own (stat says 0), and the kernel answers ENODEV or
 * new contents when they are gone or changed. A file with a size is a recorded one, which could be removed or replaced behind an
 * open descriptor, so it is opened for every read.
 */
export class PseudoFile {
  /** Why the last call failed; empty after one that did not. */
  reason = '';
  #descriptor = -1;
  /** Byte 0 is a line break that is never overwritten, so that the first line is found like any other. */
  #bytes: Buffer;
  #end = 1;

  constructor(
    readonly path: string,
    capacityBytes = 64,
  ) {
    this.#bytes = Buffer.alloc(capacityBytes + 1);
    this.#bytes[0] = NEWLINE;
  }

  /** Reads the whole file into the buffer. @returns false when it could not, or when it is empty. */
  read(): boolean {
    if (this.#descriptor !== -1 && this.#fill() && this.#end > 1) return true;
    this.close();
    if (!this.#open() || !this.#fill()) {
      this.close();
      return false;
    }
    if (this.#hasSize()) this.close();
    return this.#end > 1 || this.#fail('empty');
  }

  /** Reads the file and gives its only number, a whole one >= 0. NaN with a `reason` when it could not be read or is none. */
  readNumber(): number {
    return this.read() ? this.#numberAt(1, false) : Number.NaN;
  }

  /** Like `readNumber`, and Infinity for the kernel's words for "no limit". */
  readLimit(): number {
    return this.read() ? this.#numberAt(1, true) : Number.NaN;
  }

  /** The whole number on the line that starts with `key`, Infinity beyond 2^53; `whenAbsent` if there is no such line. NaN with a `reason` when it is none. */
  field(key: FieldKey, whenAbsent = Number.NaN): number {
    return this.#fieldAt(key, false, whenAbsent);
  }

  /** Like `field`, and Infinity for the kernel's words for "no limit". */
  limitField(key: FieldKey, whenAbsent = Number.NaN): number {
    return this.#fieldAt(key, true, whenAbsent);
  }

  /** The number after `label` on the line that starts with `key` ("some avg10=0.00 total=12"); fractions are read as well. */
  labelled(key: FieldKey, label: FieldLabel): number {
    const line = this.#findField(key);
    const at = line === -1 ? -1 : this.#bytes.indexOf(label, line);
    if (at === -1 || at >= this.#lineEnd(line))
      return this.#failNumber(`no "${key.toString('latin1', 1)} ... ${label}"`);
    return this.#numberAt(at + label.length, false, true);
  }

  /** The n-th number (from 0) of a line of numbers, as in /proc/self/statm. */
  column(index: number): number {
    let at = 1;
    for (let passed = 0; passed < index; passed++) {
      while (at < this.#end && !isBlank(this.#bytes[at])) at++;
      while (at < this.#end && isBlank(this.#bytes[at])) at++;
    }
    return at < this.#end ? this.#numberAt(at, false) : this.#failNumber(`no column ${index}`);
  }

  /** The text of the last read. Allocates: for files that are read once, and for failures. */
  text(): string {
    return this.#bytes.toString('utf8', 1, this.#end);
  }

  /** Whether the last read found exactly `contents`. */
  equals(contents: Buffer): boolean {
    const length = this.#end - 1;
    return contents.length === length && this.#bytes.compare(contents, 0, length, 1, this.#end) === 0;
  }

  /** The bytes of the last read, copied. */
  copyBytes(): Buffer {
    return Buffer.from(this.#bytes.subarray(1, this.#end));
  }

  /** Gives the descriptor back; a later `read` opens the file again. */
  close(): void {
    if (this.#descriptor === -1) return;
    const descriptor = this.#descriptor;
    this.#descriptor = -1;
    try {
      closeSync(descriptor);
    } catch (error) {
      this.#fail(describeSystemError(error));
    }
  }

  #open(): boolean {
    try {
      this.#descriptor = openSync(this.path, 'r');
      return true;
    } catch (error) {
      return this.#fail(describeSystemError(error));
    }
  }

  /** Asked after reading: a recorded file may have been empty a moment ago, while it was being written. */
  #hasSize(): boolean {
    try {
      return this.#end === 1 || fstatSync(this.#descriptor).size > 0;
    } catch {
      return true; // What cannot be told is opened anew for every read.
    }
  }

  #fill(): boolean {
    try {
      for (;;) {
        const capacity = this.#bytes.length - 1;
        const length = readSync(this.#descriptor, this.#bytes, 1, capacity, 0);
        this.#end = length + 1;
        if (length < capacity) break;
        this.#bytes = Buffer.alloc(capacity * 2 + 1);
        this.#bytes[0] = NEWLINE;
      }
      this.reason = '';
      return true;
    } catch (error) {
      return this.#fail(describeSystemError(error));
    }
  }

  #fieldAt(key: FieldKey, wordsAllowed: boolean, whenAbsent: number): number {
    const at = this.#findField(key);
    if (at !== -1) return this.#numberAt(at, wordsAllowed);
    return Number.isNaN(whenAbsent) ? this.#failNumber(`no line "${key.toString('latin1', 1)}"`) : whenAbsent;
  }

  /** Where the value of the line starts, or -1. Bytes beyond the end are left over from an earlier, longer read. */
  #findField(key: FieldKey): number {
    for (let at = this.#bytes.indexOf(key); at !== -1; at = this.#bytes.indexOf(key, at + 1)) {
      let value = at + key.length;
      if (value > this.#end) return -1;
      if (this.#bytes[value] === 58) value++;
      else if (!isBlank(this.#bytes[value])) continue;
      while (value < this.#end && isBlank(this.#bytes[value])) value++;
      return value;
    }
    return -1;
  }

  #lineEnd(at: number): number {
    const end = this.#bytes.indexOf(NEWLINE, at);
    return end === -1 || end > this.#end ? this.#end : end;
  }

  #numberAt(start: number, wordsAllowed: boolean, fractionAllowed = false): number {
    let at = start;
    let value = 0;
    while (at < this.#end && isDigit(this.#bytes[at])) value = value * 10 + this.#digitAt(at++);
    const wholeDigits = at - start;
    if (fractionAllowed && wholeDigits > 0 && this.#bytes[at] === 46) {
      let scale = 0.1;
      for (at++; at < this.#end && isDigit(this.#bytes[at]); scale /= 10) value += this.#digitAt(at++) * scale;
    }
    if (wholeDigits > 0 && this.#endsValue(at))
      return value > Number.MAX_SAFE_INTEGER ? Number.POSITIVE_INFINITY : value;
    if (wordsAllowed && this.#isNoLimitWord(start)) return Number.POSITIVE_INFINITY;
    const end = Math.min(this.#lineEnd(start), start + QUOTED_CHARACTERS);
    return this.#failNumber(`not a number: ${JSON.stringify(this.#bytes.toString('utf8', start, end))}`);
  }

  #digitAt(at: number): number {
    return (this.#bytes[at] ?? 48) - 48;
  }

  #endsValue(at: number): boolean {
    return at >= this.#end || this.#bytes[at] === NEWLINE || isBlank(this.#bytes[at]);
  }

  #isNoLimitWord(start: number): boolean {
    for (const word of NO_LIMIT_WORDS) {
      const end = start + word.length;
      if (end <= this.#end && this.#bytes.compare(word, 0, word.length, start, end) === 0 && this.#endsValue(end))
        return true;
    }
    return false;
  }

  #failNumber(words: string): number {
    this.#fail(words);
    return Number.NaN;
  }

  #fail(words: string): false {
    this.reason = `${this.path}: ${words}`;
    return false;
  }
}
