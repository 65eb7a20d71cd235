import pc from 'picocolors';
import type { Level } from '../core/level.js';

export type Paint = (text: string) => string;

/** The few colours of the terminal views; all of them do nothing where colours are not wanted. */
export interface Colours {
  readonly level: Readonly<Record<Level, Paint>>;
  readonly muted: Paint;
  readonly strong: Paint;
}

/** A sign for each level that can be told apart without colours. */
export const LEVEL_ICONS: Readonly<Record<Level, string>> = {
  normal: '●',
  warning: '▲',
  critical: '◆',
  emergency: '✖',
};

/**
 * Colours for a stream: only where it is a terminal, and not with NO_COLOR set to anything (no-color.org) or a dumb terminal; always
 * with FORCE_COLOR.
 */
export function coloursFor(stream: { readonly isTTY?: boolean }, env: NodeJS.ProcessEnv): Colours {
  const isWanted = (env.NO_COLOR ?? '') === '' && (stream.isTTY === true ? env.TERM !== 'dumb' : false);
  const { green, yellow, magenta, red, dim, bold } = pc.createColors(isWanted || (env.FORCE_COLOR ?? '') !== '');
  return { level: { normal: green, warning: yellow, critical: magenta, emergency: red }, muted: dim, strong: bold };
}
