/** What an open port meets: each attack is refused with its status, and an honest viewer does not notice. */
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { connect as connectSocket, type Socket } from 'node:net';
import fc from 'fast-check';
import { SignJWT } from 'jose';
import { test, type Test } from 'tap';
import { WebSocket } from 'ws';
import type { AuthKey } from '../../../src/server/access.js';
import { decodeServerMessage, encodeClientMessage } from '../../../src/wire/codec.js';
import { PROTOCOL } from '../../../src/wire/messages.js';
import { connectTo, serveFake, type Served } from '../../support/live-server.js';

const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const auth: AuthKey = { key: keys.publicKey, algorithms: ['ES256'] };
const ORIGIN = 'https://ward-3.example';
const NOISE = 20_000;
const VALID = [
  encodeClientMessage({ type: 'prompt', ref: 1, frameId: 0, point: { x: 3, y: 3, label: 1 } }),
  encodeClientMessage({ type: 'prompt', ref: 2, frameId: 0, box: [1, 1, 8, 8], objectId: 1 }),
  encodeClientMessage({ type: 'label', ref: 3, objectId: 1, name: 'cyst', colour: '#00ff00' }),
  encodeClientMessage({ type: 'seek', ref: 4, frameId: 0 }),
];

const sign = (role: string, expires: string | number = '5m', key = keys.privateKey) =>
  new SignJWT({ role }).setProtectedHeader({ alg: 'ES256' }).setExpirationTime(expires).sign(key);

/** Tries to open the stream; gives the HTTP status. */
function upgrade(served: Served, token: string | null, origin?: string): Promise<number> {
  const protocols = [PROTOCOL, ...(token === null ? [] : [`bearer.${token}`])];
  const address = `${served.server.url.replace('http', 'ws')}/stream`;
  const socket = new WebSocket(address, protocols, { ...(origin && { origin }) });
  return new Promise((resolve) => {
    socket.once('open', () => {
      socket.terminate();
      resolve(101);
    });
    socket.once('unexpected-response', (_, { statusCode }) => resolve(statusCode ?? 0));
    socket.on('error', () => undefined);
  });
}

/** A raw connection; `closed` settles when the server ends it. */
function dial(served: Served): { socket: Socket; closed: Promise<unknown> } {
  const socket = connectSocket(served.server.port, '127.0.0.1');
  socket.on('error', () => undefined);
  return { socket, closed: once(socket, 'close') };
}

/** Sends text as it is; gives the status line that comes back. */
async function raw(served: Served, text: string): Promise<string> {
  const { socket } = dial(served);
  socket.write(text);
  const [answer] = (await once(socket, 'data')) as [Buffer];
  socket.destroy();
  return answer.toString().split('\r\n')[0];
}

/** An honest viewer, and a check that it still gets every frame. */
async function honest(t: Test, served: Served) {
  const viewer = connectTo(t, served.server.url, { token: await sign('operate') });
  await viewer.once('hello');
  return async (): Promise<void> => {
    const count = viewer.frames.length;
    served.next();
    await viewer.frameThat((frame) => viewer.frames.indexOf(frame) >= count);
    t.pass('the honest viewer got its next frame');
  };
}

test('without the right token nobody gets in', async (t) => {
  const served = await serveFake(t, { auth, allowedOrigins: [ORIGIN] });
  const isWell = await honest(t, served);
  const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const attempts: [string, string | null, number][] = [
    ['no token', null, 401],
    ['nonsense', 'e30.e30.e30', 401],
    ['expired', await sign('admin', Math.floor(Date.now() / 1000) - 60), 401],
    ['wrong key', await sign('admin', '5m', other), 401],
    ['the right one', await sign('view'), 101],
  ];
  for (const [name, token, status] of attempts) t.equal(await upgrade(served, token), status, name);
  for (const path of ['/api/session', '/metrics']) {
    const response = await fetch(`${served.server.url}${path}`);
    t.equal(response.status, 401, path);
    t.equal(response.headers.get('www-authenticate'), 'Bearer');
  }
  await isWell();
});

test('a foreign page gets 403 whatever token it has; an allowed one passes', async (t) => {
  const served = await serveFake(t, { auth, allowedOrigins: [ORIGIN] });
  const isWell = await honest(t, served);
  const token = await sign('admin');
  t.equal(await upgrade(served, token, 'https://evil.example'), 403);
  t.equal(await upgrade(served, token, 'null'), 403);
  t.equal(await upgrade(served, token, ORIGIN), 101);
  const foreign = { headers: { origin: 'https://evil.example', authorization: `Bearer ${token}` } };
  t.equal((await fetch(`${served.server.url}/api/session`, foreign)).status, 403);
  t.match(
    await raw(served, 'GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n'),
    / 403 /,
    'DNS rebinding',
  );
  await isWell();
});

