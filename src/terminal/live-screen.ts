import type { ReadStream, WriteStream } from 'node:tty';

const ENTER = '\u001b[?1049h\u001b[?25l';
const LEAVE = '\u001b[?25h\u001b[?1049l';
/** Terminals that know it show everything between the two at once (synchronized output, mode 2026); others ignore it. */
const BEGIN_FRAME = '\u001b[?2026h\u001b[H';
const END_FRAME = '\u001b[?2026l';
const END_OF_LINE = '\u001b[K';
const END_OF_SCREEN = '\u001b[J';

const ENDING_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const CTRL_C = '\u0003';

/**
 * A terminal taken over for a view that is drawn again and again, without clearing it, so that nothing flickers. Leaves the
 * terminal as it was: on `close`, on q, Ctrl-C or a signal, and when the process ends in any other way that runs code.
 */
export class LiveScreen {
  readonly #output: WriteStream;
  readonly #input: ReadStream | null;
  readonly #draw: (size: { columns: number; rows: number }) => readonly string[];
  #open = true;
  #end: () => void = () => undefined;
  /** Resolves when people asked for the end. */
  readonly ended: Promise<void>;

  /** @param draw the lines of a frame, not longer than the size that it is given. */
  constructor(
    output: WriteStream,
    input: NodeJS.ReadStream | null,
    draw: (size: { columns: number; rows: number }) => readonly string[],
  ) {
    this.#output = output;
    this.#input = input?.isTTY === true ? input : null;
    this.#draw = draw;
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    output.write(ENTER);
    output.on('resize', this.redraw);
    process.once('exit', this.close);
    for (const signal of ENDING_SIGNALS) process.once(signal, this.#onEnd);
    process.on('SIGCONT', this.#onContinue);
    this.#input?.setRawMode(true).on('data', this.#onKey).resume();
    this.redraw();
  }

  readonly redraw = (): void => {
    if (!this.#open) return;
    const { columns, rows } = this.#output;
    const lines = this.#draw({ columns, rows });
    this.#output.write(BEGIN_FRAME + lines.join(`${END_OF_LINE}\r\n`) + END_OF_LINE + END_OF_SCREEN + END_FRAME);
  };

  /** Gives the terminal back; idempotent. */
  readonly close = (): void => {
    if (!this.#open) return;
    this.#open = false;
    this.#output.off('resize', this.redraw);
    process.off('exit', this.close);
    for (const signal of ENDING_SIGNALS) process.off(signal, this.#onEnd);
    process.off('SIGCONT', this.#onContinue);
    this.#input?.setRawMode(false).off('data', this.#onKey).pause();
    this.#output.write(LEAVE);
    this.#end();
  };

  readonly #onEnd = (): void => this.close();

  readonly #onContinue = (): void => {
    this.#output.write(ENTER);
    this.redraw();
  };

  readonly #onKey = (keys: Buffer): void => {
    const text = keys.toString('latin1');
    if (text.includes(CTRL_C) || text === 'q') this.close();
  };
}
