import { stripVTControlCharacters } from 'node:util';

/** Text of others made harmless for a terminal: control characters could move the cursor or worse. */
export function harmless(text: string): string {
  return stripVTControlCharacters(text).replace(/\p{Cc}/gu, '\ufffd');
}

/** Characters that a terminal shows of `text`; each counts as one column. */
export function visibleLength(text: string): number {
  return [...stripVTControlCharacters(text)].length;
}

/** Fills up with spaces to `columns`, at the end or at the start. */
export function pad(text: string, columns: number, side: 'left' | 'right' = 'left'): string {
  const spaces = ' '.repeat(Math.max(0, columns - visibleLength(text)));
  return side === 'left' ? text + spaces : spaces + text;
}

/** Cuts to `columns` visible characters; colour codes take none, and every one of them is kept. */
export function cut(text: string, columns: number): string {
  if (visibleLength(text) <= columns) return text;
  let visible = 0;
  return text.replace(COLOUR_OR_CHARACTER, (part) => {
    if (part.length > 2 && part.startsWith('\u001b')) return part;
    visible++;
    if (visible === columns) return '…';
    return visible < columns ? part : '';
  });
}

/** Rows in columns that are as wide as their widest cell; `right` names the columns that are aligned at the right. */
export function table(rows: readonly (readonly string[])[], right: readonly number[] = []): string[] {
  const widths = rows.reduce<number[]>(
    (widest, row) => row.map((cell, column) => Math.max(widest[column] ?? 0, visibleLength(cell))),
    [],
  );
  return rows.map((row) =>
    row
      .map((cell, column) => pad(cell, widths[column] ?? 0, right.includes(column) ? 'right' : 'left'))
      .join('  ')
      .trimEnd(),
  );
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: colour codes start with the escape character.
const COLOUR_OR_CHARACTER = /\u001b\[[0-9;]*m|./gsu;
