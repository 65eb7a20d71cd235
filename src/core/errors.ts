/** Every code that a `SpillwayError` can carry, with the mistake or failure that it stands for. */
export const ERROR_CODES = {
  ERR_SPILLWAY_OPTION: 'an option has the wrong type, range or combination, or is unknown',
  ERR_SPILLWAY_ARGUMENT: 'a method was called with an argument that it cannot accept',
  ERR_SPILLWAY_STOPPED: 'the runtime was stopped, so the call can no longer be carried out',
  ERR_SPILLWAY_NO_SOURCE: 'no source of memory readings is available and falling back is switched off',
  ERR_SPILLWAY_SAMPLER_FAILED: 'the sampler thread could not be started or kept alive, or did not answer in time',
  ERR_SPILLWAY_CACHE_UNSUPPORTED: 'the object is not an LRUCache, a Map or an EvictableCache',
  ERR_SPILLWAY_CACHE_DUPLICATE: 'the name or the object is registered already on this thread',
  ERR_SPILLWAY_CACHE_FAILED: 'a registered cache threw, hung or lied about its bytes',
  ERR_SPILLWAY_LEDGER_FULL: 'the shared page has no free row for another cache or thread',
  ERR_SPILLWAY_HANDLE_INVALID: 'the handle does not belong to a runtime of this version of the shared page',
  ERR_SPILLWAY_RESERVATION: 'a thread ended, or gave up the runtime, with bytes reserved that it had not released',
  ERR_SPILLWAY_LISTENER: 'an event listener threw',
  ERR_SPILLWAY_POLICY: 'an eviction policy of the user threw, or made a decision that makes no sense',
  ERR_SPILLWAY_SOURCE: 'a source of memory readings failed',
  ERR_SPILLWAY_INSPECT: 'a process cannot be inspected, or does not let itself be inspected',
  ERR_SPILLWAY_CLI: 'a command of the command line tool could not be carried out',
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

/** The one error class of spillway. `code` is stable; `message` is for people and may change. */
export class SpillwayError extends Error {
  override readonly name = 'SpillwayError';
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}

/** What a value looks like in an error message: quoted, shortened, with its type. */
export function describeValue(value: unknown): string {
  if (value === null) return '`null`';
  if (value === undefined) return '`undefined`';
  if (typeof value === 'string') return `\`${value.length > 60 ? `${value.slice(0, 57)}...` : value}\` (string)`;
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') {
    return `\`${String(value)}\` (${typeof value})`;
  }
  if (typeof value === 'function') return 'a function';
  if (Array.isArray(value)) return `an array of ${value.length}`;
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

/** What was thrown, in words; anything can be thrown, and none of it may fail here. */
export function reasonOf(thrown: unknown): string {
  if (thrown instanceof Error) return thrown.message === '' ? thrown.name : thrown.message;
  return typeof thrown === 'string' ? thrown : describeValue(thrown);
}
