/**
 * Runs a pressure runtime inside a group and carries out the commands that come on stdin, one a line; answers each with a line of JSON:
 * `sample`: what the kernel's own files say and what the runtime says; `hold MIB`: keep that much memory; `read MIB`: fill the page cache from
 * the disk, keeping it open; `limit FILE VALUE`: change a limit.
 */
import { openSync, readFileSync, readSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { startPressureRuntime } from 'spillway';
import { sampleNow } from 'spillway/testing';
import { openSources } from '#src/sources/detect.js';
import { readKey, readNumber } from './group.mjs';

const MIB = 1024 * 1024;
const own = `/sys/fs/cgroup${readFileSync('/proc/self/cgroup', 'utf8').trim().split('::')[1]}`;
const [measured = own] = process.argv.slice(2);
const held = [];
const transitions = [];

const sources = await openSources({ roots: null, processLimitBytes: null, updateIntervalMs: 5000 });
const container = sources.sources.find(({ resource }) => resource === 'container');
// no sample of its own accord takes what the next one that is asked for should tell
const pressure = await startPressureRuntime({ updateIntervalMs: 60_000 });
pressure.on('level', ({ from, to, cause }) => transitions.push({ from, to, cause }));

const commands = {
  async sample() {
    const { level, resources, health, stall } = await sampleNow(pressure);
    const usage = readNumber(measured, 'memory.current');
    const kernel = {
      usageBytes: usage,
      workingSetBytes: Math.max(
        usage - readKey(measured, 'memory.stat', 'inactive_file'),
        readKey(measured, 'memory.stat', 'anon'),
      ),
    };
    return {
      level,
      container: resources.container,
      health,
      stall,
      facts: container?.facts() ?? null,
      kernel,
      transitions,
    };
  },
  async hold(mib) {
    held.push(Buffer.alloc(Number(mib) * MIB, 1));
  },
  async read(mib) {
    const descriptor = openSync(process.env.DISK, 'r');
    const chunk = Buffer.alloc(MIB);
    for (let position = 0; position < Number(mib) * MIB; position += MIB) readSync(descriptor, chunk, 0, MIB, position);
  },
  async limit(file, value) {
    writeFileSync(`${measured}/${file}`, value);
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const [name, ...args] = line.split(' ');
  const answer = await commands[name](...args);
  process.stdout.write(`${JSON.stringify(answer ?? null)}\n`);
}
sources.close();
await pressure.stop();
