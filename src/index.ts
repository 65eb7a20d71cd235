export type {
  CacheRegistration,
  CacheStats,
  EvictableCache,
  RegisterOptions,
} from './caches/contract.js';
export type { RegistrableCache } from './caches/thread-caches.js';
export { defaultAlertRules } from './core/alert-defaults.js';
export type { AlertChange, AlertRule, AlertSeverity, AlertStanding } from './core/alert-rules.js';
export type { CacheWorth } from './core/cache-worth.js';
export type { Thresholds } from './core/classifier.js';
export { ERROR_CODES, type ErrorCode, SpillwayError } from './core/errors.js';
export type {
  CacheEviction,
  EvictionReport,
  EvictionReportWithSettlement,
  EvictionRequest,
  EvictionVerdict,
} from './core/eviction.js';
export type { EvictionPolicy, PolicyDecision, PolicyInput, WatchedResource } from './core/eviction-policy.js';
export { isAtLeast, LEVELS, type Level } from './core/level.js';
export type { Listening, ObservedPressure } from './core/observed-pressure.js';
export type { Resource, ResourceName } from './core/resource.js';
export type { EvictionTargets, PolicyName } from './core/settings.js';
export type { Health, HealthChange, LevelChange, PressureState, ResourceState } from './core/state.js';
export type { CacheStatistics, EvictionTotals, PressureStatistics, WindowStatistics } from './core/statistics.js';
export type { Reservation } from './runtime/admission.js';
export { type AttachedPressureRuntime, attachPressureRuntime } from './runtime/attached-runtime.js';
export type { PressureEvent, PressureEvents, PressureListener } from './runtime/events.js';
export type { PressureHandle } from './runtime/handle.js';
export type { LocalPressure } from './runtime/local-runtime.js';
export type { PressureOptions, ProcessResourceOptions, ResourceOptions } from './runtime/options.js';
export { type PressureRuntime, startPressureRuntime } from './runtime/pressure-runtime.js';
export { sharedPressureRuntime } from './runtime/shared-runtime.js';
export { type AlertSink, sendAlerts } from './telemetry/alert-sinks.js';
