import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

const TOKEN_COOKIE = 'spillway_token';

/** Who may see the page. */
export interface GuardOptions {
  /** Asked for on every request; needed on every address but the loopback. At least 16 characters. */
  readonly token?: string;
  /** Host names, beside `localhost` and addresses, under which the page may be asked for: those of a reverse proxy, say. */
  readonly allowedHosts?: readonly string[];
}

/** `grant`: the token came in the address, and is put into a cookie so that it does not stay there. */
export type Admission =
  | { readonly verdict: 'admitted' | 'grant' }
  | { readonly verdict: 'refused'; readonly reason: string };

/** Whether an address is of this machine's loopback. Pure. */
export function isLoopback(address: string): boolean {
  const plain = address.startsWith('::ffff:') ? address.slice('::ffff:'.length) : address;
  return isIP(plain) !== 0 && LOOPBACK.check(plain, isIP(plain) === 6 ? 'ipv6' : 'ipv4');
}

/**
 * Judges a request by its own words. The host must be `localhost`, an address, or allowed: a name that an attacker points at this
 * machine (DNS rebinding) is refused. A foreign origin is refused. Without a token only connections to the loopback are served.
 */
export function admit(request: IncomingMessage, query: URLSearchParams, options: GuardOptions): Admission {
  const host = hostName(request.headers.host);
  if (host === null || !isAllowedHost(host, options.allowedHosts ?? [])) return refused('Host is not allowed');
  if (!isSameOrigin(request)) return refused('Origin is not allowed');
  if (options.token === undefined) {
    return isLoopback(request.socket.localAddress ?? '') ? { verdict: 'admitted' } : refused('A token is needed');
  }
  const inAddress = query.get('token');
  if (inAddress !== null) {
    return isToken(inAddress, options.token) ? { verdict: 'grant' } : refused('The token is wrong');
  }
  const { authorization = '', cookie = '' } = request.headers;
  const offered = authorization.startsWith('Bearer ') ? authorization.slice('Bearer '.length) : cookieValue(cookie);
  return isToken(offered, options.token) ? { verdict: 'admitted' } : refused('A token is needed');
}

/** The header that keeps a token that came in the address. Not readable by scripts, not sent from other sites. */
export function tokenCookie(token: string): string {
  return `${TOKEN_COOKIE}=${encodeURIComponent(token)}; HttpOnly; SameSite=Strict`;
}

function refused(reason: string): Admission {
  return { verdict: 'refused', reason };
}

function hostName(header: string | undefined): string | null {
  if (header === undefined || !URL.canParse(`http://${header}`)) return null;
  const url = new URL(`http://${header}`);
  return url.pathname === '/' && url.username === '' ? url.hostname.replace(/^\[|\]$/g, '') : null;
}

function isAllowedHost(host: string, allowed: readonly string[]): boolean {
  return host === 'localhost' || isIP(host) !== 0 || allowed.includes(host);
}

/** A browser tells the origin of what scripts ask for, and `Sec-Fetch-Site` of everything; other programs tell neither. */
function isSameOrigin(request: IncomingMessage): boolean {
  const { origin, host } = request.headers;
  if (origin !== undefined && (!URL.canParse(origin) || new URL(origin).host !== host)) return false;
  const site = request.headers['sec-fetch-site'];
  const navigation = request.headers['sec-fetch-mode'] === 'navigate';
  return site === undefined || site === 'same-origin' || site === 'none' || navigation;
}

/** Compares in a time that tells nothing about where the two differ. */
function isToken(offered: string, token: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(offered), digest(token));
}

function cookieValue(header: string): string {
  const pair = header.split('; ').find((candidate) => candidate.startsWith(`${TOKEN_COOKIE}=`));
  if (pair === undefined) return '';
  try {
    return decodeURIComponent(pair.slice(TOKEN_COOKIE.length + 1));
  } catch {
    return ''; // not what tokenCookie wrote
  }
}
