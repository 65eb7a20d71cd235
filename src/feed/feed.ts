import type { FeedFrame } from './frames.js';

/** A stream of frames about one process, its own or another. */
export interface Feed {
  /** Tells `listener` what is known, then what happens, until the returned function is called. */
  subscribe(listener: (frame: FeedFrame) => void): () => void;
  /** Lets go of what is observed; listeners hear nothing more. Idempotent. */
  close(): void;
}
