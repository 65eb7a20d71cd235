import { median, type Reference, type Summary } from './reference.js';

/** How one cell ended, for one set of thresholds. */
export interface CellReport {
  readonly cell: string;
  readonly disturbed: boolean;
  readonly expensive: boolean;
  readonly thresholds: 'default' | 'tight';
  readonly unprotected: Summary | null;
  readonly port: Summary | null;
  readonly spillway: Summary;
  readonly reference: Reference | null;
  /** Operations per second of spillway over the reference, of pairs that ran in turns. */
  readonly speedRatios: readonly number[];
}

/** spillway over the reference; null where no static size survived. */
export function hitRatio({ spillway, reference }: CellReport): number | null {
  return reference === null ? null : spillway.hitRate / reference.summary.hitRate;
}

/** The same, of the median pair; null where no pair did. */
export function speedRatio({ speedRatios }: CellReport): number | null {
  return speedRatios.length === 0 ? null : median(speedRatios);
}

const percent = (share: number) => `${(share * 100).toFixed(1)} %`;
const survivors = (summary: Summary | null) => (summary === null ? '-' : `${summary.survived}/${summary.runs}`);

export const HEADINGS = [
  'cell',
  'thresholds',
  'lived: none',
  'port',
  'spillway',
  'hit rate',
  'peak',
  'cache least/mean MiB',
  'op/s',
  'gc asked',
  'evicted MiB',
  'best static',
  'hit rate',
  'peak',
  'hit ratio',
  'speed ratio',
] as const;

export function formatReport(report: CellReport): string[] {
  const { spillway, reference } = report;
  const ratio = (value: number | null) => (value === null ? '-' : value.toFixed(3));
  return [
    report.cell,
    report.thresholds,
    survivors(report.unprotected),
    survivors(report.port),
    survivors(spillway),
    percent(spillway.hitRate),
    percent(spillway.peakShare),
    `${Math.round(spillway.leastCacheMib)}/${Math.round(spillway.meanCacheMib)}`,
    String(Math.round(spillway.operationsPerSecond)),
    String(spillway.askedCollections),
    String(Math.round(spillway.evictedMib)),
    reference === null ? 'none lives' : `${reference.staticMib} MiB`,
    reference === null ? '-' : percent(reference.summary.hitRate),
    reference === null ? '-' : percent(reference.summary.peakShare),
    ratio(hitRatio(report)),
    ratio(speedRatio(report)),
  ];
}
