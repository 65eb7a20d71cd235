import type { Writable } from 'node:stream';
import type { AlertChange } from '../core/alert-rules.js';
import type { ObservedPressure } from '../core/observed-pressure.js';

/** Where alerts go: a function, which may be asynchronous, or a stream that gets one line of JSON each. */
export type AlertSink = ((change: AlertChange) => unknown) | Writable;

/**
 * Sends every alert of a runtime to a sink as well. A sink that throws, rejects or breaks harms nobody: it raises one process
 * warning, SPILLWAY_ALERT_SINK, and is tried again with the next alert.
 * @returns ends it.
 */
export function sendAlerts(pressure: ObservedPressure, sink: AlertSink): () => void {
  let warned = false;
  const onFailure = (cause: unknown) => {
    if (warned) return;
    warned = true;
    process.emitWarning(`A sink of alerts failed: ${String(cause)}`, {
      type: 'SpillwayWarning',
      code: 'SPILLWAY_ALERT_SINK',
    });
  };
  if (typeof sink !== 'function') sink.on('error', onFailure);
  const send = async (change: AlertChange) => {
    try {
      if (typeof sink === 'function') await sink(change);
      else if (sink.writable) sink.write(`${JSON.stringify(change)}\n`);
      else onFailure('the stream has ended');
    } catch (cause) {
      onFailure(cause);
    }
  };
  const onAlert = (change: AlertChange) => void send(change);
  pressure.on('alert', onAlert);
  return () => {
    pressure.off('alert', onAlert);
    if (typeof sink !== 'function') sink.off('error', onFailure);
  };
}
