import { readFileSync } from 'node:fs';
import { type Reading, type Source, setOk, setUnlimited } from '../core/reading.js';
import type { Settings } from '../core/settings.js';
export interface SourceSet {
  readonly sources: readonly Source[];
  readonly stall: { readInto(into: { some: number; full: number }, nowUs: number): void };
  rssBytes(): number;
  close(): void;
}
const num = (p: string) => Number(readFileSync(p, 'utf8'));
export async function openSources(settings: Settings): Promise<SourceSet> {
  const base = (resource: Source['resource'], readInto: (r: Reading) => void): Source => ({
    resource,
    description: resource,
    slow: false,
    readInto,
    facts: () => ({}),
    close: () => undefined,
  });
  const cg =
    readFileSync('/proc/self/cgroup', 'utf8')
      .split('\n')
      .find((l) => l.includes(':memory:'))
      ?.split(':')[2] ?? '/';
  const dir = `/sys/fs/cgroup/memory${cg}`;
  const rss = () => process.memoryUsage.rss();
  return {
    sources: [
      base('system', (r) => {
        const t = readFileSync('/proc/meminfo', 'utf8');
        const g = (k: string) => Number(new RegExp(`${k}:\\s+(\\d+)`).exec(t)?.[1]) * 1024;
        setOk(r, g('MemTotal') - g('MemAvailable'), g('MemTotal'));
      }),
      base('container', (r) => {
        const lim = num(`${dir}/memory.limit_in_bytes`);
        const st = readFileSync(`${dir}/memory.stat`, 'utf8');
        const ina = Number(/total_inactive_file (\d+)/.exec(st)?.[1]);
        const u = num(`${dir}/memory.usage_in_bytes`) - ina;
        if (lim > 1e15) setUnlimited(r, u);
        else setOk(r, u, lim);
      }),
      base('process', (r) => {
        if (settings.processLimitBytes === null) setUnlimited(r, rss());
        else setOk(r, rss(), settings.processLimitBytes);
      }),
    ],
    stall: { readInto: () => undefined },
    rssBytes: rss,
    close: () => undefined,
  };
}
