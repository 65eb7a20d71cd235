/** The four levels of memory pressure, from harmless to deadly. The index is the wire code (0 to 3). */
export const LEVELS = ['normal', 'warning', 'critical', 'emergency'] as const;

export type Level = (typeof LEVELS)[number];

/** Wire code of a level: 0 for `normal` up to 3 for `emergency`. */
export type LevelCode = 0 | 1 | 2 | 3;

const CODES: Readonly<Record<Level, LevelCode>> = { normal: 0, warning: 1, critical: 2, emergency: 3 };

export function levelCode(level: Level): LevelCode {
  return CODES[level];
}

/** The level of a wire code. @throws RangeError when the code is not an integer from 0 to 3. */
export function levelFromCode(code: number): Level {
  const level = LEVELS[code];
  if (level === undefined) throw new RangeError(`Expected a level code from 0 to 3, got \`${code}\``);
  return level;
}

/** Whether `level` is `floor` or worse: `isAtLeast('emergency', 'critical')` is true. Pure; runs on any thread. */
export function isAtLeast(level: Level, floor: Level): boolean {
  return CODES[level] >= CODES[floor];
}

export function isLevel(value: unknown): value is Level {
  return typeof value === 'string' && Object.hasOwn(CODES, value);
}

export function worstLevel(a: Level, b: Level): Level {
  return CODES[a] >= CODES[b] ? a : b;
}
