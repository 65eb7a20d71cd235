import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { drawScenario } from '../test/plant/draw-scenario.js';
import { brokenBy, PROMISED } from '../test/plant/properties.js';
import { run } from '../test/plant/run.js';
import { trace } from '../test/plant/trace.js';

/**
 * Question: in how many of thousands of simulated processes does the default policy hold what it promises? Everything but V8, the kernel and
 * the clock is the runtime's own code. Run: npm run bench:plant -- --seeds 10000; one seed in full: npm run bench:plant -- --seed 17
 */
const { values } = parseArgs({
  options: { seeds: { type: 'string', default: '10000' }, seed: { type: 'string' } },
});

process.exitCode = values.seed === undefined ? survey(Number(values.seeds)) : replay(Number(values.seed));

function replay(seed: number): number {
  const told = run(drawScenario(seed));
  const broken = brokenBy(told, PROMISED);
  console.log([trace(told), ...broken].join('\n'));
  return broken.length === 0 ? 0 : 1;
}

function survey(seeds: number): number {
  const broken = new Map(PROMISED.map(({ name }) => [name, [] as string[]]));
  const startMs = performance.now();
  let deaths = 0;
  for (let seed = 1; seed <= seeds; seed++) {
    const seen = run(drawScenario(seed));
    if (seen.death !== null) deaths++;
    for (const property of PROMISED) {
      for (const how of brokenBy(seen, [property])) broken.get(property.name)?.push(`seed ${seed}: ${how}`);
    }
  }
  const seconds = (performance.now() - startMs) / 1e3;
  for (const [name, cases] of broken)
    console.log([`${seeds - cases.length} of ${seeds}  ${name}`, ...cases].join('\n  '));
  console.log(`${deaths} died, most where every policy does; ${seconds.toFixed(0)} s`);
  return [...broken.values()].every((cases) => cases.length === 0) ? 0 : 1;
}
