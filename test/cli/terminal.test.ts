import { execFileSync } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CLI, hasProgram } from '../support/programs.js';

/** A server of its own for each test: one that is ending does not take new sessions. */
let session = '';
let sessions = 0;
const tmux = (...args: string[]) => execFileSync('tmux', ['-L', session, ...args], { encoding: 'utf8' });

beforeEach(() => {
  session = `spillway-test-${process.pid}-${++sessions}`;
});

afterEach(() => {
  try {
    tmux('kill-server');
  } catch {
    return; // the test that needs a server was skipped
  }
});

/** Looks again until the screen is as expected; the test's own time limit ends it. */
async function screenWith(pattern: RegExp): Promise<string> {
  for (;;) {
    const screen = tmux('capture-pane', '-p');
    if (pattern.test(screen)) return screen;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

describe.skipIf(!hasProgram('tmux'))('spillway watch in a terminal (needs tmux)', () => {
  it.each([
    [80, 24],
    [200, 50],
  ])('fills %i x %i and gives the terminal back as it was', async (columns, rows) => {
    tmux('new-session', '-d', '-x', String(columns), '-y', String(rows), 'sh');
    tmux('send-keys', 'echo before; stty -a | md5sum', 'Enter');
    const before = await screenWith(/before\n\S+ {2}-/);
    tmux('send-keys', `"${process.execPath}" "${CLI}" watch --interval 100`, 'Enter');
    const view = await screenWith(/since .*pid \d+ · [\d:]{8}/);
    expect(view).toContain('system');
    expect(view).not.toContain('before');
    expect(view.split('\n').every((line) => line.length <= columns)).toBe(true);
    expect(tmux('display-message', '-p', '#{alternate_on} #{cursor_flag}')).toBe('1 0\n');
    const at = /· ([\d:]{8})/.exec(view)?.[1];
    await screenWith(new RegExp(`· (?!${at})[\\d:]{8}`));
    tmux('send-keys', 'C-c', '');
    await screenWith(/before/);
    expect(tmux('display-message', '-p', '#{alternate_on} #{cursor_flag}')).toBe('0 1\n');
    tmux('send-keys', 'stty -a | md5sum', 'Enter');
    const sum = /(\S+) {2}-/.exec(before)?.[1] ?? 'none';
    await screenWith(new RegExp(`${sum}(.|\\n)*${sum}`));
  });

  it('also when it is ended by a signal, and follows the size of the window', async () => {
    tmux('new-session', '-d', '-x', '100', '-y', '30', 'sh');
    tmux('send-keys', `"${process.execPath}" "${CLI}" watch --interval 100; echo ended with $?`, 'Enter');
    const view = await screenWith(/pid (\d+) ·/);
    tmux('resize-window', '-x', '70', '-y', '15');
    await screenWith(/^.{40,60} · [\d:]{8}\n/);
    process.kill(Number(/pid (\d+) ·/.exec(view)?.[1]), 'SIGTERM');
    await screenWith(/ended with 0/);
    expect(tmux('display-message', '-p', '#{alternate_on} #{cursor_flag}')).toBe('0 1\n');
  });

  it('never clears what it is about to draw again', async () => {
    tmux('new-session', '-d', '-x', '80', '-y', '24', 'sh');
    const log = `/tmp/${session}.log`;
    tmux('pipe-pane', `cat > ${log}`);
    tmux('send-keys', `"${process.execPath}" "${CLI}" watch --interval 50; echo done`, 'Enter');
    await screenWith(/system/);
    const frames = () => execFileSync('cat', [log], { encoding: 'latin1' }).split('\u001b[?2026h').length;
    while (frames() < 10) await new Promise((resolve) => setTimeout(resolve, 50));
    tmux('send-keys', 'q', '');
    await screenWith(/done/);
    const written = execFileSync('cat', [log], { encoding: 'latin1' });
    execFileSync('rm', [log]);
    expect(written).not.toContain('\u001b[2J');
    expect(written).not.toContain('\u001b[2K');
  });
});
