import uPlot from 'uplot';
import type { Thresholds } from '../../core/classifier.js';
import { formatBytes } from '../../core/units.js';
import { clockTime } from './elements.js';

/** A colour of the page's style, as it is in the present scheme. */
function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

/** Fills of stacked caches, in order of appearance; told apart by people who see few colours (after Okabe and Ito). */
const CACHE_COLOURS = ['#4c8fd0', '#d98e2b', '#3fa58a', '#b66fb0', '#c9a93a', '#7a84d6', '#c4645a', '#7f8c8d'];

export function cacheColour(index: number): string {
  return CACHE_COLOURS[index % CACHE_COLOURS.length] ?? 'gray';
}

/** Draws the moments of evictions as thin lines through a chart. */
function evictionLines(chart: uPlot, moments: readonly number[]): void {
  const { ctx, bbox } = chart;
  ctx.save();
  ctx.strokeStyle = colour('mark');
  ctx.globalAlpha = 0.55;
  ctx.lineWidth = devicePixelRatio;
  ctx.setLineDash([3 * devicePixelRatio, 3 * devicePixelRatio]);
  for (const at of moments) {
    const x = Math.round(chart.valToPos(at / 1e3, 'x', true)) + 0.5;
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
  }
  ctx.restore();
}

/** Tints the part of a chart of ratios that each level covers. */
function levelBands(chart: uPlot, thresholds: Thresholds): void {
  const { ctx, bbox } = chart;
  const top = chart.scales.y?.max ?? 1;
  const bands = [
    ['warning', thresholds.warning, thresholds.critical],
    ['critical', thresholds.critical, thresholds.emergency],
    ['emergency', thresholds.emergency, top],
  ] as const;
  ctx.save();
  for (const [level, from, to] of bands) {
    const upper = chart.valToPos(Math.min(to, top), 'y', true);
    const lower = chart.valToPos(from, 'y', true);
    ctx.globalAlpha = 1;
    ctx.fillStyle = colour(`band-${level}`);
    ctx.fillRect(bbox.left, upper, bbox.width, lower - upper);
    ctx.fillStyle = colour(level);
    ctx.globalAlpha = 0.45;
    ctx.fillRect(bbox.left, Math.round(lower), bbox.width, devicePixelRatio);
  }
  ctx.restore();
}

/** Distances between ticks, in bytes: powers of two, as sizes are written. */
const BYTE_STEPS = Array.from({ length: 50 }, (_, power) => 2 ** power);

function axes(y: Pick<uPlot.Axis, 'values' | 'incrs'>): uPlot.Axis[] {
  const common: uPlot.Axis = {
    stroke: () => colour('muted'),
    grid: { stroke: () => colour('grid'), width: 1 },
    ticks: { show: false },
    font: '12px system-ui, sans-serif',
  };
  return [
    { ...common, size: 26, space: 80, values: (_, ticks) => ticks.map((seconds) => clockTime(seconds * 1e3)) },
    { ...common, size: 62, space: 36, ...y },
  ];
}

/** What all charts of the page have in common; time is the x scale, in seconds. */
function options(container: HTMLElement, sync: string): Omit<uPlot.Options, 'series'> {
  return {
    width: container.clientWidth,
    height: container.clientHeight,
    legend: { show: false },
    padding: [8, 28, 0, 0],
    cursor: { y: false, drag: { x: false, y: false }, sync: { key: sync } },
  };
}

/** A chart that follows its container's width and the scheme's colours. */
export class Chart {
  readonly #container: HTMLElement;
  readonly #plot: uPlot;

  constructor(container: HTMLElement, plot: uPlot) {
    this.#container = container;
    this.#plot = plot;
    new ResizeObserver(() => {
      plot.setSize({ width: container.clientWidth, height: container.clientHeight });
    }).observe(container);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => plot.redraw(true, true));
  }

  /** @param data times in seconds, then one row per series. */
  show(data: uPlot.AlignedData, fromSeconds: number, toSeconds: number): void {
    this.#plot.batch(() => {
      this.#plot.setData(data, false);
      this.#plot.setScale('x', { min: fromSeconds, max: toSeconds });
    });
  }

  /** CSS pixels from the container's left edge to a moment. */
  leftOf(epochMs: number): number {
    return this.#plot.valToPos(epochMs / 1e3, 'x') + this.#plot.bbox.left / devicePixelRatio;
  }

  get width(): number {
    return this.#container.clientWidth;
  }

  destroy(): void {
    this.#plot.destroy();
  }
}

/** Use of one resource over time, as a share of its limit, over its levels. */
export function usageChart(container: HTMLElement, thresholds: Thresholds, evictions: () => readonly number[]): Chart {
  const plot = new uPlot(
    {
      ...options(container, 'time'),
      scales: { x: { time: true }, y: { range: (_, __, max) => [0, Math.max(1, max)] } },
      axes: axes({ incrs: [0.25, 0.5], values: (_, ticks) => ticks.map((ratio) => `${Math.round(ratio * 100)} %`) }),
      series: [{}, { stroke: () => colour('usage'), width: 2, points: { show: false }, spanGaps: false }],
      hooks: {
        drawAxes: [(chart) => levelBands(chart, thresholds)],
        draw: [(chart) => evictionLines(chart, evictions())],
      },
    },
    [[], []],
    container,
  );
  return new Chart(container, plot);
}

/** Bytes of caches over time, one on top of another; the first name at the bottom. */
export function stackedChart(
  container: HTMLElement,
  names: readonly string[],
  evictions: () => readonly number[],
): Chart {
  // The topmost comes first: each area reaches down to zero, and those below are painted over it.
  const series = names.map((_, index): uPlot.Series => {
    const fill = cacheColour(index);
    return { stroke: fill, fill, width: 1, points: { show: false } };
  });
  const plot = new uPlot(
    {
      ...options(container, 'time'),
      scales: { x: { time: true }, y: { range: (_, __, max) => [0, Math.max(1024, max * 1.08)] } },
      axes: axes({ incrs: BYTE_STEPS, values: (_, ticks) => ticks.map(formatBytes) }),
      series: [{}, ...series.reverse()],
      hooks: { draw: [(chart) => evictionLines(chart, evictions())] },
    },
    [[], ...names.map(() => [])],
    container,
  );
  return new Chart(container, plot);
}

/** Rows of a stacked chart from rows of plain values; the last name first, as `stackedChart` draws them. */
export function stack(rows: readonly (readonly number[])[]): number[][] {
  const sums: number[][] = [];
  let below: readonly number[] = [];
  for (const row of rows) {
    const sum = row.map((value, index) => value + (below[index] ?? 0));
    sums.push(sum);
    below = sum;
  }
  return sums.reverse();
}
