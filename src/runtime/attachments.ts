import type { ThreadRuntime } from './thread-runtime.js';

/** Runtimes that are attached to the calling thread. */
const attachments = new Set<ThreadRuntime>();

export function noteAttachment(thread: ThreadRuntime): void {
  attachments.add(thread);
}

export function forgetAttachment(thread: ThreadRuntime): void {
  attachments.delete(thread);
}

/** Lets every runtime that is attached here see to its page. For a thread whose event loop does not turn while it is idle. */
export async function attendHere(): Promise<void> {
  await Promise.all([...attachments].map((thread) => thread.payOnLoop()));
}
