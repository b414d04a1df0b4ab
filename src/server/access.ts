/** Who may do what: tokens, roles, origins and hosts. */
import { createPublicKey, createSecretKey, type KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createVerifier, TokenError, type Algorithm } from 'fast-jwt';
import { checkString, rangeError, typeError } from '../runtime/validate.js';
import type { Role } from '../wire/messages.js';
import type { Header } from './exchange.js';

/** From the least to the most: each may do what those before it may. */
export const ROLES: readonly Role[] = ['view', 'operate', 'admin'];

export const mayAct = (role: Role, needed: Role): boolean =>
  ROLES.indexOf(role) >= ROLES.indexOf(needed);

/** Least bytes of a shared secret: as long as the hash of HS256 (RFC 7518, 3.2). */
const LEAST_SECRET = 32;
const CLOCK_TOLERANCE_MS = 5000;
const LOOPBACK = ['127.0.0.1', 'localhost', '::1'];

export interface AuthKey {
  readonly key: KeyObject;
  readonly algorithms: readonly string[];
}

/**
 * Reads what tokens are checked with: a public key in PEM (RS256, PS256, ES256, ES384, EdDSA), else a shared secret (HS256).
 * @throws RangeError for a secret under 32 bytes or a private key
 */
export async function loadAuthKey(file: string): Promise<AuthKey> {
  const content = await readFile(file);
  const text = content.toString('latin1');
  if (text.includes('PRIVATE KEY')) {
    throw rangeError('a public key or a shared secret, no private key,', 'authKey', file);
  }
  if (text.includes('-----BEGIN')) {
    const algorithms = ['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA'];
    return { key: createPublicKey(content), algorithms };
  }
  // An editor's final line end is no part of the secret.
  const secret = Buffer.from(text.replace(/\r?\n$/, ''), 'latin1');
  if (secret.length < LEAST_SECRET) {
    throw rangeError(`a secret of ${LEAST_SECRET} bytes or more`, 'authKey', file);
  }
  return { key: createSecretKey(secret), algorithms: ['HS256'] };
}

/** Gives the claims of a token that the key signed and that is valid now. @throws TokenError */
type Verify = (token: string) => Record<string, unknown>;

function verifierOf({ key, algorithms }: AuthKey): Verify {
  const exported =
    key.type === 'secret' ? key.export() : key.export({ type: 'spki', format: 'pem' });
  return createVerifier({
    key: exported,
    algorithms: [...algorithms] as Algorithm[],
    clockTolerance: CLOCK_TOLERANCE_MS,
    requiredClaims: ['exp'],
  });
}

export interface AccessOptions {
  host: string;
  /** Null: no tokens, everybody is admin; on loopback only, unless `insecure`. */
  auth: AuthKey | null;
  /** Origins of pages that may talk to the server besides its own, for instance 'https://scanner.ward-3.example'. */
  allowedOrigins: readonly string[];
  isTls: boolean;
  /** Serve other addresses than loopback without tokens. */
  insecure: boolean;
}

/** A refusal with its HTTP status; the message says nothing that helps to guess. */
export class AccessError extends Error {
  override readonly name = 'AccessError';
  readonly status: '401 Unauthorized' | '403 Forbidden';

  constructor(status: AccessError['status'], message: string) {
    super(message);
    this.status = status;
  }
}

/** As it stands in a URL. */
export const urlHost = (host: string): string => (host.includes(':') ? `[${host}]` : host);

export class Access {
  readonly address: string;
  readonly isLoopback: boolean;
  readonly #options: AccessOptions;
  /** Null: no tokens. */
  readonly #verify: Verify | null;

