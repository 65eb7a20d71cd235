// Gives up root, then prints the container's reading of the tree in SPILLWAY_TEST_TREE.
import { emptyReading } from '../../../dist/src/core/reading.js';
import { openSources } from '../../../dist/src/sources/detect.js';

const NOBODY = 65534;

const roots = JSON.parse(process.env.SPILLWAY_TEST_TREE);
if (process.geteuid() === 0) {
  const { chownSync } = await import('node:fs');
  const { dirname } = await import('node:path');
  chownSync(dirname(roots.proc), NOBODY, NOBODY);
  process.setuid(NOBODY); // the real one too: it is what access(2) goes by
}
const { sources } = await openSources({ roots, processLimitBytes: null, updateIntervalMs: 5000 }, true);
const reading = emptyReading();
sources.find(({ resource }) => resource === 'container').readInto(reading);
process.stdout.write(JSON.stringify(reading));
