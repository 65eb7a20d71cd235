/** A look at single contestants by hand: `node try.js '{"material":"64KiB"}' none static:300 spillway`. */
import { contest } from './contest.js';
import type { WorkloadOptions } from './workload.js';

const [text = '{}', ...contestants] = process.argv.slice(2);
const base: WorkloadOptions = {
  material: '64KiB',
  loop: 'sync',
  disturbance: 'none',
  protection: 'none',
  staticMib: 0,
  limitMib: 512,
  workingSetMib: 1536,
  exponent: 0.8,
  operations: 400_000,
  missUs: 0,
  seed: 1,
  pressure: {},
  ...JSON.parse(text),
};
for (const contestant of contestants) {
  const [protection = 'none', size = '0'] = contestant.split(':');
  const outcome = await contest({
    ...base,
    protection: protection as WorkloadOptions['protection'],
    staticMib: Number(size),
  });
  if (!outcome.survived) {
    console.log(contestant, 'died', outcome.exitCode);
    continue;
  }
  const { result } = outcome;
  const limit = base.limitMib * 2 ** 20;
  console.log(
    contestant.padEnd(12),
    `hit ${((100 * result.hits) / result.operations).toFixed(2)} %`,
    `${Math.round(result.operations / result.seconds)} op/s`,
    `${result.seconds.toFixed(1)} s`,
    `peak ${((100 * result.peakContainerBytes) / limit).toFixed(1)} % (rss ${((100 * result.peakRssBytes) / limit).toFixed(1)} %)`,
    `cache ${Math.round(result.meanCacheBytes / 2 ** 20)} least ${Math.round(result.leastCacheBytes / 2 ** 20)} MiB`,
    `cpu ${result.cpuSeconds.toFixed(1)} s gc ${result.collections} ${result.collectionMs.toFixed(0)} ms (asked ${result.askedCollections} ${result.askedCollectionMs.toFixed(0)} ms), ${result.rounds} rounds`,
  );
  if (process.env.TRACE !== undefined) console.log(result.traceMib.join(' '));
}
