import { test } from 'tap';
import { checkHost, isTrusted, securityHeaders } from '../../../src/server/security.js';

test('only loopback addresses are served', async (t) => {
  t.equal(checkHost('127.0.0.1'), '127.0.0.1');
  t.equal(checkHost('localhost'), '127.0.0.1');
  t.equal(checkHost('::1'), '::1');
  for (const host of ['0.0.0.0', '192.168.1.5', '::', 'example.com', '']) {
    t.throws(() => checkHost(host), { name: 'RangeError', message: /loopback/ }, host);
  }
});

test('requests of other hosts and of other sites are turned away', async (t) => {
  t.ok(isTrusted('127.0.0.1:8080', '', 8080));
  t.ok(isTrusted('localhost:8080', 'http://localhost:8080', 8080));
  t.ok(isTrusted('[::1]:8080', 'http://[::1]:8080', 8080));
  t.ok(isTrusted('localhost', '', 80));
  t.notOk(isTrusted('evil.example:8080', '', 8080), 'a name made to resolve to this machine');
  t.notOk(isTrusted('127.0.0.1:8080', 'http://evil.example', 8080), 'a page of another site');
  t.notOk(isTrusted('127.0.0.1:8080', 'http://127.0.0.1:3000', 8080), 'another port');
  t.notOk(isTrusted('127.0.0.1:8080', 'null', 8080));
  t.notOk(isTrusted('', '', 8080));
});

test('the policy allows nothing from elsewhere and nothing inline', async (t) => {
  const headers = new Map(securityHeaders(8080));
  const policy = headers.get('Content-Security-Policy') ?? '';
  t.match(policy, "default-src 'none'");
  t.match(policy, "script-src 'self';");
  t.notMatch(policy, 'unsafe');
  t.match(policy, 'ws://127.0.0.1:8080');
  t.equal(headers.get('X-Content-Type-Options'), 'nosniff');
});
