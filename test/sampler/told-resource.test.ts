import { afterEach, describe, expect, it } from 'vitest';
import { DEFAULT_THRESHOLDS } from '#src/core/classifier.js';
import type { EvictionReport } from '#src/core/eviction.js';
import type { PolicyDecision } from '#src/core/eviction-policy.js';
import type { Resource } from '#src/core/resource.js';
import { MIB } from '#src/core/units.js';
import { createPage } from '#src/page/page.js';
import { resolveOptions } from '#src/runtime/options.js';
import { type Assessment, createAssessment } from '#src/sampler/assessment.js';
import { type Matter, relieving } from '#src/sampler/matter.js';
import { Sampler } from '#src/sampler/sampler.js';
import { CountedCache } from '../support/caches.js';
import { containerOf, sourcesOf } from '../support/sources.js';
import { CachesUnderTest, stillEngine } from '../support/thread-caches.js';

const open: CachesUnderTest[] = [];
afterEach(() => {
  for (const thread of open.splice(0)) thread.close();
});

/** What is told of a round of 100 MiB where the machine binds at 85 % of 10 GiB, the container is at 72 % of 1000 MiB and falls by 80. */
function reportOf(resource?: Resource): { ended: EvictionReport; settled: EvictionReport } {
  let nowMs = 1000;
  let containerMib = 720;
  const words = createPage();
  const thread = new CachesUnderTest({ engine: stillEngine(() => nowMs * 1e3) }, words);
  open.push(thread);
  thread.caches.register(new CountedCache(300 * MIB), { name: 'cache' });
  const machine = { ...containerOf(10_000 * MIB, () => 8500 * MIB), resource: 'system' as const };
  let decision: PolicyDecision = {
    evictBytes: 100 * MIB,
    collect: 'never',
    capBytes: null,
    paceBytes: null,
    reason: '',
    ...(resource === undefined ? {} : { resource }),
  };
  const ended: EvictionReport[] = [];
  const settled: EvictionReport[] = [];
  const sampler = new Sampler(
    words,
    resolveOptions({ collectGarbage: 'never' }, {}).settings,
    sourcesOf({ sources: [machine, containerOf(1000 * MIB, () => containerMib * MIB)] }),
    () => ({ name: 'told', decide: () => decision }),
    (message) => {
      if (message.type === 'eviction') ended.push(message.report);
      if (message.type === 'settled') settled.push(message.report);
    },
    () => nowMs * 1e3,
  );
  sampler.sample(0, 0, true);
  decision = { ...decision, evictBytes: 0 };
  thread.caches.payNow();
  sampler.paid();
  containerMib -= 80;
  for (nowMs = 1050; settled.length === 0 && nowMs < 60_000; nowMs += 50) sampler.sample(0, 0, true);
  const [first, last] = [ended[0], settled[0]];
  if (first === undefined || last === undefined) throw new Error('no round was told of');
  return { ended: first, settled: last };
}

describe('a round for a resource that does not bind', () => {
  it('tells of that resource, and is measured by it', () => {
    const { ended, settled } = reportOf('container');
    expect(ended).toMatchObject({ cause: 'container', level: 'critical', evictedBytes: 100 * MIB });
    expect(settled).toMatchObject({ cause: 'container', returnedBytes: 80 * MIB });
  });

  it('is no matter of the thread whose heap binds, unless it is for that', () => {
    const known = (resource: Resource): Assessment => ({
      ...createAssessment(resource, DEFAULT_THRESHOLDS, 0.05),
      known: true,
    });
    const [heap, container] = [known('heap'), known('container')];
    const input = { resources: [heap, container], binding: heap, cause: 'heap' };
    const matter = { input, heap: { threadId: 1 } } as unknown as Matter;
    expect(relieving(matter, 'heap')).toEqual(matter);
    const shared = relieving(matter, 'container');
    expect(shared.heap).toBeNull();
    expect(shared.input).toMatchObject({ binding: container, cause: 'container' });
  });

  it('is for the one that binds where the policy does not say, or where that was not read', () => {
    for (const resource of [undefined, 'process'] as const)
      expect(reportOf(resource).settled).toMatchObject({ cause: 'system', returnedBytes: 0 });
  });
});
