/** Who may talk to the server: in this version, pages of the server itself, on this machine. */
import { rangeError } from '../runtime/validate.js';

const LOOPBACK = ['127.0.0.1', 'localhost', '::1'];

/**
 * The address to bind to.
 * @throws RangeError for anything but loopback: without authentication the stream stays on this machine
 */
export function checkHost(host: string): string {
  if (LOOPBACK.includes(host)) return host === 'localhost' ? '127.0.0.1' : host;
  throw rangeError('a loopback address (127.0.0.1, ::1 or localhost)', 'host', host);
}

/** As it stands in a URL. */
export function urlHost(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

/**
 * Whether a request names this server as its host, and comes from a page of this server when it names an origin: another
 * site's page, or a name that was made to resolve to this machine, is turned away.
 */
export function isTrusted(hostHeader: string, originHeader: string, port: number): boolean {
  const hosts = LOOPBACK.map((name) => `${urlHost(name)}:${port}`);
  if (port === 80) hosts.push(...LOOPBACK.map(urlHost));
  if (!hosts.includes(hostHeader.toLowerCase())) return false;
  return (
    originHeader === '' || hosts.includes(originHeader.toLowerCase().replace(/^http:\/\//, ''))
  );
}

/** Headers of every answer. */
export function securityHeaders(port: number): [name: string, value: string][] {
  // Older browsers do not take 'self' to mean sockets too; a policy cannot name an IPv6 address.
  const sockets = ['127.0.0.1', 'localhost'].map((name) => `ws://${name}:${port}`).join(' ');
  const policy = [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' blob:",
    `connect-src 'self' ${sockets}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
  return [
    ['Content-Security-Policy', policy],
    ['X-Content-Type-Options', 'nosniff'],
    ['Referrer-Policy', 'no-referrer'],
    ['Cross-Origin-Opener-Policy', 'same-origin'],
    ['Cross-Origin-Resource-Policy', 'same-origin'],
    ['Permissions-Policy', 'camera=(), microphone=(), geolocation=()'],
  ];
}
