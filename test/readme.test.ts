import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { defaultAlertRules } from '#src/core/alert-defaults.js';
import { ERROR_CODES } from '#src/core/errors.js';
import { OPTION_NAMES, resolveOptions } from '#src/runtime/options.js';

const README = readFileSync('README.md', 'utf8');
const CODE = /ERR_SPILLWAY_[A-Z_]+/g;

/** The rows of the first table below a heading, each as its cells. */
function tableBelow(heading: string): string[][] {
  const after = README.slice(README.indexOf(`\n${heading}\n`));
  const rows = /(?:^\|.*\n)+/m.exec(after)?.[0].trimEnd().split('\n') ?? [];
  return rows.slice(2).map((row) =>
    row
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  );
}

const unquoted = (cell: string): string => cell.replaceAll('`', '');

/** A default as the README writes it: `'auto'`, `{ warning: 0.70 }`. */
function parseDefault(cell: string): unknown {
  return JSON.parse(
    unquoted(cell)
      .replaceAll("'", '"')
      .replace(/(\w+):/g, '"$1":'),
  );
}

describe('the errors in the README', () => {
  const rows = tableBelow('## Errors');

  it('are all the codes that there are, each once, with the meaning that the code gives', () => {
    expect(rows.map(([code = '', means]) => [unquoted(code), means])).toEqual(Object.entries(ERROR_CODES));
  });

  it('each say what to do', () => {
    for (const [, , remedy] of rows) expect(remedy).toMatch(/\w+ \w+/);
  });

  it('and nothing else that looks like a code, anywhere in the README', () => {
    for (const code of README.match(CODE) ?? []) expect(Object.keys(ERROR_CODES)).toContain(code);
  });

  it('are raised somewhere in the sources', () => {
    const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
    const code = files
      .filter((file) => file !== join('core', 'errors.ts'))
      .map((file) => readFileSync(join('src', file), 'utf8').replace(/\/\*[\s\S]*?\*\//g, ''))
      .join('\n');
    expect([...new Set(code.match(CODE))].sort()).toEqual(Object.keys(ERROR_CODES).sort());
  });
});

describe('the options in the README', () => {
  const rows = tableBelow('### Options');

  it('are those that a runtime accepts, each once', () => {
    expect(rows.map(([name = '']) => unquoted(name)).sort()).toEqual([...OPTION_NAMES].sort());
  });

  it('have the defaults that hold when nothing is given', () => {
    const { settings, alertRules, signal, ...rest } = resolveOptions({});
    const { enableDelta, evictionCooldownMs, resources, roots, processLimitBytes: _, ...direct } = settings;
    const { policy: _policy, ...own } = rest;
    const held: Record<string, unknown> = { ...direct, ...own, hysteresis: { enableDelta, evictionCooldownMs } };
    const inWords: Record<string, [text: string, holds: boolean]> = {
      resources: ['all on', Object.values(resources).every((thresholds) => thresholds !== null)],
      alerts: [
        'the built-in rules',
        JSON.stringify(alertRules) === JSON.stringify(defaultAlertRules(resources, enableDelta)),
      ],
      signal: ['none', signal === null],
      roots: ['the real ones', roots === null],
    };
    for (const [cell = '', written = ''] of rows) {
      const name = unquoted(cell);
      const words = inWords[name];
      if (words === undefined) expect({ [name]: parseDefault(written) }).toEqual({ [name]: held[name] });
      else expect([name, written, words[1]]).toEqual([name, words[0], true]);
    }
  });
});
