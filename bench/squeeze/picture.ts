import { init } from 'echarts';
import type { CellReport } from './report.js';

const WIDTH = 1200;
const ROW_HEIGHT = 34;

/** The squeeze at a glance: per cell, the hit rate of spillway beside the best static size at equal safety. SVG. */
export function drawPicture(reports: readonly CellReport[]): string {
  const chart = init(null, null, {
    renderer: 'svg',
    ssr: true,
    width: WIDTH,
    height: 150 + reports.length * ROW_HEIGHT,
  });
  const percent = (share: number | null) => (share === null ? null : Math.round(share * 1000) / 10);
  const rows = [...reports].reverse();
  chart.setOption({
    animation: false,
    backgroundColor: '#ffffff',
    title: {
      text: 'Hit rate under a 512 MiB limit',
      subtext: 'spillway with its defaults, without tuning, beside the best hand-tuned size that peaked no higher',
      left: 20,
    },
    legend: { top: 56, left: 20 },
    grid: { left: 300, right: 60, top: 100, bottom: 40 },
    xAxis: { type: 'value', axisLabel: { formatter: '{value} %' } },
    yAxis: { type: 'category', data: rows.map(({ cell }) => cell) },
    series: [
      {
        name: 'best static size',
        type: 'bar',
        color: '#b9c2cc',
        data: rows.map(({ reference }) => percent(reference?.summary.hitRate ?? null)),
      },
      {
        name: 'spillway',
        type: 'bar',
        color: '#1f7a8c',
        label: { show: true, position: 'right', formatter: '{c} %' },
        data: rows.map(({ spillway }) => percent(spillway.hitRate)),
      },
    ],
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}
