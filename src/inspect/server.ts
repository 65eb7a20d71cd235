import { once } from 'node:events';
import { chmodSync } from 'node:fs';
import { createServer } from 'node:http';
import type { ObservedPressure } from '../core/observed-pressure.js';
import { EventStreams } from '../feed/event-stream.js';
import { LocalFeed } from '../feed/local-feed.js';
import { newSocketPath, removeSocket } from './directory.js';
import { STREAM_PATH } from './protocol.js';

/** Readers of one process at the same time, and connections that are not yet readers. */
const MOST_READERS = 20;
const MOST_CONNECTIONS = 32;

const LIMITS = { maxHeaderSize: 4096, headersTimeout: 5000, requestTimeout: 5000, connectionsCheckingInterval: 5000 };

export interface Inspection {
  /** Path of the socket. */
  readonly path: string;
  close(): Promise<void>;
}

/**
 * Lets the same user look at a runtime: HTTP on a Unix socket (a named pipe on Windows) that only this user can open. It answers
 * one path with a stream of frames, and nothing changes anything. Does not keep the process alive.
 * @throws SpillwayError ERR_SPILLWAY_INSPECT, and what `listen` throws.
 */
export async function startInspection(pressure: ObservedPressure): Promise<Inspection> {
  const path = newSocketPath();
  const feed = new LocalFeed(pressure);
  const streams = new EventStreams(feed, MOST_READERS);
  const server = createServer(LIMITS, (request, response) => {
    if (request.method !== 'GET' || request.url !== STREAM_PATH) response.writeHead(404).end();
    else if (!streams.serve(request, response)) response.writeHead(503).end();
  });
  server.maxConnections = MOST_CONNECTIONS;
  server.unref();
  removeSocket(path);
  server.listen(path);
  try {
    await once(server, 'listening');
    if (process.platform !== 'win32') chmodSync(path, 0o600);
  } catch (error) {
    feed.close();
    throw error;
  }
  return {
    path,
    close: async () => {
      streams.close();
      feed.close();
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
