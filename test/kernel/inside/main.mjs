/** Every scenario, one after another; each prints one line of JSON: `@@fact {"name": ..., ...}`. */
import { spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import { delegateMemory, makeGroup, readKey, runInside, spawnInside } from './group.mjs';

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

/** The limit is on the group above the one that the loop runs in, as Kubernetes does it for a pod. */
async function fillCache(name, directory, limits, flags) {
  const group = makeGroup(directory, limits);
  delegateMemory(group);
  const { exitCode, signal, output } = await runInside(makeGroup(`${directory}/pod`), [LOOP, ...flags]);
  const kills = readKey(group, 'memory.events', 'oom_kill');
  report(name, { exitCode, signal, kills, result: output === '' ? null : JSON.parse(output) });
}

const withoutSwap = { 'memory.max': '200M', 'memory.swap.max': 0 };
await fillCache('cache loop alone', 'alone', withoutSwap, []);
await fillCache('cache loop with spillway', 'guarded', withoutSwap, ['with-spillway']);

for (const command of ['mkswap', 'swapon']) {
  const { status, stderr } = spawnSync(command, [process.env.SWAP], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command}: ${stderr}`);
}
const withSwap = { 'memory.max': '200M', 'memory.swap.max': '150M' };
await fillCache('cache loop alone, swap', 'alone-swap', withSwap, []);
await fillCache('cache loop with spillway, swap', 'guarded-swap', withSwap, ['with-spillway']);
