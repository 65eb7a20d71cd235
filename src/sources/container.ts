import { type Reading, type Source, setOk, setUnavailable, setUnlimited } from '../core/reading.js';
import { KIB } from '../core/units.js';
import { type CgroupLocation, locateCgroup } from './cgroup-location.js';
import { ControlGroup, hasMemoryController } from './control-group.js';
import { type ResolveMountPoint, readCgroupView } from './proc-cgroup.js';
import { PseudoFile } from './pseudo-file.js';

const NOT_VISIBLE = 'no visible control group accounts for the memory of this process';

export interface ContainerOptions {
  /** Directory of the process, `/proc/self`. */
  readonly directory: string;
  readonly resolve: ResolveMountPoint;
  /** Bytes of memory that the machine has; a limit above is none. */
  readonly machineBytes: () => number;
}

/**
 * The tightest memory limit of the process's control group and all its ancestors, of either version. Limits and the
 * membership itself are read anew each time, so a limit that changes and a process that is moved are seen at once. Sampler thread.
 */
export class ContainerSource implements Source {
  readonly resource = 'container';
  readonly slow = false;
  readonly #options: ContainerOptions;
  readonly #membership: PseudoFile;
  /** The bytes of /proc/self/cgroup that `#groups` was found with. */
  #locatedWith: Buffer = Buffer.alloc(0);
  #location: CgroupLocation | null = null;
  #groups: readonly ControlGroup[] = [];
  #tightest: ControlGroup | null = null;

  constructor(options: ContainerOptions) {
    this.#options = options;
    this.#membership = new PseudoFile(`${options.directory}/cgroup`, KIB);
    this.#followMembership();
  }

  /** Why there is nothing to read; null when there is. */
  get missingReason(): string | null {
    if (this.#location !== null) return null;
    return this.#membership.reason || NOT_VISIBLE;
  }

  get description(): string {
    if (this.#location === null) return 'control group';
    const own = `${this.#location.version.name} ${nameOf(this.#groups[0])}`;
    const place = this.#location.isApproximate ? `${own} (its own group is not visible)` : own;
    return this.#tightest === null || this.#tightest === this.#groups[0]
      ? place
      : `${place}, limited by ${nameOf(this.#tightest)}`;
  }

  readInto(reading: Reading): void {
    const isKnown = this.#followMembership();
    const own = this.#groups[0];
    if (!isKnown || own === undefined) {
      setUnavailable(reading, isKnown ? NOT_VISIBLE : this.#membership.reason);
      return;
    }
    this.#tightest = readTightest(this.#groups, this.#options.machineBytes(), reading);
    if (this.#tightest === null && reading.status !== 'unavailable') readUnlimited(own, reading);
  }

  facts(): Readonly<Record<string, number>> {
    const facts = { ...this.#groups[0]?.facts() };
    // An ancestor's memory.high throttles this process as well.
    for (const ancestor of this.#groups.slice(1)) {
      const highBytes = ancestor.facts().highBytes ?? Number.POSITIVE_INFINITY;
      if (highBytes < (facts.highBytes ?? Number.POSITIVE_INFINITY)) facts.highBytes = highBytes;
    }
    return facts;
  }

  close(): void {
    this.#membership.close();
    this.#closeGroups();
  }

  /** @returns false when the membership cannot be read. */
  #followMembership(): boolean {
    if (!this.#membership.read()) return false;
    if (this.#membership.equals(this.#locatedWith) && !isChargedBelow(this.#location)) return true;
    this.#locatedWith = this.#membership.copyBytes();
    this.#closeGroups();
    this.#location = locateCgroup(readCgroupView(this.#options.directory, this.#options.resolve));
    this.#groups = openGroups(this.#location);
    return true;
  }

  #closeGroups(): void {
    for (const group of this.#groups) group.close();
    this.#groups = [];
    this.#tightest = null;
    this.#location = null;
  }
}

/** Whether a group closer to the process accounts for its memory since the location was found, as systemd can order at any time. */
function isChargedBelow(location: CgroupLocation | null): boolean {
  return location?.uncharged.some(({ directory }) => hasMemoryController(location.version, directory)) ?? false;
}

function nameOf(group: ControlGroup | undefined): string {
  return group === undefined || group.path === '' ? '/' : group.path;
}

function openGroups(location: CgroupLocation | null): ControlGroup[] {
  const groups: ControlGroup[] = [];
  for (const { path, directory } of location?.directories ?? []) {
    if (location !== null) groups.push(new ControlGroup(location.version, path, directory, groups.at(-1) ?? null));
  }
  return groups;
}

/**
 * Fills `reading` from the group that is closest to its limit. An ancestor's own working set counts against its limit: a pod's
 * limit kills for what all its containers hold together. A limit above the machine's memory is none.
 * @returns the group that was taken; null when none limits, or when one could not be read (the reading is then unavailable).
 */
function readTightest(groups: readonly ControlGroup[], machineBytes: number, reading: Reading): ControlGroup | null {
  let tightest: ControlGroup | null = null;
  let highestRatio = -1;
  for (const group of groups) {
    group.beginReading();
    const usageBytes = group.readUsageBytes();
    const limitBytes = group.readLimitBytes();
    if (limitBytes === Number.POSITIVE_INFINITY || limitBytes > machineBytes) continue;
    // memory.stat is by far the dearest file (the kernel sums up every CPU and group below), so it is read only where it can matter.
    if (usageBytes / limitBytes <= highestRatio) continue;
    const isRead = !Number.isNaN(usageBytes) && !Number.isNaN(limitBytes);
    const usedBytes = isRead ? group.readWorkingSetBytes(usageBytes) : Number.NaN;
    if (Number.isNaN(usedBytes)) {
      setUnavailable(reading, group.reason);
      return null;
    }
    if (usedBytes / limitBytes <= highestRatio) continue;
    highestRatio = usedBytes / limitBytes;
    tightest = group;
    setOk(reading, usedBytes, limitBytes);
  }
  if (tightest === null) setUnlimited(reading, 0);
  return tightest;
}

function readUnlimited(own: ControlGroup, reading: Reading): void {
  const usageBytes = own.readUsageBytes();
  const usedBytes = Number.isNaN(usageBytes) ? usageBytes : own.readWorkingSetBytes(usageBytes);
  if (Number.isNaN(usedBytes)) setUnavailable(reading, own.reason);
  else setUnlimited(reading, usedBytes);
}
