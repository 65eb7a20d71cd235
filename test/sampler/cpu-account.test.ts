import { describe, expect, it } from 'vitest';
import { CpuAccount } from '#src/sampler/cpu-account.js';

/** A clock that reads what it is set to, µs. */
function clockAt(startUs: number) {
  const clock = { us: startUs, description: 'set', readUs: () => clock.us, close: () => undefined };
  return clock;
}

describe('what sampling costs', () => {
  it('is what the clock of the thread says, but for what the thread did aside', () => {
    const clock = clockAt(500);
    const account = new CpuAccount(clock, 0);
    clock.us = 1500;
    expect(account.update(100_000, 0, 0)).toBe(1000);
    clock.us = 9500;
    expect(account.update(200_000, 0, 7000)).toBe(2000);
    clock.us = 9600;
    expect(account.update(300_000, 0, 7000)).toBe(2100);
  });

  it('never falls where the time aside was spent waiting', () => {
    const clock = clockAt(0);
    const account = new CpuAccount(clock, 300);
    clock.us = 1000;
    expect(account.update(100_000, 0, 5000)).toBe(300);
    clock.us = 2000;
    expect(account.update(200_000, 0, 5000)).toBe(1300);
  });

  it('counts what is aside of a time in which the clock was not read', () => {
    const clock = clockAt(0);
    const account = new CpuAccount(clock, 0);
    account.update(100_000, 0, 0);
    clock.us = 4000;
    expect(account.update(110_000, 0, 3000)).toBe(0);
    expect(account.update(160_000, 0, 3000)).toBe(1000);
  });

  it('is the time that samples took where the thread has no clock', () => {
    const account = new CpuAccount(null, 0);
    expect(account.update(100_000, 40, 0)).toBe(40);
    expect(account.update(200_000, 60, 5000)).toBe(100);
  });
});
