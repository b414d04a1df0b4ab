/** REST from a page of another origin: the headers, and what a real browser makes of them. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test, type Test } from 'tap';
import { launchBrowser, noBrowser } from '../../support/browser.js';
import { serveFake } from '../../support/live-server.js';
import { secretKey, signToken } from '../../support/token.js';

const ORIGIN = 'https://ward-3.example';
const AUTH = { auth: secretKey };

const corsOf = ({ headers }: Response): Record<string, string> =>
  Object.fromEntries([...headers].filter(([name]) => name.startsWith('access-control-')));

test('a preflight from an allowed origin is answered without a token, from another one refused', async (t) => {
  const { server } = await serveFake(t, { ...AUTH, allowedOrigins: [ORIGIN] });
  const preflight = (path: string, origin: string): Promise<Response> =>
    fetch(`${server.url}${path}`, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,content-type',
      },
    });
  const allowed = await preflight('/api/session/prompts', ORIGIN);
  t.equal(allowed.status, 204);
  t.equal(allowed.headers.get('content-length'), null);
  t.same(corsOf(allowed), {
    'access-control-allow-origin': ORIGIN,
    'access-control-allow-methods': 'POST',
    'access-control-allow-headers': 'Authorization, Content-Type',
    'access-control-max-age': '600',
  });
  t.match(allowed.headers.get('vary'), /Origin/);
  const object = await preflight('/api/session/objects/1', ORIGIN);
  t.equal(corsOf(object)['access-control-allow-methods'], 'PATCH, DELETE');
  t.equal(corsOf(await preflight('/metrics', ORIGIN))['access-control-allow-methods'], 'GET, HEAD');
  t.equal((await preflight('/api/nothing', ORIGIN)).status, 404);
  for (const origin of ['https://evil.example', 'null', `${ORIGIN}.evil.example`]) {
    const refused = await preflight('/api/session/prompts', origin);
    t.equal(refused.status, 403, origin);
    t.same(corsOf(refused), {}, 'nothing that would let the page read it');
  }
});

test('answers and refusals can be read by an allowed page; there are no credentials', async (t) => {
  const { server } = await serveFake(t, { ...AUTH, allowedOrigins: [ORIGIN] });
  const token = await signToken('view');
  const get = (headers: Record<string, string>): Promise<Response> =>
    fetch(`${server.url}/api/session`, { headers });
  const answer = await get({ origin: ORIGIN, authorization: `Bearer ${token}` });
  t.equal(answer.status, 200);
  t.same(corsOf(answer), { 'access-control-allow-origin': ORIGIN });
  const refusal = await get({ origin: ORIGIN });
  t.equal(refusal.status, 401);
  t.same(corsOf(refusal), { 'access-control-allow-origin': ORIGIN });
  const foreign = await get({ origin: 'https://evil.example', authorization: `Bearer ${token}` });
  t.equal(foreign.status, 403);
  t.same(corsOf(foreign), {});
  const program = await get({ authorization: `Bearer ${token}` });
  t.equal(program.status, 200);
  t.same(corsOf(program), {}, 'no page, no need of it');
});

test('a HEAD request gets the headers alone', async (t) => {
  const { server } = await serveFake(t);
  const { body, headers } = await fetch(`${server.url}/healthz`, { method: 'HEAD' });
  t.equal(body, null);
  t.equal(headers.get('content-length'), '16');
  t.equal((await fetch(`${server.url}/healthz`)).status, 200, 'and the connection stays in step');
});

/** A page of its own origin; both end with the test. */
async function openForeignPage(t: Test) {
  const site = createServer((_, response) => response.setHeader('content-type', 'text/html').end());
  site.listen(0, '127.0.0.1');
  await once(site, 'listening');
  t.teardown(() => site.close());
  const browser = await launchBrowser();
  t.teardown(() => browser.close());
  const page = await browser.newPage();
  const origin = `http://127.0.0.1:${(site.address() as AddressInfo).port}`;
  await page.goto(origin);
  return { origin, page };
}

test('in a browser, the list decides', { skip: noBrowser, timeout: 60_000 }, async (t) => {
  const { origin, page } = await openForeignPage(t);
  const token = await signToken('operate');
  const tryOut = async (allowedOrigins: string[]) => {
    const { server, next } = await serveFake(t, { ...AUTH, allowedOrigins });
    next();
    const body = JSON.stringify({ frameId: 0, point: { x: 3, y: 3, label: 1 } });
    return page.evaluate(
      async ([url, authorization, prompt]) => {
        const headers = { authorization, 'content-type': 'application/json' };
        const statusOf = (request: Promise<Response>): Promise<number | string> =>
          request.then(
            ({ status }) => status,
            (error: Error) => error.name,
          );
        return {
          prompt: await statusOf(
            fetch(`${url}/api/session/prompts`, { method: 'POST', headers, body: prompt }),
          ),
          withoutToken: await statusOf(fetch(`${url}/api/session`)),
          withCredentials: await statusOf(
            fetch(`${url}/api/session`, { headers, credentials: 'include' }),
          ),
        };
      },
      [server.url, `Bearer ${token}`, body],
    );
  };
  t.same(await tryOut([origin]), {
    prompt: 200,
    withoutToken: 401,
    withCredentials: 'TypeError',
  });
  t.same(await tryOut(['https://ward-3.example']), {
    prompt: 'TypeError',
    withoutToken: 'TypeError',
    withCredentials: 'TypeError',
  });
});
