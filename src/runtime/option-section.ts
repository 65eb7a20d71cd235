import { describeValue, SpillwayError } from '../core/errors.js';
import { parseBytes } from '../core/units.js';

/** A number's range; all bounds that are given hold. */
interface Range {
  readonly least?: number;
  readonly above?: number;
  readonly most?: number;
  readonly below?: number;
}

/** One object of the options, with the path that its errors name. Only `undefined` means that an option is not given. */
export class Section {
  readonly #path: string;
  readonly #values: Readonly<Record<string, unknown>>;
  /** Where the values come from, for errors, by name; '' is that of the whole section. */
  readonly #origins: Readonly<Record<string, string>>;

  constructor(path: string, value: unknown, origins: Readonly<Record<string, string>> = {}) {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw refusal(path, 'an object', value, origins['']);
    this.#path = path;
    this.#values = value as Readonly<Record<string, unknown>>;
    this.#origins = origins;
  }

  /** The same with values for what is not given. @param origins where each of the defaults comes from. */
  withDefaults(defaults: Readonly<Record<string, unknown>>, origins: Readonly<Record<string, string>>): Section {
    const given = Object.fromEntries(Object.entries(this.#values).filter(([, value]) => value !== undefined));
    const used = Object.fromEntries(Object.entries(origins).filter(([name]) => !Object.hasOwn(given, name)));
    return new Section(this.#path, { ...defaults, ...given }, used);
  }

  /** Refuses keys that are not in `names`. */
  allow(names: readonly string[]): void {
    for (const key of Object.keys(this.#values)) {
      if (names.includes(key)) continue;
      throw new SpillwayError(
        'ERR_SPILLWAY_OPTION',
        `Unknown option \`${this.#at(key)}\`; expected one of ${names.join(', ')}${fromWhere(this.#origins[''])}`,
      );
    }
  }

  value(name: string): unknown {
    return this.#values[name];
  }

  section(name: string): Section {
    const origin = this.#originOf(name);
    return new Section(this.#at(name), this.#given(name, {}), origin === undefined ? {} : { '': origin });
  }

  boolean(name: string, fallback: boolean): boolean {
    const value = this.#given(name, fallback);
    return typeof value === 'boolean' ? value : this.refuse(name, 'true or false', value);
  }

  number(name: string, fallback: number, range: Range): number {
    const value = this.#given(name, fallback);
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
    const value = this.#given(name, fallback);
    return choices.find((choice) => choice === value) ?? this.refuse(name, `one of ${choices.join(', ')}`, value);
  }

  /** A size of at least one byte; there is no default. */
  bytes(name: string): number {
    const bytes = parseBytes(this.#values[name]);
    if (bytes !== null && bytes > 0) return bytes;
    return this.refuse(name, "whole bytes above 0, or a size such as '512MiB'", this.#values[name]);
  }

  path(name: string): string {
    const value = this.#values[name];
    return typeof value === 'string' && value !== '' ? value : this.refuse(name, 'a path', value);
  }

  refuse(name: string, expected: string, given: unknown): never {
    throw refusal(this.#at(name), expected, given, this.#originOf(name));
  }

  #given(name: string, fallback: unknown): unknown {
    const value = this.#values[name];
    return value === undefined ? fallback : value;
  }

  #originOf(name: string): string | undefined {
    return this.#origins[name] ?? this.#origins[''];
  }

  #at(name: string): string {
    return this.#path === 'options' ? name : `${this.#path}.${name}`;
  }
}

function refusal(path: string, expected: string, given: unknown, origin: string | undefined): SpillwayError {
  return new SpillwayError(
    'ERR_SPILLWAY_OPTION',
    `Expected \`${path}\` to be ${expected}, got ${describeValue(given)}${fromWhere(origin)}`,
  );
}

function fromWhere(origin: string | undefined): string {
  return origin === undefined ? '' : `, from the environment variable ${origin}`;
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
