import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { SignJWT } from 'jose';
import { test } from 'tap';
import {
  Access,
  loadAuthKey,
  mayAct,
  securityHeaders,
  tokenOf,
  type AccessOptions,
} from '../../../src/server/access.js';

const LOCAL: AccessOptions = {
  host: '127.0.0.1',
  auth: null,
  allowedOrigins: [],
  isTls: false,
  insecure: false,
};
const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const pem = keys.publicKey.export({ type: 'spki', format: 'pem' }) as string;

test('beyond loopback a key and an origin are needed, or the word insecure', async (t) => {
  for (const host of ['127.0.0.1', 'localhost', '::1'])
    t.ok(new Access({ ...LOCAL, host }).isLoopback);
  t.equal(new Access({ ...LOCAL, host: 'localhost' }).address, '127.0.0.1');
  const auth = await loadAuthKey(join(t.testdir({ key: pem }), 'key'));
  for (const host of ['0.0.0.0', '192.168.1.5', '::']) {
    t.throws(() => new Access({ ...LOCAL, host }), { name: 'RangeError', message: /loopback/ });
    t.throws(() => new Access({ ...LOCAL, host, auth }), { message: /at least one origin/ });
    const allowedOrigins = ['https://ward-3.example'];
    t.ok(new Access({ ...LOCAL, host, auth, allowedOrigins }));
    t.ok(new Access({ ...LOCAL, host, insecure: true }));
  }
  t.throws(() => new Access({ ...LOCAL, allowedOrigins: ['ward-3'] }), { message: /an origin/ });
  t.throws(() => new Access({ ...LOCAL, allowedOrigins: ['https://a.example/'] }), {
    message: /origin/,
  });
});

test('on loopback, requests for other hosts and from other sites are turned away', async (t) => {
  const local = new Access({ ...LOCAL, allowedOrigins: ['https://ward-3.example'] });
  const passes: [string, string, number][] = [
    ['127.0.0.1:8080', '', 8080],
    ['localhost:8080', 'http://localhost:8080', 8080],
    ['[::1]:8080', 'http://[::1]:8080', 8080],
    ['localhost', '', 80],
    ['127.0.0.1:8080', 'https://ward-3.example', 8080],
  ];
  for (const source of passes) t.doesNotThrow(() => local.checkSource(...source), source.join(' '));
  const refused: [string, string, number][] = [
    ['evil.example:8080', '', 8080],
    ['127.0.0.1:8080', 'http://evil.example', 8080],
    ['127.0.0.1:8080', 'http://127.0.0.1:3000', 8080],
    ['127.0.0.1:8080', 'https://127.0.0.1:8080', 8080],
    ['127.0.0.1:8080', 'null', 8080],
    ['', '', 8080],
  ];
  for (const source of refused) {
    t.throws(
      () => local.checkSource(...source),
      { message: /unknown (host|origin)/ },
      source.join(' '),
    );
  }
});

test('tokens of the key give their role; all others are refused', async (t) => {
  const secret = randomBytes(32);
  const folder = t.testdir({ pem, secret: secret.toString('base64'), short: 'too short' });
  const auth = await loadAuthKey(join(folder, 'pem'));
  const access = new Access({ ...LOCAL, auth });
  const sign = (claims: object, expires: string | number = '5m', key = keys.privateKey) =>
    new SignJWT({ ...claims })
      .setProtectedHeader({ alg: 'ES256' })
      .setExpirationTime(expires)
      .sign(key);
  t.equal(access.roleOf(await sign({ role: 'operate' })), 'operate');
  t.equal(access.roleOf(await sign({})), 'view', 'without a role: to look only');
  const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const hmac = await new SignJWT({ role: 'admin' })
    .setProtectedHeader({ alg: 'HS256' })
    .setExpirationTime('5m')
    .sign(Buffer.from(pem));
  const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.e30.`;
  const endless = await new SignJWT({ role: 'admin' })
    .setProtectedHeader({ alg: 'ES256' })
    .sign(keys.privateKey);
  const refused: [string | null, RegExp][] = [
    [null, /needed/],
    ['', /needed/],
    ['nonsense', /not valid/],
    [await sign({ role: 'operate' }, Math.floor(Date.now() / 1000) - 60), /expired/],
    [await sign({ role: 'operate' }, '5m', other), /not valid/],
    [await sign({ role: 'root' }), /not valid/],
    [hmac, /not valid/],
    [unsigned, /not valid/],
    [endless, /not valid/],
  ];
  for (const [token, message] of refused) {
    t.throws(() => access.roleOf(token), { status: '401 Unauthorized', message });
  }
  t.equal(new Access(LOCAL).roleOf(null), 'admin', 'without a key everybody is admin');
  t.same((await loadAuthKey(join(folder, 'secret'))).algorithms, ['HS256']);
  await t.rejects(loadAuthKey(join(folder, 'short')), { message: /32 bytes/ });
});

test('a private key is refused as what tokens are checked with', async (t) => {
  const key = keys.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
  await t.rejects(loadAuthKey(join(t.testdir({ key }), 'key')), { message: /no private key/ });
});

test('a role may do what those below it may', async (t) => {
  t.ok(mayAct('admin', 'view'));
  t.ok(mayAct('operate', 'operate'));
  t.notOk(mayAct('view', 'operate'));
});

test('the token comes by header or by subprotocol', async (t) => {
  t.equal(tokenOf('Bearer abc', ''), 'abc');
  t.equal(tokenOf('', 'sonotrack.live.v1, bearer.abc.def'), 'abc.def');
  t.equal(tokenOf('Basic abc', 'other'), null);
});

test('the policy allows nothing from elsewhere and nothing inline', async (t) => {
  const headers = new Map(securityHeaders(8080, false));
  const policy = headers.get('Content-Security-Policy') ?? '';
  t.match(policy, "default-src 'none'");
  t.match(policy, "script-src 'self';");
  t.notMatch(policy, 'unsafe');
  t.match(policy, 'ws://127.0.0.1:8080');
  t.equal(headers.get('X-Content-Type-Options'), 'nosniff');
  t.notOk(headers.has('Strict-Transport-Security'));
  t.match(new Map(securityHeaders(8080, true)).get('Strict-Transport-Security'), /max-age/);
});
