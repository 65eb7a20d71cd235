import { describeValue, SpillwayError } from '../core/errors.js';
import { parseBytes } from '../core/units.js';

/** A number's range; all bounds that are given hold. */
interface Range {
  readonly least?: number;
  readonly above?: number;
  readonly most?: number;
  readonly below?: number;
}

/** One object of the options, with the path that its errors name. */
export class Section {
  readonly #path: string;
  readonly #values: Readonly<Record<string, unknown>>;

  constructor(path: string, value: unknown) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw refusal(path, 'an object', value);
    this.#path = path;
    this.#values = value as Readonly<Record<string, unknown>>;
  }

  withDefaults(defaults: Readonly<Record<string, unknown>>): Section {
    const given = Object.fromEntries(Object.entries(this.#values).filter(([, value]) => value !== undefined));
    return new Section(this.#path, { ...defaults, ...given });
  }

  /** Refuses keys that are not in `names`. */
  allow(names: readonly string[]): void {
    for (const key of Object.keys(this.#values)) {
      if (names.includes(key)) continue;
      throw new SpillwayError(
        'ERR_SPILLWAY_OPTION',
        `Unknown option \`${this.#at(key)}\`; expected one of ${names.join(', ')}`,
      );
    }
  }

  value(name: string): unknown {
    return this.#values[name];
  }

  section(name: string): Section {
    return new Section(this.#at(name), this.#values[name] ?? {});
  }

  boolean(name: string, fallback: boolean): boolean {
    const value = this.#values[name] ?? fallback;
    return typeof value === 'boolean' ? value : this.refuse(name, 'true or false', value);
  }

  number(name: string, fallback: number, range: Range): number {
    const value = this.#values[name] ?? fallback;
    if (typeof value !== 'number' || !Number.isFinite(value)) return this.refuse(name, describeRange(range), value);
    const { least = -Infinity, above = -Infinity, most = Infinity, below = Infinity } = range;
    if (value < least || value <= above || value > most || value >= below)
      return this.refuse(name, describeRange(range), value);
    return value;
  }

  /** A number that has no default. */
  required(name: string): number {
    const value = this.#values[name];
    if (typeof value === 'number' && Number.isFinite(value)) return value;
    return this.refuse(name, 'a finite number', value);
  }

  text(name: string): string {
    const value = this.#values[name];
    return typeof value === 'string' && value !== '' ? value : this.refuse(name, 'a text that is not empty', value);
  }

  choice<T extends string>(name: string, choices: readonly T[], fallback: T): T {
    const value = this.#values[name] ?? fallback;
    return choices.find((choice) => choice === value) ?? this.refuse(name, `one of ${choices.join(', ')}`, value);
  }

  /** A size of at least one byte; null where none is given. */
  bytes(name: string): number | null {
    const value = this.#values[name];
    if (value === undefined) return null;
    const bytes = parseBytes(value);
    return bytes !== null && bytes > 0
      ? bytes
      : this.refuse(name, "whole bytes above 0, or a size such as '512MiB'", value);
  }

  path(name: string): string {
    const value = this.#values[name];
    return typeof value === 'string' && value !== '' ? value : this.refuse(name, 'a path', value);
  }

  refuse(name: string, expected: string, given: unknown): never {
    throw refusal(this.#at(name), expected, given);
  }

  #at(name: string): string {
    return this.#path === 'options' ? name : `${this.#path}.${name}`;
  }
}

function refusal(path: string, expected: string, given: unknown): SpillwayError {
  return new SpillwayError(
    'ERR_SPILLWAY_OPTION',
    `Expected \`${path}\` to be ${expected}, got ${describeValue(given)}`,
  );
}

function describeRange({ least, above, most, below }: Range): string {
  const bounds = [
    least === undefined ? '' : `at least ${least}`,
    above === undefined ? '' : `above ${above}`,
    most === undefined ? '' : `at most ${most}`,
    below === undefined ? '' : `below ${below}`,
  ];
  return `a finite number ${bounds.filter((bound) => bound !== '').join(' and ')}`;
}
