/** Options of `serve` about who may reach it, and how. Keys come from files, never as arguments. */
import { access, mkdir } from 'node:fs/promises';
import { constants } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { Access, loadAuthKey } from '../server/access.js';
import { SERVER_DEFAULTS, type ServerOptions } from '../server/options.js';
import { checkTls } from '../server/tls.js';
import { UsageError } from './failure.js';

export interface ServerCliOptions {
  host: string;
  authKey?: string;
  allowOrigin: string[];
  tlsKey?: string;
  tlsCert?: string;
  insecure: boolean;
  recordDir?: string;
}

export function withServer(command: Command): Command {
  return command
    .option('--host <address>', 'address to listen on', SERVER_DEFAULTS.host)
    .option(
      '--auth-key <file>',
      'ask for JSON Web Tokens, checked with this public key (PEM) or shared secret (32 bytes or more)',
    )
    .option(
      '--allow-origin <origin>',
      'origin of another page that may talk to the server; repeatable',
      (origin: string, before: string[]) => [...before, origin],
      [],
    )
    .option('--tls-key <file>', "key of the server's certificate (PEM)")
    .option('--tls-cert <file>', "the server's certificate and those above it (PEM)")
    .option('--insecure', 'listen beyond loopback without tokens: anybody there may operate', false)
    .option('--record-dir <dir>', 'folder that recordings go to (default: none can be made)');
}

/**
 * Checks the options before anything is opened.
 * @throws UsageError, RangeError for a combination that would leave the server open
 */
export async function serverOptionsOf(
  options: ServerCliOptions,
): Promise<
  Pick<ServerOptions, 'host' | 'auth' | 'allowedOrigins' | 'tls' | 'insecure' | 'recordDir'>
> {
  const {
    host,
    authKey,
    allowOrigin: allowedOrigins,
    tlsKey,
    tlsCert,
    insecure,
    recordDir,
  } = options;
  if ((tlsKey === undefined) !== (tlsCert === undefined)) {
    throw new UsageError('expected both --tls-key and --tls-cert, or neither');
  }
  for (const file of [authKey, tlsKey, tlsCert]) {
    if (file === undefined) continue;
    await access(file, constants.R_OK).catch(() => {
      throw new UsageError(`cannot read ${file}`);
    });
  }
  const auth = authKey === undefined ? null : await loadAuthKey(authKey);
  const tls = tlsKey && tlsCert ? { keyFile: tlsKey, certFile: tlsCert } : null;
  if (tls) await checkTls(tls);
  void new Access({ host, auth, allowedOrigins, isTls: tls !== null, insecure });
  if (recordDir !== undefined) await mkdir(recordDir, { recursive: true });
  const folder = recordDir === undefined ? null : resolve(recordDir);
  return { host, auth, allowedOrigins, tls, insecure, recordDir: folder };
}
