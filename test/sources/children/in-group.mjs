// in-group.mjs: does what the lines of its input say, one answer each: "hold MIB", "cache FILE", "read".
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { emptyReading } from '../../../dist/src/core/reading.js';
import { openSources } from '../../../dist/src/sources/detect.js';

const held = [];
const { sources } = await openSources({ roots: null, processLimitBytes: null, updateIntervalMs: 5000 }, true);
const container = sources.find(({ resource }) => resource === 'container');

for await (const line of createInterface({ input: process.stdin })) {
  const [verb, argument] = line.split(' ');
  if (verb === 'hold') {
    for (let mib = 0; mib < Number(argument); mib++) held.push(Buffer.alloc(2 ** 20, 1));
  } else if (verb === 'cache') {
    for await (const _ of createReadStream(argument, { highWaterMark: 2 ** 20 }));
  }
  const reading = emptyReading();
  container.readInto(reading);
  console.log(JSON.stringify({ reading, description: container.description, facts: container.facts() }));
}
