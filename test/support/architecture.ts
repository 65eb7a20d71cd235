import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

/** Source text by path from the root of the repository, with `/` between the parts. */
export type Sources = ReadonlyMap<string, string>;

/**
 * The order of the folders under src/: a file imports from a lower rank, or from its own folder. The feed and the inspection know
 * a runtime by `core/observed-pressure` only, so that a runtime can start them. The edge (4 and up) has an order of its own, because the
 * demo shows the live page and the live view, and the command line starts all of them.
 */
export const RANKS: Readonly<Record<string, number>> = {
  core: 0,
  page: 1,
  sources: 1,
  sampler: 2,
  caches: 2,
  feed: 2,
  inspect: 2.1,
  runtime: 3,
  integrations: 4,
  telemetry: 4,
  dashboard: 4,
  terminal: 4,
  demo: 4.1,
  cli: 4.2,
};

/** Files longer than this are reported; longer than `LONGEST_FILE` they are refused. */
export const LONG_FILE = 300;
export const LONGEST_FILE = 400;

/** Every TypeScript file under `folders`, from the working directory. */
export function readSources(...folders: string[]): Sources {
  const sources = new Map<string, string>();
  for (const folder of folders) {
    for (const entry of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
      const path = join(folder, entry).replaceAll('\\', '/');
      if (path.endsWith('.ts')) sources.set(path, readFileSync(path, 'utf8'));
    }
  }
  return sources;
}

/** What breaks the rules of the house, one sentence each, naming the file. */
export function violations(sources: Sources): string[] {
  return [
    ...rankViolations(sources),
    ...cycles(sources).map((cycle) => `import cycle: ${cycle.join(' -> ')}`),
    ...confinementViolations(sources),
    ...[...sources]
      .filter(([, text]) => lineCount(text) > LONGEST_FILE)
      .map(([path, text]) => `${path} has ${lineCount(text)} lines, more than ${LONGEST_FILE}`),
  ];
}

export function longFiles(sources: Sources): string[] {
  return [...sources]
    .filter(([, text]) => lineCount(text) > LONG_FILE)
    .map(([path, text]) => `${path}: ${lineCount(text)} lines`);
}

function rankViolations(sources: Sources): string[] {
  const found: string[] = [];
  for (const [path, text] of sources) {
    const folder = folderOf(path);
    if (folder === null) continue;
    const rank = RANKS[folder];
    if (rank === undefined) {
      found.push(`${path}: the folder ${folder} has no rank`);
      continue;
    }
    for (const specifier of importsOf(text)) {
      const target = resolveImport(path, specifier);
      if (target === null) {
        if (rank === 0) found.push(`${path} imports ${specifier}: core imports nothing but itself`);
        continue;
      }
      const targetFolder = folderOf(target);
      if (targetFolder === folder) continue;
      const targetRank = targetFolder === null ? Number.POSITIVE_INFINITY : RANKS[targetFolder];
      if (targetRank === undefined || targetRank >= rank)
        found.push(`${path} imports ${target}, which is not below it`);
    }
  }
  return found;
}

/** What only some folders may do: the pattern, where it may stand, and what it is. */
const CONFINED = [
  { what: 'Atomics', pattern: /\bAtomics\b/, mayUse: /^src\/page\// },
  {
    what: 'node:worker_threads',
    pattern: /['"](?:node:)?worker_threads['"]/,
    mayUse: /^(?:workers|src\/runtime|src\/page)\//,
  },
  {
    what: 'a path of the kernel',
    pattern: /['"`]\/(?:proc|sys)(?:\/|['"`])/,
    mayUse: /^src\/(?:sources|demo\/memory-limit)\//,
  },
  {
    what: 'a clock',
    pattern: /\b(?:Date\.now|performance\.now|hrtime|setTimeout|setInterval|setImmediate)\b|\bnew Date\(\)/,
    mayUse: /^(?!src\/core\/)/,
  },
] as const;

function confinementViolations(sources: Sources): string[] {
  const found: string[] = [];
  for (const [path, text] of sources) {
    const code = withoutComments(text);
    for (const { what, pattern, mayUse } of CONFINED) {
      if (!mayUse.test(path) && pattern.test(code)) found.push(`${path} uses ${what}`);
    }
  }
  return found;
}

/** Import cycles, each once, types included. */
export function cycles(sources: Sources): string[][] {
  const found: string[][] = [];
  const finished = new Set<string>();
  const visit = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path);
    if (start >= 0) found.push([...trail.slice(start), path]);
    if (start >= 0 || finished.has(path)) return;
    for (const specifier of importsOf(sources.get(path) ?? '')) {
      const target = resolveImport(path, specifier);
      if (target !== null && sources.has(target)) visit(target, [...trail, path]);
    }
    finished.add(path);
  };
  for (const path of sources.keys()) visit(path, []);
  return found;
}

const IMPORT =
  /(?:^|[\n;}])\s*(?:import|export)\b(?:[^'"`;]*?\bfrom)?\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/g;

function importsOf(text: string): string[] {
  return [...withoutComments(text).matchAll(IMPORT)].flatMap((match) => match[1] ?? match[2] ?? []);
}

/** Comments out; quoted text that holds comment marks is left alone. */
function withoutComments(text: string): string {
  return text.replace(/(['"`])(?:\\.|(?!\1)[^\\\n])*\1|\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, (match) =>
    match.startsWith('/') ? '' : match,
  );
}

/** The path of a relative import; null for a package. */
function resolveImport(from: string, specifier: string): string | null {
  if (!specifier.startsWith('.')) return null;
  return normalize(join(dirname(from), specifier))
    .replaceAll('\\', '/')
    .replace(/\.js$/, '.ts');
}

/** The first folder under src/; null for files outside or directly in it. */
function folderOf(path: string): string | null {
  const [top, folder, file] = path.split('/');
  return top === 'src' && file !== undefined && folder !== undefined ? folder : null;
}

function lineCount(text: string): number {
  return text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
}
