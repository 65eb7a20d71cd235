import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ObservedPressure } from '../core/observed-pressure.js';
import type { Feed } from '../feed/feed.js';
import { LocalFeed } from '../feed/local-feed.js';
import { isLoopback } from './guard.js';
import { type DashboardOptions, handlerOf } from './handler.js';

/**
 * Bounds on what a client may cost before it is known to be one: Node's defaults let 16 KiB of headers trickle in for a minute.
 * Connections: the clients of the stream, and as many again that ask for the page.
 */
const SERVER_LIMITS = {
  maxHeaderSize: 8192,
  headersTimeout: 5000,
  requestTimeout: 5000,
  connectionsCheckingInterval: 1000,
};
const MOST_CONNECTIONS = 64;

export interface DashboardServerOptions extends DashboardOptions {
  /** 0: any free one. Default 0. */
  readonly port?: number;
  /** Address to listen on; default 127.0.0.1. Any but the loopback makes a token, when none is given. */
  readonly host?: string;
}

export interface DashboardServer {
  /** Where the page is, with the token where one is needed. */
  readonly url: string;
  close(): Promise<void>;
}

/** Serves the live page about a runtime, or any feed, on a port of its own. Does not keep the process alive. */
export async function startDashboard(
  source: ObservedPressure | Feed,
  options: DashboardServerOptions = {},
): Promise<DashboardServer> {
  const { host = '127.0.0.1', port = 0 } = options;
  const token = options.token ?? (isLoopbackName(host) ? undefined : randomBytes(18).toString('base64url'));
  const feed = 'subscribe' in source ? source : new LocalFeed(source, options.title);
  const handler = handlerOf(feed, { ...options, ...(token === undefined ? {} : { token }) });
  const server = createServer(SERVER_LIMITS, handler);
  server.maxConnections = MOST_CONNECTIONS;
  server.unref();
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (error) {
    handler.close();
    throw error;
  }
  return {
    url: addressOf(server.address(), token),
    close: async () => {
      handler.close();
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

function isLoopbackName(host: string): boolean {
  return host === 'localhost' || isLoopback(host);
}

function addressOf(address: AddressInfo | string | null, token: string | undefined): string {
  if (address === null || typeof address === 'string') return String(address);
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return `http://${host}:${address.port}/${token === undefined ? '' : `?token=${token}`}`;
}
