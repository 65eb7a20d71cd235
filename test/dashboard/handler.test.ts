import { once } from 'node:events';
import { createServer, request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type DashboardServer, dashboardHandler, startDashboard } from '#src/dashboard/index.js';
import { type PressureRuntime, startPressureRuntime } from '#src/index.js';
import { sampleNow } from '#src/testing.js';

let pressure: PressureRuntime;
let server: DashboardServer | null = null;

beforeEach(async () => {
  pressure = await startPressureRuntime();
});
afterEach(async () => {
  await server?.close();
  server = null;
  await pressure.stop();
});

const TOKEN = 'a token that is long enough';

async function ask(
  url: string,
  options: RequestOptions = {},
): Promise<{ status: number; headers: IncomingMessage['headers']; text: string }> {
  const request = httpRequest(url, { agent: false, ...options });
  request.end();
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += String(chunk);
  return { status: response.statusCode ?? 0, headers: response.headers, text };
}

/** Resolves with the next such event, whatever errors come before it. */
function happening(emitter: NodeJS.EventEmitter, event: string): Promise<void> {
  emitter.on('error', () => undefined);
  return new Promise((resolve) => {
    emitter.once(event, () => resolve());
  });
}

/** Opens the stream; resolves with its first bytes, and leaves it open. */
async function openStream(url: string): Promise<{ response: IncomingMessage; first: string }> {
  const request = httpRequest(`${url}?stream`, { agent: false });
  request.end();
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  const [first] = (await once(response.setEncoding('utf8'), 'data')) as [string];
  return { response, first };
}