test('a role does no more than it may', async (t) => {
  const served = await serveFake(t, { auth, recordDir: t.testdir() });
  const isWell = await honest(t, served);
  await isWell();
  const view = connectTo(t, served.server.url, { token: await sign('view') });
  await view.once('hello');
  await t.rejects(view.client.prompt({ frameId: 0, point: { x: 1, y: 1, label: 1 } }), {
    code: 'FORBIDDEN',
  });
  await t.rejects(view.client.freeze(), { code: 'FORBIDDEN' });
  const operate = connectTo(t, served.server.url, { token: await sign('operate') });
  await operate.once('hello');
  await operate.client.freeze();
  await operate.client.goLive();
  await t.rejects(operate.client.startRecording(), { code: 'FORBIDDEN' });
  const headers = { authorization: `Bearer ${await sign('view')}` };
  const init = { method: 'POST', headers, body: '{"frameId":0,"point":{"x":1,"y":1,"label":1}}' };
  t.equal((await fetch(`${served.server.url}/api/session/prompts`, init)).status, 403);
  await isWell();
});

test('prompts outside of the frame are refused and change nothing', async (t) => {
  const served = await serveFake(t, { auth });
  const isWell = await honest(t, served);
  await isWell();
  const { client, once: next } = connectTo(t, served.server.url, { token: await sign('operate') });
  await next('hello');
  for (const [x, y] of [
    [33, 1],
    [1, 25],
    [-1, 1],
    [1e9, 1],
    [NaN, 1],
    [Infinity, 1],
  ]) {
    await t.rejects(client.prompt({ frameId: 0, point: { x, y, label: 1 } }), {
      code: 'BAD_REQUEST',
    });
  }
  await t.rejects(client.prompt({ frameId: 0, box: [5, 5, 40, 40] }), { code: 'BAD_REQUEST' });
  await t.rejects(client.prompt({ frameId: 0, box: [9, 9, 5, 5] }), { code: 'BAD_REQUEST' });
  t.same(served.session.status.objects, []);
  await isWell();
});

test('oversize and malformed messages end their own connection only', async (t) => {
  const served = await serveFake(t, { auth });
  const isWell = await honest(t, served);
  const token = await sign('admin');
  const open = async (): Promise<WebSocket> => {
    const socket = new WebSocket(`${served.server.url.replace('http', 'ws')}/stream`, [
      PROTOCOL,
      `bearer.${token}`,
    ]);
    socket.on('error', () => undefined);
    await once(socket, 'open');
    return socket;
  };
  const big = await open();
  big.send(new Uint8Array(100_000));
  await once(big, 'close');
  await isWell();

  const text = await open();
  for (let more = 0; more < 8; more += 1) text.send('text is no message of this protocol');
  await once(text, 'close');
  await isWell();

  const flood = await open();
  for (let ref = 1; ref <= 500; ref += 1) flood.send(encodeClientMessage({ type: 'freeze', ref }));
  flood.send(encodeClientMessage({ type: 'goLive', ref: 501 }));
  flood.terminate();
  t.equal(served.server.viewers <= 2, true);
  await served.session.goLive();
  await isWell();
});

test(
  `${NOISE} messages of noise end none but their own connections`,
  { timeout: 240_000 },
  async (t) => {
    const served = await serveFake(t, { auth, limits: { commandsPerS: NOISE } });
    const isWell = await honest(t, served);
    const token = await sign('admin');
    // Random bytes, and messages of the protocol that a byte was changed in.
    const damaged = fc
      .tuple(fc.constantFrom(...VALID), fc.nat(), fc.nat({ max: 255 }))
      .map(([bytes, at, value]) => bytes.with(at % bytes.length, value));
    const noise = fc.sample(
      fc.oneof(fc.uint8Array({ minLength: 1, maxLength: 300 }), damaged),
      NOISE,
    );
    let [sent, answers] = [0, 0];
    /** Eight malformed ones end a connection: no more go through one. */
    const attack = async (): Promise<void> => {
      while (sent < NOISE) {
        const own = noise.slice(sent, (sent += 8));
        const socket = new WebSocket(`${served.server.url.replace('http', 'ws')}/stream`, [
          PROTOCOL,
          `bearer.${token}`,
        ]);
        await once(socket, 'open');
        socket.on('message', (data: Buffer) => {
          const { type } = decodeServerMessage(data);
          if (type === 'answer' || type === 'refusal') answers += 1;
        });
        for (const bytes of own) socket.send(bytes);
        for (let more = 0; more < 8; more += 1) socket.send(Uint8Array.of(0xff));
        await once(socket, 'close');
      }
    };
    await Promise.all(Array.from({ length: 8 }, attack));
    t.ok(answers >= NOISE, `${answers} answers and refusals`);
    await served.session.goLive();
    await isWell();
  },
);

