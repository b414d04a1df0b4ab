/** The server over TLS: https and wss, with a certificate that clients know. */
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { get, type RequestOptions } from 'node:https';
import { connect as connectPlain } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { join } from 'node:path';
import { test } from 'tap';
import { WebSocket } from 'ws';
import { startServer } from '../../../src/server/server.js';
import { makeCertificate } from '../../support/certificate.js';
import { connectTo, serveFake } from '../../support/live-server.js';

/** The answer to a GET; rejects when the connection is not trusted. */
async function ask(url: string, options: RequestOptions): Promise<IncomingMessage> {
  const [response] = await once(get(url, { agent: false, ...options }), 'response');
  response.resume();
  return response;
}

test('https and wss serve who trusts the certificate, and nobody else', async (t) => {
  const { ca, ...tls } = await makeCertificate(t);
  const { server, next } = await serveFake(t, { tls });
  t.match(server.url, /^https:/);
  const page = await ask(`${server.url}/`, { ca });
  t.equal(page.statusCode, 200);
  t.match(page.headers['strict-transport-security'], /max-age=\d{8}/);
  t.match(page.headers['content-security-policy'], `wss://127.0.0.1:${server.port}`);
  await t.rejects(ask(`${server.url}/`, {}), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });

  class Trusting extends WebSocket {
    constructor(url: string, protocols?: string[]) {
      super(url, protocols, { ca, origin: server.url });
    }
  }
  const { client, once: told, frameThat } = connectTo(t, server.url, { WebSocket: Trusting });
  await told('hello');
  next();
  await frameThat(({ id }) => id === 0);
  await client.prompt({ frameId: 0, point: { x: 10, y: 10, label: 1 } });
  await frameThat(({ objects }) => objects.length === 1);
});

test('plain connections and old versions of TLS are refused', async (t) => {
  const { ca, ...tls } = await makeCertificate(t);
  const { server } = await serveFake(t, { tls });
  const plain = connectPlain(server.port, '127.0.0.1');
  let answered = '';
  plain.on('data', (chunk) => (answered += chunk.toString('latin1')));
  plain.write(`GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\n\r\n`);
  await once(plain, 'close');
  t.notMatch(answered, /HTTP/);
  const old = connectTls({
    port: server.port,
    host: '127.0.0.1',
    ca,
    minVersion: 'TLSv1.1',
    maxVersion: 'TLSv1.1',
    // Without this the client itself would not speak it.
    ciphers: 'DEFAULT@SECLEVEL=0',
  });
  await t.rejects(once(old, 'secureConnect'), { code: /VERSION|ECONNRESET/ });
  t.equal((await ask(`${server.url}/healthz`, { ca })).statusCode, 200);
});

test('a key that does not fit the certificate, or none, is said at once', async (t) => {
  const { ca: _, ...tls } = await makeCertificate(t);
  const other = await makeCertificate(t);
  const page = { port: 0, pageDir: '.', device: {}, source: () => ({}) };
  for (const wrong of [
    { ...tls, keyFile: other.keyFile },
    { ...tls, certFile: join(tls.certFile, 'none') },
    { ...tls, certFile: tls.keyFile },
  ]) {
    await t.rejects(startServer({ ...page, tls: wrong }), {
      name: 'RangeError',
      message: /`tls\.(certFile|keyFile)`/,
    });
  }
});