describe('the live page', () => {
  it('is one document that may fetch nothing but its own stream', async () => {
    server = await startDashboard(pressure);
    const { status, headers, text } = await ask(server.url);
    expect(status).toBe(200);
    expect(text).toContain('<title>spillway</title>');
    expect(text).not.toMatch(/(?:src|href)=["']?(?!data:)[^"'>]*\/\//);
    const policy = String(headers['content-security-policy']);
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("connect-src 'self'");
    expect(policy).not.toContain('unsafe');
    expect(headers['referrer-policy']).toBe('no-referrer');
  });

  it('streams who speaks, what was, and what is', async () => {
    server = await startDashboard(pressure);
    const { response, first } = await openStream(server.url);
    expect(first).toMatch(/^data: \{"type":"hello","version":1,/);
    let text = first;
    response.on('data', (chunk) => {
      text += String(chunk);
    });
    await sampleNow(pressure);
    while (!text.includes(`"sampleCount":${pressure.state.sampleCount}`)) await once(response, 'data');
    response.destroy();
  });

  it('works inside a server of the user, at any path', async () => {
    const handler = dashboardHandler(pressure);
    const own = createServer((request, response) => {
      if (request.url?.startsWith('/admin/memory')) handler(request, response);
      else response.end('mine');
    });
    own.listen(0, '127.0.0.1');
    await once(own, 'listening');
    const address = own.address();
    const origin = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
    expect((await ask(`${origin}/admin/memory`)).text).toContain('<title>spillway</title>');
    expect((await ask(`${origin}/`)).text).toBe('mine');
    const { response } = await openStream(`${origin}/admin/memory`);
    response.destroy();
    handler.close();
    own.close();
  });

  it('lets go of the runtime when it is closed', async () => {
    server = await startDashboard(pressure);
    const { response } = await openStream(server.url);
    const ended = happening(response, 'close');
    await server.close();
    await ended;
    server = null;
  });
});

describe('who may see it', () => {
  it.each([
    ['a name that someone points at this machine', { host: 'evil.example' }],
    ['a host that is not one', { host: 'a b' }],
    ['a host with a user', { host: 'me@localhost' }],
    ['a foreign origin', { origin: 'http://evil.example' }],
    ['an origin of another port', { origin: 'http://127.0.0.1:1' }],
    ['an opaque origin', { origin: 'null' }],
    ['a foreign page that fetches', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' }],
  ])('is not %s', async (_, headers) => {
    server = await startDashboard(pressure);
    expect((await ask(`${server.url}?stream`, { headers })).status).toBe(403);
  });

  it('is whoever comes by an address or localhost, or by a name that was allowed', async () => {
    server = await startDashboard(pressure, { allowedHosts: ['ops.example'] });
    for (const host of ['localhost:1234', '127.0.0.1', '[::1]', 'ops.example']) {
      expect((await ask(server.url, { headers: { host } })).status, host).toBe(200);
    }
  });

  it('is nobody without the token, on any address but the loopback', async () => {
    server = await startDashboard(pressure, { host: '0.0.0.0' });
    const { port, searchParams } = new URL(server.url);
    const url = `http://127.0.0.1:${port}/`;
    expect(searchParams.get('token')).toMatch(/^.{24}$/);
    expect((await ask(url)).status).toBe(403);
    expect((await ask(`${url}?token=wrong`)).status).toBe(403);
  });

  it('is who has the token: in the address, which gives a cookie, or as a bearer', async () => {
    server = await startDashboard(pressure, { token: TOKEN });
    const url = new URL(server.url);
    url.search = '';
    const granted = await ask(server.url);
    expect(granted).toMatchObject({ status: 303, headers: { location: '?' } });
    const [cookie = ''] = granted.headers['set-cookie'] ?? [];
    expect(cookie).toMatch(/; HttpOnly; SameSite=Strict$/);
    expect((await ask(url.href, { headers: { cookie: cookie.split(';')[0] } })).status).toBe(200);
    expect((await ask(url.href, { headers: { authorization: `Bearer ${TOKEN}` } })).status).toBe(200);
    expect((await ask(url.href, { headers: { authorization: `Bearer ${TOKEN}x` } })).status).toBe(403);
    expect((await ask(url.href, { headers: { cookie: 'spillway_token=%E0' } })).status).toBe(403);
  });

  it('refuses a token that could be guessed', () => {
    expect(() => dashboardHandler(pressure, { token: 'short' })).toThrow(
      expect.objectContaining({ code: 'ERR_SPILLWAY_ARGUMENT' }),
    );
  });

  it('allows nothing but reading', async () => {
    server = await startDashboard(pressure);
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
      expect((await ask(server.url, { method })).status, method).toBe(405);
    }
  });
});

describe('a hostile client', () => {
  it('is not sent more than 20 streams, and a place is free again when one goes', async () => {
    server = await startDashboard(pressure);
    const { url } = server;
    const streams = await Promise.all(Array.from({ length: 20 }, () => openStream(url)));
    expect((await ask(`${url}?stream`)).status).toBe(503);
    const [first] = streams;
    first?.response.destroy();
    for (;;) {
      const request = httpRequest(`${url}?stream`, { agent: false });
      request.end();
      const [response] = (await once(request, 'response')) as [IncomingMessage];
      response.destroy();
      if (response.statusCode === 200) break;
    }
    for (const { response } of streams) response.destroy();
  });

  it('gets no further than 8 KiB of headers', async () => {
    server = await startDashboard(pressure);
    const { port } = new URL(server.url);
    const socket = connect(Number(port), '127.0.0.1');
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    let sentBytes = 0;
    socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n');
    const line = `X: ${'a'.repeat(1000)}\r\n`;
    while (sentBytes < 10 * 2 ** 20 && !socket.destroyed) {
      sentBytes += line.length;
      if (!socket.write(line)) await Promise.race([happening(socket, 'drain'), happening(socket, 'close')]);
    }
    expect(socket.destroyed).toBe(true);
    expect((await ask(server.url)).status).toBe(200);
  });

  it('is cut off when it never finishes its request', async () => {
    server = await startDashboard(pressure);
    const { port } = new URL(server.url);
    const halfOpen = Array.from({ length: 10 }, () => connect(Number(port), '127.0.0.1'));
    await Promise.all(
      halfOpen.map(async (socket) => {
        socket.write('GET / HTTP/1.1\r\nHost: ');
        await happening(socket.resume(), 'close');
      }),
    );
    expect((await ask(server.url)).status).toBe(200);
  });

  it('cannot fill the server with a thousand connections', async () => {
    server = await startDashboard(pressure);
    const { port } = new URL(server.url);
    const samplesBefore = pressure.state.sampleCount;
    const sockets = Array.from({ length: 1000 }, () => connect(Number(port), '127.0.0.1'));
    let dropped = 0;
    await new Promise<void>((resolve) => {
      for (const socket of sockets) {
        socket.resume().on('error', () => undefined);
        socket.once('close', () => {
          if (++dropped === 900) resolve();
        });
      }
    });
    for (const socket of sockets) socket.destroy();
    expect((await ask(server.url)).status).toBe(200);
    await sampleNow(pressure);
    expect(pressure.state.sampleCount).toBeGreaterThan(samplesBefore);
  });
});
