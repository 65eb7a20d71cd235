/**
 * What can run out. `system`: the machine's memory; `container`: the tightest cgroup limit; `heap`: V8's old space, per
 * thread; `process`: the resident set against a limit of the user's own; `injected`: a reading that a test made up beside
 * the real ones. The index is the wire code.
 */
export const RESOURCES = ['system', 'container', 'heap', 'process', 'injected'] as const;

export type Resource = (typeof RESOURCES)[number];

/** The resources that a user can configure: all but the one that tests inject. */
export type ResourceName = Exclude<Resource, 'injected'>;

export const RESOURCE_NAMES = ['system', 'container', 'heap', 'process'] as const satisfies readonly ResourceName[];

export function resourceCode(resource: Resource): number {
  return RESOURCES.indexOf(resource);
}

export function isResource(value: unknown): value is Resource {
  return typeof value === 'string' && (RESOURCES as readonly string[]).includes(value);
}
