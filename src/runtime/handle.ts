import { describeValue, SpillwayError } from '../core/errors.js';
import { isStopped, openPage } from '../page/page.js';
import { stopped, type ThreadRuntimeOptions } from './thread-runtime.js';

/**
 * What another thread needs to take part in a runtime. Structured-cloneable without a transfer list, so that it can be `workerData`
 * or part of any message. Only for `attachPressureRuntime`; what is in it may change.
 */
export interface PressureHandle {
  readonly spillway: 'handle';
  readonly page: SharedArrayBuffer;
  readonly options: ThreadRuntimeOptions;
}

export function createHandle(words: Int32Array, options: ThreadRuntimeOptions): PressureHandle {
  const { enabled, collectGarbage, respectCacheLimits, heapCeilingRatio, relievesHeap } = options;
  return Object.freeze({
    spillway: 'handle',
    page: words.buffer as SharedArrayBuffer,
    options: Object.freeze({ enabled, collectGarbage, respectCacheLimits, heapCeilingRatio, relievesHeap }),
  });
}

/** @throws SpillwayError ERR_SPILLWAY_HANDLE_INVALID, ERR_SPILLWAY_STOPPED */
export function openHandle(handle: unknown): { words: Int32Array; options: ThreadRuntimeOptions } {
  if (!isHandle(handle)) {
    throw new SpillwayError(
      'ERR_SPILLWAY_HANDLE_INVALID',
      `Expected the \`handle\` of a running PressureRuntime, got ${describeValue(handle)}`,
    );
  }
  const words = openPage(handle.page);
  if (isStopped(words)) throw stopped('attachPressureRuntime');
  return { words, options: handle.options };
}

function isHandle(handle: unknown): handle is PressureHandle {
  return (
    typeof handle === 'object' &&
    handle !== null &&
    'spillway' in handle &&
    handle.spillway === 'handle' &&
    'page' in handle &&
    'options' in handle &&
    typeof handle.options === 'object' &&
    handle.options !== null
  );
}
