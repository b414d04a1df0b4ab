import { createSecretKey } from 'node:crypto';
import { SignJWT } from 'jose';
import type { AuthKey } from '../../src/server/access.js';

const key = createSecretKey(Buffer.from('a secret of the tests, 32 bytes or more'));

/** What a server checks `signToken`'s tokens with. */
export const secretKey: AuthKey = { key, algorithms: ['HS256'] };

export const signToken = (role: string): Promise<string> =>
  new SignJWT({ role }).setProtectedHeader({ alg: 'HS256' }).setExpirationTime('5m').sign(key);
