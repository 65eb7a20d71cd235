import { prepareCgroup } from '#src/demo/memory-limit/cgroup-place.js';

/** Why the kernel cannot be asked to hold a limit here, or null when it can: some tests have nothing to show without it. */
export async function reasonForNoCgroup(): Promise<string | null> {
  const attempt = await prepareCgroup(64 * 1024 * 1024);
  if (attempt.status === 'refused') return attempt.reason;
  await attempt.place.remove();
  return null;
}

/** For a test's title: what it does, and why it is skipped where it is. */
export function titled(title: string, skipReason: string | null): string {
  return skipReason === null ? title : `${title} (skipped: no cgroup can be made here: ${skipReason})`;
}
