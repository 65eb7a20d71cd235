import { KIB } from '../core/units.js';
import { type FieldKey, isAbsent, PseudoFile } from './pseudo-file.js';

/** How one version of control groups spells what both have. */
export interface ControlGroupVersion {
  readonly name: 'cgroup v1' | 'cgroup v2';
  /** Files whose presence shows that memory is charged to a directory. */
  readonly signFiles: readonly string[];
  /** The limit at which the kernel kills, and everything that is charged, droppable page cache included. */
  readonly limitFile: string;
  readonly usageFile: string;
  /** Lines of memory.stat; the second name stands in where a kernel has no line of the first. */
  readonly inactiveFileKeys: readonly [FieldKey, FieldKey];
  readonly anonKeys: readonly [FieldKey, FieldKey];
  readonly activeFileKeys: readonly [FieldKey, FieldKey];
  readonly writebackKeys: readonly [FieldKey, FieldKey];
  /** The line of memory.stat with the tightest limit of all ancestors, where there is one. */
  readonly hierarchicalLimitKey: FieldKey | null;
  /** Numbers worth showing: the fact's name, its file, and its line where the file has several. */
  readonly facts: readonly (readonly [fact: string, file: string, key: FieldKey | null])[];
}

/** Files that may not be looked at count as there: reading them will tell why they cannot be read. */
export function hasMemoryController(version: ControlGroupVersion, directory: string): boolean {
  return version.signFiles.some((name) => !isAbsent(`${directory}/${name}`));
}

/**
 * The memory of one control group on the way from the process to the root. Every number is bytes; NaN: it could not be read, and
 * `reason` says why. Descriptors stay open. Sampler thread.
 *
 * The root of a hierarchy has neither a limit nor, in version 2, a usage. Where a file of an ancestor is not there, that of the
 * group below it stands in: too little, but against the right limit.
 */
export class ControlGroup {
  reason = '';
  #hasFreshStat = false;
  readonly #version: ControlGroupVersion;
  readonly #directory: string;
  readonly #below: ControlGroup | null;
  readonly #limit: PseudoFile | null;
  readonly #usage: PseudoFile | null;
  readonly #stat: PseudoFile;

  /**
   * @param path its path in the hierarchy, as the process sees it.
   * @param below the group below, for an ancestor; null for the process's own group.
   */
  constructor(
    version: ControlGroupVersion,
    readonly path: string,
    directory: string,
    below: ControlGroup | null,
  ) {
    this.#version = version;
    this.#directory = directory;
    this.#below = below;
    const { limitFile, usageFile } = version;
    const seen = (name: string) => !isAbsent(`${directory}/${name}`);
    const isRoot = !seen(limitFile) && !seen(usageFile);
    const usagePath = below === null || seen(usageFile) ? `${directory}/${usageFile}` : below.#usage?.path;
    const statPath = below === null || seen('memory.stat') ? `${directory}/memory.stat` : below.#stat.path;
    const hasLimit = seen(limitFile) || (below === null && !isRoot);
    this.#limit = hasLimit ? new PseudoFile(`${directory}/${limitFile}`) : null;
    this.#usage = isRoot || usagePath === undefined ? null : new PseudoFile(usagePath);
    this.#stat = new PseudoFile(statPath, 8 * KIB);
  }

  /** Starts a reading: memory.stat is read at most once in it. */
  beginReading(): void {
    this.#hasFreshStat = false;
  }

  /** The limit at which the kernel kills here, as it stands now; Infinity: none. */
  readLimitBytes(): number {
    const limit = this.#limit;
    const limitBytes = limit === null ? Number.POSITIVE_INFINITY : this.#checked(limit, limit.readLimit());
    const key = this.#version.hierarchicalLimitKey;
    if (key === null || this.#below !== null) return limitBytes;
    const hierarchicalBytes = this.#readStat() ? this.#stat.field(key, -1) : Number.NaN;
    if (hierarchicalBytes === -1) return limitBytes;
    return Math.min(limitBytes, this.#checked(this.#stat, hierarchicalBytes));
  }

  /** Everything that is charged here. */
  readUsageBytes(): number {
    return this.#usage === null ? 0 : this.#checked(this.#usage, this.#usage.readNumber());
  }

  /**
   * What cannot be had back without swapping: `max(usage - inactive_file, anon)`, as Kubernetes counts it, but for page cache that is just being
   * written: the kernel may call it active until that is done, and can drop it then. What is more of it than all that is inactive does not count.
   *
   * The two files are not read at the same instant, and this thread may be put aside in between: so the anonymous memory is the lower bound, and
   * of the usage before and after the statistics the lower one counts. Else page cache that came or was dropped meanwhile would be taken for
   * memory that cannot be had back.
   * @param usageBytes as it was before the statistics of this reading, which `readLimitBytes` may have read.
   */
  readWorkingSetBytes(usageBytes: number): number {
    if (this.#usage === null) return 0;
    if (!this.#readStat()) return this.#checked(this.#stat, Number.NaN);
    const inactiveFileBytes = this.#statField(this.#version.inactiveFileKeys);
    const anonBytes = this.#statField(this.#version.anonKeys);
    const leastBytes = Math.min(usageBytes, this.readUsageBytes());
    const activeFileBytes = this.#statField(this.#version.activeFileKeys, 0);
    const writebackBytes = this.#statField(this.#version.writebackKeys, 0);
    const activeWritebackBytes = Math.min(activeFileBytes, Math.max(0, writebackBytes - inactiveFileBytes));
    return Math.max(leastBytes - inactiveFileBytes - activeWritebackBytes, anonBytes);
  }

  /** Event counters and soft limits, by name, in the unit that the name carries; what cannot be read is left out. Allocates. */
  facts(): Readonly<Record<string, number>> {
    const facts: Record<string, number> = {};
    for (const [fact, name, key] of this.#version.facts) {
      const file = new PseudoFile(`${this.#directory}/${name}`, 256);
      const value = key === null ? file.readLimit() : file.read() ? file.field(key) : Number.NaN;
      if (Number.isFinite(value)) facts[fact] = value;
      file.close();
    }
    return facts;
  }

  close(): void {
    this.#limit?.close();
    this.#usage?.close();
    this.#stat.close();
  }

  #readStat(): boolean {
    this.#hasFreshStat ||= this.#stat.read();
    return this.#hasFreshStat;
  }

  #statField([key, fallbackKey]: readonly [FieldKey, FieldKey], whenAbsent = Number.NaN): number {
    const bytes = this.#stat.field(key, -1);
    return this.#checked(this.#stat, bytes === -1 ? this.#stat.field(fallbackKey, whenAbsent) : bytes);
  }

  #checked(file: PseudoFile, bytes: number): number {
    if (Number.isNaN(bytes)) this.reason = file.reason;
    return bytes;
  }
}
