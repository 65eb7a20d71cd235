import type { IncomingMessage, ServerResponse } from 'node:http';
import { describeValue, SpillwayError } from '../core/errors.js';
import type { ObservedPressure } from '../core/observed-pressure.js';
import { EventStreams } from '../feed/event-stream.js';
import type { Feed } from '../feed/feed.js';
import { LocalFeed } from '../feed/local-feed.js';
import { pageDocument } from './document.js';
import { admit, type GuardOptions, tokenCookie } from './guard.js';

/** Shortest token that is taken: 16 characters of base64 are 96 bits. */
const SHORTEST_TOKEN = 16;

export interface DashboardOptions extends GuardOptions {
  /** What the process is called on the page; default: its script. */
  readonly title?: string;
}

/** A request handler for a server of the user's own. */
export interface DashboardHandler {
  (request: IncomingMessage, response: ServerResponse): void;
  /** Ends every stream and lets go of the runtime. Idempotent. */
  close(): void;
}

const SECURITY_HEADERS = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
};

/**
 * The live page about a runtime, at whatever path it is mounted: the page itself, and its stream under `?stream`. Read-only.
 * @throws SpillwayError ERR_SPILLWAY_ARGUMENT for a token shorter than 16 characters.
 */
export function dashboardHandler(pressure: ObservedPressure, options: DashboardOptions = {}): DashboardHandler {
  return handlerOf(new LocalFeed(pressure, options.title), options);
}

/** The same for any feed; closing the handler closes the feed. @throws SpillwayError ERR_SPILLWAY_ARGUMENT as above. */
export function handlerOf(feed: Feed, options: GuardOptions): DashboardHandler {
  if (options.token !== undefined && options.token.length < SHORTEST_TOKEN) {
    throw new SpillwayError(
      'ERR_SPILLWAY_ARGUMENT',
      `Expected \`token\` to have at least ${SHORTEST_TOKEN} characters, got ${describeValue(options.token.length)}`,
    );
  }
  const streams = new EventStreams(feed);
  const handle = (request: IncomingMessage, response: ServerResponse) => {
    const query = queryOf(request.url ?? '');
    const admission = admit(request, query, options);
    if (admission.verdict === 'refused') refuse(response, 403, admission.reason);
    else if (request.method !== 'GET' && request.method !== 'HEAD') refuse(response, 405, 'Only GET is allowed');
    else if (admission.verdict === 'grant' && options.token !== undefined) grant(response, options.token);
    else if (!query.has('stream')) sendPage(request, response);
    else if (request.method === 'HEAD' || !streams.serve(request, response)) refuse(response, 503, 'Too many clients');
  };
  const close = () => {
    streams.close();
    feed.close();
  };
  return Object.assign(handle, { close });
}

function queryOf(url: string): URLSearchParams {
  const start = url.indexOf('?');
  return new URLSearchParams(start < 0 ? '' : url.slice(start + 1));
}

function refuse(response: ServerResponse, status: number, reason: string): void {
  response.writeHead(status, { ...SECURITY_HEADERS, 'content-type': 'text/plain; charset=utf-8', connection: 'close' });
  response.end(`${reason}\n`);
}

/** Puts the token into a cookie and takes it out of the address bar; `?` is the page's own path. */
function grant(response: ServerResponse, token: string): void {
  response.writeHead(303, { ...SECURITY_HEADERS, location: '?', 'set-cookie': tokenCookie(token) });
  response.end();
}

function sendPage(request: IncomingMessage, response: ServerResponse): void {
  const { html, contentSecurityPolicy } = pageDocument();
  response.writeHead(200, {
    ...SECURITY_HEADERS,
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': contentSecurityPolicy,
  });
  response.end(request.method === 'HEAD' ? undefined : html);
}
