import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach } from 'vitest';
import { emptyReading, type Reading, rejectImpossible } from '#src/core/reading.js';
import { type MissingSource, openSources } from '#src/sources/detect.js';

export interface Tree {
  readonly proc: string;
  readonly cgroup: string;
}

const TREES = fileURLToPath(new URL('../fixtures/trees', import.meta.url));
const temporary: string[] = [];

/** A tree recorded on a real kernel; see test/fixtures/README.md. */
export function recordedTree(name: string): Tree {
  return { proc: join(TREES, name, 'proc'), cgroup: join(TREES, name, 'cgroup') };
}

/** A copy that a test may change; removed after the test. */
export function copyOfTree(name: string): Tree {
  const directory = temporaryDirectory();
  cpSync(join(TREES, name), directory, { recursive: true });
  return { proc: join(directory, 'proc'), cgroup: join(directory, 'cgroup') };
}

/** A tree of these files, by path below its directory; removed after the test. */
export function writtenTree(files: Readonly<Record<string, string>>): Tree {
  const directory = temporaryDirectory();
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), text);
  }
  return { proc: join(directory, 'proc'), cgroup: join(directory, 'cgroup') };
}

export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'spillway-tree-'));
  temporary.push(directory);
  return directory;
}

afterEach(() => {
  for (const directory of temporary.splice(0)) rmSync(directory, { recursive: true, force: true });
});

export interface TreeReadings {
  readonly system: Reading | null;
  readonly container: Reading | null;
  readonly process: Reading | null;
  readonly stall: { readonly some: number; readonly full: number };
  readonly facts: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly descriptions: Readonly<Record<string, string>>;
  readonly missing: readonly MissingSource[];
}

/** Opens the sources of a tree, reads each once, and closes them. */
export async function readTree(roots: Tree, processLimitBytes: number | null = null): Promise<TreeReadings> {
  const opened = await openSources({ roots, processLimitBytes, updateIntervalMs: 5000 }, true);
  const readings: Record<string, Reading> = {};
  const facts: Record<string, Readonly<Record<string, number>>> = {};
  const descriptions: Record<string, string> = {};
  for (const source of opened.sources) {
    const reading = emptyReading();
    source.readInto(reading);
    rejectImpossible(reading);
    readings[source.resource] = reading;
    facts[source.resource] = source.facts();
    descriptions[source.resource] = source.description;
  }
  const stall = { some: 0, full: 0 };
  opened.stall.readInto(stall, 0);
  opened.close();
  return {
    system: readings.system ?? null,
    container: readings.container ?? null,
    process: readings.process ?? null,
    stall,
    facts,
    descriptions,
    missing: opened.missing,
  };
}

/** What a reading says when all is well. */
export function ok(usedBytes: number, limitBytes: number): Reading {
  return { status: 'ok', usedBytes, limitBytes, reason: '' };
}

export function unlimited(usedBytes: number): Reading {
  return { status: 'unlimited', usedBytes, limitBytes: 0, reason: '' };
}

export function unavailable(reason: string): Reading {
  return { status: 'unavailable', usedBytes: 0, limitBytes: 0, reason };
}
