/** States in which every field follows from `sampleCount`, so that a torn one gives itself away. Many byte counts pass 2^31 on the way. */
import { LEVELS } from '#src/core/level.js';
import { RESOURCES } from '#src/core/resource.js';

export function fillState(state, count) {
  state.sampleCount = count;
  state.level = LEVELS[count & 3];
  state.sinceMs = count * 1009;
  state.cause = RESOURCES[count % 5];
  state.sampledAtMs = count * 2003;
  state.sampledUs = count * 3001;
  state.intervalUs = count * 4001;
  state.degraded = (count & 1) === 1;
  state.simulated = (count & 2) === 2;
  state.growthBytesPerSecond = (count & 1) === 1 ? -count * 70001 : count * 70001;
  state.msToLimit = count * 6007;
  state.rssBytes = count * 65537;
  state.samplerCpuUs = count * 13;
  state.latenessUs = count * 17;
  state.worstLatenessUs = count * 19;
  let sum = 0;
  for (let code = 0; code < state.resources.length; code++) {
    const resource = state.resources[code];
    resource.known = ((count + code) & 1) === 1;
    resource.level = LEVELS[(count + code) & 3];
    resource.usedBytes = count * (code + 1) * 4099;
    resource.limitBytes = count * (code + 2) * 8209;
    resource.ratio = (count & 1023) / 1024;
    resource.readUs = count * (code + 3);
    sum += resource.usedBytes + resource.limitBytes + resource.readUs;
    resource.failures = sum + state.rssBytes + state.sinceMs;
  }
}

/** Whether every field belongs to one and the same count. */
export function isWhole(state) {
  const count = state.sampleCount;
  let sum = 0;
  for (let code = 0; code < state.resources.length; code++) {
    const { known, level, usedBytes, limitBytes, ratio, readUs, failures } = state.resources[code];
    if (usedBytes !== count * (code + 1) * 4099 || known !== (((count + code) & 1) === 1)) return false;
    if (level !== LEVELS[(count + code) & 3] || ratio !== (count & 1023) / 1024) return false;
    sum += usedBytes + limitBytes + readUs;
    if (failures !== sum + state.rssBytes + state.sinceMs) return false;
  }
  return (
    state.level === LEVELS[count & 3] &&
    state.cause === RESOURCES[count % 5] &&
    state.rssBytes === count * 65537 &&
    state.growthBytesPerSecond === ((count & 1) === 1 ? -count * 70001 : count * 70001) &&
    state.sampledUs === count * 3001 &&
    state.worstLatenessUs === count * 19
  );
}
