import { table } from '../terminal/text.js';
import { EXIT, outputColours, type Surroundings, writeLines } from './output.js';
import { CAPABILITY_NAMES, REMEDIES } from './remedies.js';

/** `spillway install-help [capability]`: what it is for and how to get it; without a name, the list. */
export function installHelp(name: string | undefined, surroundings: Surroundings): number {
  const { strong } = outputColours(surroundings);
  if (name === undefined) {
    writeLines(surroundings, table(CAPABILITY_NAMES.map((known) => [strong(known), REMEDIES[known].purpose])));
    return EXIT.fine;
  }
  const known = CAPABILITY_NAMES.find((candidate) => candidate === name);
  if (known === undefined) {
    surroundings.stderr.write(`spillway: unknown capability '${name}'; there are: ${CAPABILITY_NAMES.join(', ')}\n`);
    return EXIT.usage;
  }
  const { purpose, remedy } = REMEDIES[known];
  writeLines(surroundings, [`${strong(known)}: ${purpose}`, '', remedy]);
  return EXIT.fine;
}
