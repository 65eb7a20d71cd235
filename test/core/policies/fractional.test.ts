import { describe, expect, it } from 'vitest';
import { AGGRESSIVE_TARGETS, CONSERVATIVE_TARGETS, createFractionalPolicy } from '#src/core/policies/fractional.js';
import { MIB } from '#src/core/units.js';
import { PolicyDriver } from './policy-driver.js';

const COOLDOWN_MS = 30_000;
/** Usage at which each level is entered, under a limit of 1000 MiB. */
const AT = { normal: 500 * MIB, warning: 700 * MIB, critical: 800 * MIB, emergency: 950 * MIB };

function driverOf(targets = CONSERVATIVE_TARGETS): PolicyDriver {
  const driver = new PolicyDriver(createFractionalPolicy({ name: 'any', targets, cooldownMs: COOLDOWN_MS }));
  driver.sample(100, { usedBytes: AT.normal, rssBytes: 600 * MIB, cacheBytes: 500 * MIB });
  return driver;
}

describe('the fractional policies', () => {
  it.each([
    ['conservative', CONSERVATIVE_TARGETS, 'warning', 0.15],
    ['conservative', CONSERVATIVE_TARGETS, 'critical', 0.3],
    ['conservative', CONSERVATIVE_TARGETS, 'emergency', 0.5],
    ['aggressive', AGGRESSIVE_TARGETS, 'warning', 0.3],
    ['aggressive', AGGRESSIVE_TARGETS, 'critical', 0.5],
    ['aggressive', AGGRESSIVE_TARGETS, 'emergency', 0.8],
  ] as const)('free the share of the resident set that the document names: %s at %s', (_, targets, level, share) => {
    const { evictBytes } = driverOf(targets).sample(100, { usedBytes: AT[level] });
    expect(evictBytes).toBe(Math.ceil(share * 600 * MIB));
  });

  it('collect in any case in an emergency, and within the duty below it', () => {
    expect(driverOf().sample(100, { usedBytes: AT.critical }).collect).toBe('ifDue');
    expect(driverOf().sample(100, { usedBytes: AT.emergency }).collect).toBe('always');
  });

  it('do nothing while the level is normal', () => {
    expect(driverOf().sample(100)).toMatchObject({ evictBytes: 0, collect: 'never', capBytes: null });
  });

  it('leave a level alone for the cooldown, then free again', () => {
    const driver = driverOf();
    driver.sample(100, { usedBytes: AT.critical });
    expect(driver.hold(COOLDOWN_MS - 100, 100).every(({ evictBytes }) => evictBytes === 0)).toBe(true);
    expect(driver.sample(100).evictBytes).toBeGreaterThan(0);
  });

  it('start a round at a worse level at once, and none at a better one', () => {
    const driver = driverOf();
    expect(driver.sample(100, { usedBytes: AT.critical }).evictBytes).toBeGreaterThan(0);
    expect(driver.sample(100, { usedBytes: AT.warning }).evictBytes).toBe(0);
    expect(driver.sample(100, { usedBytes: AT.emergency }).evictBytes).toBeGreaterThan(0);
    expect(driver.sample(100, { usedBytes: AT.critical }).evictBytes).toBe(0);
  });

  it('hold the caches at what the round left, until the cooldown ends', () => {
    const driver = driverOf();
    const { capBytes } = driver.sample(100, { usedBytes: AT.warning });
    expect(capBytes).toBe(500 * MIB - 90 * MIB);
    const held = driver.hold(COOLDOWN_MS - 100, 100);
    expect(held.every((decision) => decision.capBytes === capBytes)).toBe(true);
    expect(driver.sample(100, { usedBytes: AT.normal }).capBytes).toBeNull();
  });

  it('hold the caches at nothing where the share is more than they have', () => {
    const { capBytes } = driverOf(AGGRESSIVE_TARGETS).sample(100, { usedBytes: AT.emergency, cacheBytes: 100 * MIB });
    expect(capBytes).toBe(0);
  });

  it('wait for the round that is going on, and spend no cooldown on caches that have nothing to give', () => {
    const driver = driverOf();
    expect(driver.sample(100, { usedBytes: AT.critical, roundActive: true }).evictBytes).toBe(0);
    expect(driver.sample(100, { roundActive: false, evictableBytes: 0 }).evictBytes).toBe(0);
    expect(driver.sample(100, { evictableBytes: 200 * MIB }).evictBytes).toBeGreaterThan(0);
  });
});