  /** @throws RangeError for an address beyond loopback without tokens or without allowed origins */
  constructor(options: AccessOptions) {
    const { host, auth, allowedOrigins, insecure } = options;
    this.isLoopback = LOOPBACK.includes(checkString(host, 'host'));
    this.address = host === 'localhost' ? '127.0.0.1' : host;
    this.#options = options;
    this.#verify = auth && verifierOf(auth);
    for (const origin of allowedOrigins) checkOrigin(origin);
    if (this.isLoopback || insecure) return;
    if (!auth) {
      const what = 'a loopback address (127.0.0.1, ::1 or localhost), or a key for tokens with it,';
      throw rangeError(what, 'host', host);
    }
    if (allowedOrigins.length === 0) {
      throw rangeError('at least one origin beyond loopback', 'allowedOrigins', allowedOrigins);
    }
  }

  get needsToken(): boolean {
    return this.#options.auth !== null;
  }

  /**
   * Another site's page, or a name that was made to resolve to this machine, is turned away.
   * @throws AccessError 403
   */
  checkSource(hostHeader: string, originHeader: string, port: number): void {
    const own = this.#ownHosts(port);
    // Beyond loopback the names of this machine are not known; there the token and the origin decide.
    if (this.isLoopback && !own.includes(hostHeader.toLowerCase())) {
      throw new AccessError('403 Forbidden', 'unknown host');
    }
    if (originHeader === '') return;
    const origin = originHeader.toLowerCase();
    const scheme = this.#options.isTls ? 'https' : 'http';
    if (this.isLoopback && own.some((host) => origin === `${scheme}://${host}`)) return;
    if (this.#options.allowedOrigins.includes(origin)) return;
    throw new AccessError('403 Forbidden', 'unknown origin');
  }

  /**
   * The role that a token gives (its claim `role`; 'view' without one). At once: a connection must become a WebSocket before
   * its handler returns (see `#upgrade` of the server).
   * @throws AccessError 401 for a token that is missing, expired, not yet valid, or not signed by the key
   */
  roleOf(token: string | null): Role {
    if (!this.#verify) return 'admin';
    if (!token) throw new AccessError('401 Unauthorized', 'a token is needed');
    const claimed = this.#claimedRole(this.#verify, token);
    if (claimed === undefined) return 'view';
    const role = ROLES.find((known) => known === claimed);
    if (!role) throw new AccessError('401 Unauthorized', 'the token is not valid');
    return role;
  }

  #claimedRole(verify: Verify, token: string): unknown {
    try {
      return verify(token).role;
    } catch (error) {
      const isExpired = error instanceof TokenError && error.code === TokenError.codes.expired;
      throw new AccessError(
        '401 Unauthorized',
        isExpired ? 'the token has expired' : 'the token is not valid',
      );
    }
  }

  #ownHosts(port: number): string[] {
    const hosts = LOOPBACK.map((name) => `${urlHost(name)}:${port}`);
    if (port === (this.#options.isTls ? 443 : 80)) hosts.push(...LOOPBACK.map(urlHost));
    return hosts;
  }
}

function checkOrigin(origin: unknown): void {
  if (typeof origin !== 'string') throw typeError('a string', 'allowedOrigins', origin);
  if (!URL.canParse(origin) || new URL(origin).origin !== origin) {
    throw rangeError("an origin, for instance 'https://ward-3.example'", 'allowedOrigins', origin);
  }
}

/** `Authorization: Bearer …`, else the WebSocket subprotocol `bearer.…`, which is all that a page can set. */
export function tokenOf(authorization: string, subprotocols: string): string | null {
  const bearer = /^Bearer +(\S+)$/i.exec(authorization)?.[1];
  if (bearer) return bearer;
  for (const protocol of subprotocols.split(',')) {
    if (protocol.trim().startsWith('bearer.')) return protocol.trim().slice('bearer.'.length);
  }
  return null;
}

/** Headers of every answer. */
export function securityHeaders(port: number, isTls: boolean): Header[] {
  // Older browsers do not take 'self' to mean sockets too; a policy cannot name an IPv6 address.
  const scheme = isTls ? 'wss' : 'ws';
  const sockets = ['127.0.0.1', 'localhost'].map((name) => `${scheme}://${name}:${port}`).join(' ');
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
    ...(isTls ? [['Strict-Transport-Security', 'max-age=31536000'] as Header] : []),
  ];
}
