import { defaultAlertRules } from '../core/alert-defaults.js';
import type { AlertRule } from '../core/alert-rules.js';
import type { Settings } from '../core/settings.js';
import { Section } from './option-section.js';

const RULE_KEYS = [
  'name',
  'watch',
  'comparison',
  'threshold',
  'release',
  'forMs',
  'peakMs',
  'cooldownMs',
  'severity',
  'unit',
  'message',
] as const satisfies readonly (keyof AlertRule)[];

const LONGEST_MS = 7 * 86_400_000;

/**
 * The rules that `alerts` asks for: the built-in ones when nothing is given, none for `false`.
 * @throws SpillwayError ERR_SPILLWAY_OPTION
 */
export function readAlertRules(options: Section, settings: Pick<Settings, 'resources' | 'enableDelta'>): AlertRule[] {
  const value = options.value('alerts');
  if (value === undefined || value === true) return defaultAlertRules(settings.resources, settings.enableDelta);
  if (value === false) return [];
  if (!Array.isArray(value)) return options.refuse('alerts', 'an array of rules, or false', value);
  const names = new Set<string>();
  return value.map((rule: unknown, index) => {
    const section = new Section(`alerts[${index}]`, rule);
    const read = readRule(section);
    if (names.has(read.name)) section.refuse('name', 'unique among the rules', read.name);
    names.add(read.name);
    return read;
  });
}

function readRule(section: Section): AlertRule {
  section.allow(RULE_KEYS);
  const comparison = section.choice('comparison', ['>=', '<='], '>=');
  const threshold = section.required('threshold');
  const release = section.value('release') === undefined ? threshold : section.required('release');
  if (comparison === '>=' ? release > threshold : release < threshold) {
    section.refuse('release', `on the good side of the threshold (${threshold})`, release);
  }
  const peakMs =
    section.value('peakMs') === undefined
      ? {}
      : { peakMs: section.number('peakMs', 0, { above: 0, most: LONGEST_MS }) };
  const name = section.text('name');
  return {
    name,
    watch: section.text('watch'),
    comparison,
    threshold,
    release,
    forMs: section.number('forMs', 0, { least: 0, most: LONGEST_MS }),
    ...peakMs,
    cooldownMs: section.number('cooldownMs', 0, { least: 0, most: LONGEST_MS }),
    severity: section.choice('severity', ['warning', 'critical', 'emergency'], 'warning'),
    unit: section.choice('unit', ['ratio', 'bytes', 'seconds', 'number'], 'number'),
    message:
      section.value('message') === undefined
        ? `${name} {subject}: {value} (threshold {threshold})`
        : section.text('message'),
  };
}
