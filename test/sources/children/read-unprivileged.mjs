// Gives up root, then prints the container's reading of the tree in SPILLWAY_TEST_TREE.
import { emptyReading } from '../../../dist/src/core/reading.js';
import { openSources } from '../../../dist/src/sources/detect.js';

const NOBODY = 65534;

const roots = JSON.parse(process.env.SPILLWAY_TEST_TREE);
if (process.geteuid() === 0) {
  const { chownSync } = await import('node:fs');
  const { dirname } = await import('node:path');
  chownSync(dirname(roots.proc), NOBODY, NOBODY);
  process.seteuid(NOBODY);
}
const { sources } = await openSources({ roots, processLimitBytes: null, updateIntervalMs: 5000 }, true);
const reading = emptyReading();
sources.find(({ resource }) => resource === 'container').readInto(reading);
process.stdout.write(JSON.stringify(reading));
