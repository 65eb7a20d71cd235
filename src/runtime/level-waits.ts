import type { Level } from '../core/level.js';
import type { PressureEmitter, PressureListener } from './events.js';

/** A call of `until` that is under way. */
interface Wait {
  /** Ends it where it waits for this level. */
  look(level: Level): void;
  end(error: Error): void;
}

/** The calls of `until` on one thread that wait for a level. */
export class LevelWaits {
  readonly #emitter: PressureEmitter;
  readonly #waits = new Set<Wait>();

  constructor(emitter: PressureEmitter) {
    this.#emitter = emitter;
  }

  /** Resolves with the next level that `holds`. Rejects with the reason of `signal`, or the error given to `end`. */
  until(holds: (level: Level) => boolean, signal: AbortSignal | undefined): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      const settle = (finish: () => void) => {
        this.#emitter.off('level', onLevel);
        this.#waits.delete(wait);
        signal?.removeEventListener('abort', onAbort);
        finish();
      };
      const wait: Wait = {
        look(level) {
          if (holds(level)) settle(resolve);
        },
        end(error) {
          settle(() => reject(error));
        },
      };
      const onLevel: PressureListener<'level'> = ({ to }) => wait.look(to);
      const onAbort = () => settle(() => reject(signal?.reason));
      this.#emitter.on('level', onLevel);
      this.#waits.add(wait);
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }

  /** Ends what waits for `level`: it may have changed before anybody listened. */
  look(level: Level): void {
    for (const wait of [...this.#waits]) wait.look(level);
  }

  /** Ends all of them. */
  end(error: Error): void {
    for (const wait of [...this.#waits]) wait.end(error);
  }
}
