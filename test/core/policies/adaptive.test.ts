import { describe, expect, it } from 'vitest';
import { createAdaptivePolicy } from '#src/core/policies/adaptive.js';
import { MIB } from '#src/core/units.js';
import { PolicyDriver } from './policy-driver.js';

describe('the adaptive policy when pressure begins', () => {
  it('has the caches give a first bite, once', () => {
    const driver = new PolicyDriver(createAdaptivePolicy());
    driver.sample(100, { usedBytes: 650 * MIB, cacheBytes: 400 * MIB });
    expect(driver.sample(100, { usedBytes: 705 * MIB }).evictBytes).toBe(10 * MIB);
    expect(driver.hold(2000).every(({ evictBytes }) => evictBytes === 0)).toBe(true);
  });

  it('does not bite for every crossing of warning, only after a minute without pressure', () => {
    const driver = new PolicyDriver(createAdaptivePolicy());
    driver.sample(100, { usedBytes: 705 * MIB, cacheBytes: 400 * MIB });
    for (let crossing = 0; crossing < 20; crossing++) {
      driver.sample(1000, { usedBytes: 640 * MIB });
      expect(driver.sample(1000, { usedBytes: 705 * MIB }).evictBytes).toBe(0);
    }
    driver.sample(1000, { usedBytes: 640 * MIB });
    driver.hold(60_000, 1000);
    expect(driver.sample(1000, { usedBytes: 705 * MIB }).evictBytes).toBe(10 * MIB);
  });
});