test('paths lead nowhere but to the page', async (t) => {
  const served = await serveFake(t);
  for (const path of [
    '/../package.json',
    '/assets/../../package.json',
    '/%2e%2e/package.json',
    '/..%2fpackage.json',
    '/assets/%00a.js',
    '//etc/passwd',
    '/index.html/..',
    '/api/session/objects/../../healthz',
  ]) {
    const line = await raw(
      served,
      `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${served.server.port}\r\n\r\n`,
    );
    t.match(line, / 404 /, path);
  }
  t.match(await raw(served, 'nonsense\r\n\r\n'), / 400 |505 /);
  t.equal((await fetch(`${served.server.url}/`)).status, 200);
});

test(
  'a thousand connections leave room for those that are there',
  { timeout: 60_000 },
  async (t) => {
    const served = await serveFake(t, { auth, limits: { connections: 100 } });
    const isWell = await honest(t, served);
    const dialled = Array.from({ length: 1000 }, () => dial(served));
    let closed = 0;
    await new Promise<void>((resolve) => {
      for (const { closed: ends } of dialled) {
        void ends.then(() => {
          closed += 1;
          if (closed === 1000 - 99) resolve();
        });
      }
    });
    t.ok(closed >= 901, `${closed} were turned away`);
    await isWell();
    for (const { socket } of dialled) socket.destroy();
    await Promise.all(dialled.map(({ closed: ends }) => ends));
    await isWell();
    const late = connectTo(t, served.server.url, { token: await sign('view') });
    await late.once('hello');
  },
);

test('who comes and goes leaves no connection behind', async (t) => {
  const served = await serveFake(t, { limits: { connections: 4 } });
  for (let i = 0; i < 12; i += 1) {
    const passing = connectTo(t, served.server.url);
    await passing.once('hello');
    passing.client.close();
    while (served.server.viewers > 0) await new Promise(setImmediate);
  }
  t.equal((await fetch(`${served.server.url}/healthz`)).status, 200);
});

test('whoever got in stays in', async (t) => {
  const served = await serveFake(t, { auth });
  const token = await sign('view');
  /** False when the server closed the connection before it answered. */
  const isAnswered = async (): Promise<boolean> => {
    const socket = new WebSocket(`${served.server.url.replace('http', 'ws')}/stream`, [
      PROTOCOL,
      `bearer.${token}`,
    ]);
    const left = once(socket, 'close');
    const answered = new Promise<boolean>((resolve) => {
      socket.on('open', () => socket.send(encodeClientMessage({ type: 'ping', clientMs: 0 })));
      socket.on('error', () => resolve(false));
      socket.on('close', () => resolve(false));
      socket.on('message', (data: Buffer) => {
        if (decodeServerMessage(data).type === 'pong') resolve(true);
      });
    });
    const outcome = await answered;
    socket.terminate();
    await left;
    return outcome;
  };
  let closed = 0;
  for (let round = 0; round < 40; round += 1) {
    const answers = await Promise.all(Array.from({ length: 12 }, isAnswered));
    closed += answers.filter((answer) => !answer).length;
  }
  t.equal(closed, 0, 'none of 480 connections was closed by the server');
});

test('more viewers than allowed are told so', async (t) => {
  const served = await serveFake(t, { limits: { viewers: 3 } });
  const viewers = [1, 2, 3].map(() => connectTo(t, served.server.url));
  await Promise.all(viewers.map((viewer) => viewer.once('hello')));
  t.equal(await upgrade(served, null), 503);
});

test('requests beyond the rate get 429', async (t) => {
  const served = await serveFake(t, { limits: { requestsPerS: 5 } });
  const statuses = await Promise.all(
    Array.from(
      { length: 12 },
      async () => (await fetch(`${served.server.url}/api/session`)).status,
    ),
  );
  t.ok(statuses.filter((status) => status === 429).length >= 7, statuses.join(' '));
});

test('requests that never end are cut off', { timeout: 60_000 }, async (t) => {
  const served = await serveFake(t, { auth });
  const isWell = await honest(t, served);
  const slow = Array.from({ length: 20 }, () => dial(served));
  for (const { socket } of slow) socket.write('GET / HTTP/1.1\r\nHost: 127');
  // A byte now and then does not keep them alive.
  const trickle = setInterval(() => slow.forEach(({ socket }) => socket.write('.')), 1000);
  await Promise.all(slow.map(({ closed }) => closed));
  clearInterval(trickle);
  t.pass('all were cut off by the server');
  await isWell();
});
