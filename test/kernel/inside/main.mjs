/** Every scenario, one after another; each prints one line of JSON: `@@fact {"name": ..., ...}`. */
import { spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import { delegateMemory, makeGroup, readKey, readNumber, runInside, spawnInside } from './group.mjs';

const OBSERVER = '/app/inside/observer.mjs';
const LOOP = '/app/inside/cache-loop.mjs';

function report(name, fact) {
  process.stdout.write(`@@fact ${JSON.stringify({ name, ...fact })}\n`);
}

/** Asks an observer in `group`, which compares itself with the files of `measured`. */
async function observe(group, measured, commands) {
  const child = spawnInside(group, [OBSERVER, measured]);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answers = [];
  for (const command of commands) {
    child.stdin.write(`${command}\n`);
    const { value, done } = await lines.next();
    if (done) break;
    if (command === 'sample') answers.push(JSON.parse(value));
  }
  child.stdin.end();
  await new Promise((resolve) => child.once('close', resolve));
  return answers;
}

const leaf = makeGroup('leaf', { 'memory.max': '200M', 'memory.swap.max': 0 });
report('leaf', { answers: await observe(leaf, leaf, ['sample', 'hold 50', 'sample']) });

const parent = makeGroup('parent', { 'memory.max': '200M' });
delegateMemory(parent);
const child = makeGroup('parent/child');
report('parent', { answers: await observe(child, parent, ['sample', 'hold 50', 'sample']) });

const outer = makeGroup('outer', { 'memory.max': '200M' });
delegateMemory(outer);
const loose = makeGroup('outer/loose', { 'memory.max': '300M' });
report('both, parent tighter', { answers: await observe(loose, outer, ['sample']) });
const tight = makeGroup('outer/tight', { 'memory.max': '150M' });
report('both, leaf tighter', { answers: await observe(tight, tight, ['sample']) });

const high = makeGroup('high', { 'memory.high': '150M', 'memory.max': '300M' });
report('memory.high', { answers: await observe(high, high, ['sample']) });

const unlimited = makeGroup('unlimited');
report('no limit', { answers: await observe(unlimited, unlimited, ['sample']) });

const cached = makeGroup('cached', { 'memory.max': '200M' });
report('page cache', { answers: await observe(cached, cached, ['read 300', 'sample', 'read 300', 'sample']) });

const changing = makeGroup('changing', { 'memory.max': '200M' });
report('limit raised', { answers: await observe(changing, changing, ['sample', 'limit memory.max 400M', 'sample']) });

async function killAndSurvive(name, limits) {
  const group = makeGroup(name.replaceAll(' ', '-'), limits);
  delegateMemory(group);
  for (const flags of [[], ['with-spillway']]) {
    const inner = makeGroup(`${name.replaceAll(' ', '-')}/${flags[0] ?? 'without'}`);
    const { exitCode, signal, output } = await runInside(inner, [LOOP, ...flags]);
    const kills = readKey(group, 'memory.events', 'oom_kill');
    const swapBytes = readNumber(group, 'memory.swap.peak');
    report(`${name}, ${flags[0] ?? 'without'}`, { exitCode, signal, output, kills, swapBytes });
  }
}

await killAndSurvive('cache loop', { 'memory.max': '200M' });

spawnSync('mkswap', [process.env.SWAP]);
spawnSync('swapon', [process.env.SWAP]);
await killAndSurvive('cache loop with swap', { 'memory.max': '200M', 'memory.swap.max': '200M' });
