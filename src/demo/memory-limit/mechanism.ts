/** What can hold a command under its limit; `none` when the kernel does not, and only spillway's own `process` resource knows it. */
export const ENFORCEMENTS = ['cgroup-v2', 'cgroup-v1', 'systemd-scope', 'none'] as const;

export type Enforcement = (typeof ENFORCEMENTS)[number];

/** A program and its arguments, as `spawn` wants them. */
export interface CommandLine {
  readonly command: string;
  readonly args: readonly string[];
}

/** One prepared place under a memory limit. It holds one command, once. */
export interface LimitedPlace {
  readonly enforcedBy: Enforcement;
  /** Turns a command line into one that is under the limit before it executes anything of its own. */
  wrap(commandLine: CommandLine): CommandLine;
  /** What removes the place when its owner was killed and can no longer do it: the arguments of `sh -c`, or `null`. */
  readonly orphanCleanup: readonly string[] | null;
  /** Whether the kernel killed something in this place for want of memory; `null` where that cannot be read. */
  killedForMemory(): boolean | null;
  /** Kills what is left in the place and removes it. */
  remove(): Promise<void>;
}

/** A place, or the sentence that says why this mechanism cannot give one here. */
export type Attempt =
  | { readonly status: 'ready'; readonly place: LimitedPlace }
  | { readonly status: 'refused'; readonly reason: string };

export function refused(reason: string): Attempt {
  return { status: 'refused', reason };
}

/** The message of whatever was thrown. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
