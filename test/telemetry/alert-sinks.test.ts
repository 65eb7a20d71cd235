import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type AlertChange, type PressureRuntime, sendAlerts, startPressureRuntime } from '#src/index.js';
import { inject } from '#src/testing.js';

let pressure: PressureRuntime;
beforeEach(async () => {
  const hot = {
    name: 'hot',
    watch: 'resources.system.ratio',
    comparison: '>=',
    threshold: 0.8,
    forMs: 0,
    cooldownMs: 0,
    severity: 'critical',
    message: 'hot',
  } as const;
  pressure = await startPressureRuntime({ autoEviction: false, alerts: [hot] });
});
afterEach(() => pressure.stop());

async function fireAndResolve(): Promise<void> {
  await inject(pressure, { resource: 'system', usedBytes: 9, limitBytes: 10 });
  await inject(pressure, { resource: 'system', usedBytes: 1, limitBytes: 10 });
}

describe('sendAlerts', () => {
  it('calls a function, until it is ended', async () => {
    const heard: AlertChange[] = [];
    const end = sendAlerts(pressure, (change) => heard.push(change));
    await fireAndResolve();
    expect(heard.map(({ status }) => status)).toEqual(['firing', 'resolved']);
    end();
    await fireAndResolve();
    expect(heard).toHaveLength(2);
  });

  it('writes one line of JSON each to a stream', async () => {
    const stream = new PassThrough();
    sendAlerts(pressure, stream);
    await fireAndResolve();
    const lines = String(stream.read()).trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { rule: 'hot', status: 'firing', value: 0.9 },
      { rule: 'hot', status: 'resolved' },
    ]);
  });

  it.each([
    [
      'throws',
      () => () => {
        throw new Error('broken');
      },
    ],
    [
      'rejects',
      () => async () => {
        throw new Error('broken');
      },
    ],
    ['is a stream that has ended', () => new PassThrough().end()],
    ['is a stream that breaks', () => new PassThrough({ write: (_, __, done) => done(new Error('broken')) })],
  ])('goes on when a sink %s, with one warning', async (_, make) => {
    const warned = once(process, 'warning');
    sendAlerts(pressure, make());
    const heard: string[] = [];
    pressure.on('alert', ({ status }) => heard.push(status));
    await fireAndResolve();
    await expect(warned).resolves.toMatchObject([{ code: 'SPILLWAY_ALERT_SINK' }]);
    expect(heard).toEqual(['firing', 'resolved']);
  });
});
