import { Writable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { createTerminal } from '#src/demo/terminal.js';

/** A stream that remembers what was written to it; with columns it passes for a terminal. */
function recorder(columns?: number): { stream: Writable; written: () => string } {
  const chunks: string[] = [];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      chunks.push(String(chunk));
      done();
    },
  });
  if (columns !== undefined) Object.assign(stream, { isTTY: true, columns });
  return { stream, written: () => chunks.join('') };
}

describe('where the output is not a terminal', () => {
  test('a status is a line like any other, whole and without colour', () => {
    const { stream, written } = recorder();
    const terminal = createTerminal(stream, {});
    terminal.status('x'.repeat(200));
    terminal.status('second');
    terminal.print('third');
    expect(written()).toBe(`${'x'.repeat(200)}\nsecond\nthird\n`);
    expect(terminal.coloured).toBe(false);
  });
});

describe('on a terminal', () => {
  test('a status takes the place of the one before, and a line that stays starts below it', () => {
    const { stream, written } = recorder(80);
    const terminal = createTerminal(stream, {});
    terminal.status('first');
    terminal.status('second');
    terminal.print('stays');
    terminal.print('stays, too');
    expect(written()).toBe('\r\x1b[2Kfirst\r\x1b[2Ksecond\nstays\nstays, too\n');
  });

  test('a status is cut to one row by what can be seen of it, and its colour ends all the same', () => {
    const { stream, written } = recorder(6);
    createTerminal(stream, {}).status('\x1b[31mabc\x1b[0mdefgh');
    createTerminal(stream, {}).status('\x1b[31mabcdefgh\x1b[0m');
    expect(written()).toBe('\r\x1b[2K\x1b[31mabc\x1b[0mde\r\x1b[2K\x1b[31mabcde\x1b[0m');
  });

  test('one that does not tell its width is taken to have 80 columns', () => {
    const { stream, written } = recorder(0);
    createTerminal(stream, {}).status('x'.repeat(100));
    expect(written()).toBe(`\r\x1b[2K${'x'.repeat(79)}`);
  });

  test.each([
    [{}, true],
    [{ NO_COLOR: '' }, true],
    [{ NO_COLOR: '1' }, false],
    [{ TERM: 'dumb' }, false],
  ])('with the environment %j colour is %s', (env, coloured) => {
    expect(createTerminal(recorder(80).stream, env).coloured).toBe(coloured);
  });

  test('a dumb one gets plain lines', () => {
    const { stream, written } = recorder(80);
    createTerminal(stream, { TERM: 'dumb' }).status('plain');
    expect(written()).toBe('plain\n');
  });
});
