import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import type { Source } from '../core/reading.js';
import type { ResourceName } from '../core/resource.js';
import { type Allocator, openAllocator } from './allocator.js';
import { locateUnifiedDirectory } from './cgroup-location.js';
import { ContainerSource } from './container.js';
import { MeminfoSource } from './meminfo.js';
import { PortableMemory } from './portable.js';
import { type ResolveMountPoint, readCgroupView } from './proc-cgroup.js';
import { LinuxProcessMemory, NodeProcessMemory } from './process-memory.js';
import { type StallShares, StallSource, setStallUnknown } from './stall.js';
import { setHeapGrowth } from './v8-heap-growth.js';

/** The part of the settings that decides what is read. */
export interface SourceSettings {
  /** A recorded tree to read instead of /proc and /sys/fs/cgroup; null: the real ones. */
  readonly roots: { readonly proc: string; readonly cgroup: string } | null;
  /** The user's own limit for the resident set of the process, bytes; null: none. */
  readonly processLimitBytes: number | null;
  /** The calm cadence: a source that is `slow` is asked no more often. */
  readonly updateIntervalMs: number;
}

export interface MissingSource {
  readonly name: Exclude<ResourceName, 'heap'> | 'stall';
  readonly reason: string;
}

/**
 * Everything that can be read here, but for the heap: every thread reads its own, with `HeapReader`. Nothing throws, and on Linux
 * nothing allocates in the steady state. All of it belongs to the thread that opened it.
 */
export interface SourceSet {
  /** One source for each resource that exists here. `process` is always among them: `unlimited` while nothing limits it. */
  readonly sources: readonly Source[];
  readonly stall: { readInto(shares: StallShares, nowUs: number): void };
  /** What this platform or machine does not have, or did not let be read at the start, and why. */
  readonly missing: readonly MissingSource[];
  /** Resident set of the process, read now, whether or not anything limits it; NaN when it cannot be read. */
  rssBytes(): number;
  /** The same as it was seen last, by that or with the `process` resource; NaN: not then. */
  seenRssBytes(): number;
  /** Loads what can tell the allocator of this process to give back its free pages: some ms; null: nothing can. */
  readonly openAllocator: () => Allocator | null;
  /** Sets by how many percent heaps may grow between two collections; 0: as V8 thinks best. */
  readonly setHeapGrowth: (percent: number) => void;
  /** Gives every descriptor back. */
  close(): void;
}

const CGROUP_ROOT = '/sys/fs/cgroup';

/**
 * Opens the sources of this platform; a recorded tree is read on any platform. The only place that asks for the platform.
 * @param ownThread whether the calling thread has nothing to do but sample, so that a slow source may be asked on it.
 * @returns once slow sources have their first answer: at once on Linux, within 3 s elsewhere. Never rejects.
 */
export async function openSources(settings: SourceSettings, ownThread: boolean): Promise<SourceSet> {
  const { roots } = settings;
  if (roots !== null) return openLinux(settings, roots.proc, roots.cgroup);
  // A Linux process without /proc (a bare chroot) is read like one of any other platform.
  const hasProc = process.platform === 'linux' && existsSync('/proc/meminfo');
  return hasProc ? openLinux(settings, '/proc', null) : openPortable(settings, ownThread);
}

async function openPortable(settings: SourceSettings, ownThread: boolean): Promise<SourceSet> {
  const system = new PortableMemory({ calmIntervalMs: settings.updateIntervalMs, mayAsk: ownThread });
  await system.ready;
  const ofProcess = new NodeProcessMemory(settings.processLimitBytes);
  const reason = process.platform === 'linux' ? '/proc: missing' : `not on ${process.platform}`;
  return {
    sources: [system, ofProcess],
    stall: { readInto: setStallUnknown },
    missing: [
      { name: 'container', reason },
      { name: 'stall', reason },
    ],
    rssBytes: () => ofProcess.readRssBytes(),
    seenRssBytes: () => ofProcess.seenRssBytes,
    openAllocator,
    setHeapGrowth,
    close: () => system.close(),
  };
}

function openLinux(settings: SourceSettings, proc: string, recordedCgroupRoot: string | null): SourceSet {
  const resolve = mountPointResolver(recordedCgroupRoot);
  const meminfo = new MeminfoSource(`${proc}/meminfo`);
  const container = new ContainerSource({ directory: `${proc}/self`, resolve, machineBytes: () => meminfo.totalBytes });
  const ofProcess = new LinuxProcessMemory(`${proc}/self`, settings.processLimitBytes);
  const stall = new StallSource(stallPaths(proc, resolve));
  const opened = [meminfo, container, ofProcess, stall];
  return {
    sources: container.missingReason === null ? [meminfo, container, ofProcess] : [meminfo, ofProcess],
    stall,
    missing: [
      ...missingIf('system', meminfo.missingReason),
      ...missingIf('container', container.missingReason),
      ...missingIf('process', ofProcess.missingReason),
      ...missingIf('stall', stall.missingReason),
    ],
    rssBytes: () => ofProcess.readRssBytes(),
    seenRssBytes: () => ofProcess.seenRssBytes,
    openAllocator,
    setHeapGrowth,
    close() {
      for (const source of opened) source.close();
    },
  };
}

function missingIf(name: MissingSource['name'], reason: string | null): MissingSource[] {
  return reason === null ? [] : [{ name, reason }];
}

/**
 * Where a mount point of mountinfo is looked for: at itself, or in the recorded tree that stands for /sys/fs/cgroup. A hierarchy
 * that is mounted elsewhere is looked for under its full path there, then under its last name, then at the root of the tree.
 */
function mountPointResolver(recordedRoot: string | null): ResolveMountPoint {
  if (recordedRoot === null) return (mountPoint) => mountPoint;
  const root = recordedRoot.replace(/\/+$/, '');
  return (mountPoint) => {
    if (mountPoint === CGROUP_ROOT || mountPoint.startsWith(`${CGROUP_ROOT}/`))
      return root + mountPoint.slice(CGROUP_ROOT.length);
    if (mountPoint === root || mountPoint.startsWith(`${root}/`)) return mountPoint;
    return [root + mountPoint, `${root}/${basename(mountPoint)}`].find((path) => existsSync(path)) ?? root;
  };
}

/** The pressure files to try: that of the own control group (version 2, whether or not memory is accounted there), the machine's. */
function stallPaths(proc: string, resolve: ResolveMountPoint): string[] {
  const unified = locateUnifiedDirectory(readCgroupView(`${proc}/self`, resolve));
  const machine = `${proc}/pressure/memory`;
  return unified === null ? [machine] : [`${unified}/memory.pressure`, machine];
}
