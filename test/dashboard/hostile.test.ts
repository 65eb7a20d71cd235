import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CLI } from '../support/programs.js';

const MIB = 2 ** 20;

/** A round of abuse may leave garbage that is not collected yet, but nothing that adds up over rounds. */
const MOST_GROWTH_BYTES = 32 * MIB;
const ROUNDS = 5;

describe.skipIf(!existsSync('/proc/self/statm'))(
  'a process that hostile clients go for (needs Linux to see its memory)',
  () => {
    let child: ChildProcess;
    let url: string;
    let port: number;

    beforeAll(async () => {
      child = spawn(process.execPath, [CLI, 'dashboard'], { stdio: ['ignore', 'pipe', 'inherit'] });
      url = await new Promise((resolve) => {
        child.stdout?.once('data', (text: Buffer) => resolve(text.toString().trim()));
      });
      port = Number(new URL(url).port);
    });
    afterAll(async () => {
      child.kill();
      await once(child, 'exit');
    });

    function rssBytes(): number {
      return Number(readFileSync(`/proc/${child.pid}/statm`, 'utf8').split(' ')[1]) * 4096;
    }

    function open(): Socket {
      return connect(port, '127.0.0.1')
        .on('error', () => undefined)
        .resume();
    }

    const closed = (socket: Socket) => new Promise((resolve) => socket.once('close', resolve));

    /** A thousand connections, most of which are dropped at once; the others go by themselves or are let go. */
    async function crowd(): Promise<void> {
      const sockets = Array.from({ length: 1000 }, open);
      await Promise.all(sockets.slice(200).map((socket) => Promise.race([closed(socket), once(socket, 'connect')])));
      for (const socket of sockets) socket.destroy();
    }

    /** Ten megabytes of headers, or as much of them as is taken. */
    async function flood(): Promise<void> {
      const socket = open();
      socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n');
      const line = `X: ${'a'.repeat(8000)}\r\n`;
      for (let sent = 0; sent < 10 * MIB && !socket.destroyed; sent += line.length) {
        if (!socket.write(line)) await Promise.race([once(socket, 'drain').catch(() => undefined), closed(socket)]);
      }
      expect(socket.destroyed).toBe(true);
    }

    /** Streams that are opened and never read. */
    async function clog(): Promise<void> {
      const sockets = Array.from({ length: 40 }, () => connect(port, '127.0.0.1').on('error', () => undefined));
      for (const socket of sockets) socket.write('GET /?stream HTTP/1.1\r\nHost: localhost\r\n\r\n');
      await Promise.all(sockets.map((socket) => Promise.race([once(socket, 'readable'), closed(socket)])));
      for (const socket of sockets) socket.destroy();
    }

    it('goes on, and does not grow', async () => {
      const sizes: number[] = [];
      for (let round = 0; round < ROUNDS; round++) {
        await crowd();
        await Promise.all(Array.from({ length: 10 }, flood));
        await clog();
        const refused = await fetch(url, { headers: { origin: 'http://evil.example' } });
        expect(refused.status).toBe(403);
        await refused.body?.cancel();
        for (let answer = 0; answer !== 200; ) answer = await statusOf(url);
        sizes.push(rssBytes());
      }
      const [first = 0] = sizes;
      const growth = Math.max(...sizes.slice(1)) - first;
      console.info(`resident after each round: ${sizes.map((bytes) => `${(bytes / MIB).toFixed(0)} MiB`).join(', ')}`);
      expect(growth).toBeLessThan(MOST_GROWTH_BYTES);
    }, 60_000);
  },
);

/** 0: the connection was dropped, because the places are still taken. */
async function statusOf(url: string): Promise<number> {
  try {
    const response = await fetch(url);
    await response.body?.cancel();
    return response.status;
  } catch {
    return 0;
  }
}
