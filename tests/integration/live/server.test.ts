/** The live server through the client library and over REST, on a session without models. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 as Ajv } from 'ajv/dist/2020.js';
import { test } from 'tap';
import { WebSocket } from 'ws';
import { IngestSource, INGEST_CREDIT } from '../../../src/server/ingest.js';
import { decodeIngestCredit, encodeIngestFrame } from '../../../src/wire/codec.js';
import { connectTo, serveFake } from '../../support/live-server.js';

const at = { x: 10, y: 10, label: 1 as const };

async function api(url: string, method: string, path: string, body?: unknown) {
  const response = await fetch(`${url}${path}`, {
    method,
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

test('a viewer prompts, names, undoes, freezes, scrolls and goes live', async (t) => {
  const { server, next } = await serveFake(t);
  const { client, once, frameThat } = connectTo(t, server.url);
  t.match(await once('hello'), { version: 1, role: 'admin', source: { kind: 'test' } });
  next();
  const first = await frameThat(({ id }) => id === 0);
  t.match(first, {
    format: 'gray8',
    widthPx: 32,
    heightPx: 24,
    objects: [],
    spacingMm: { x: 0.5 },
  });
  t.equal(first.picture.length, 32 * 24);

  t.same(await client.prompt({ frameId: 0, point: at }), { objectId: 1, frameId: 0 });
  const answered = await frameThat(({ objects }) => objects.length === 1);
  t.match(answered, { id: 0, revised: true });
  t.equal(
    answered.objects[0].rle.reduce((sum, run) => sum + run, 0),
    32 * 24,
  );
  const labelled = once('status');
  await client.label(1, { name: 'cyst' });
  t.match(await labelled, { objects: [{ id: 1, name: 'cyst' }], canUndo: true });
  next();
  await frameThat(({ id }) => id === 1);
  await client.prompt({ frameId: 1, box: [1, 1, 8, 8], objectId: null });
  await frameThat(({ objects }) => objects.length === 2);
  t.match(await client.undo(), { objectId: 2 });
  t.match(await client.seek(0), { frameId: 0 });
  await client.goLive();
  await client.remove(1);
  await t.rejects(client.remove(1), { code: 'UNKNOWN_OBJECT' });
  await t.rejects(client.undo(), { code: 'NOTHING_TO_UNDO' });
  await t.rejects(client.prompt({ frameId: 9, point: at }), { code: 'FRAME_NOT_AVAILABLE' });
  await t.rejects(client.startRecording(), { code: 'WRITE_FAILED', message: /--record-dir/ });
});

test('a source that cannot be told of ends that connection, not the server', async (t) => {
  const { server } = await serveFake(t, { source: () => ({ frames: 1n }) });
  const socket = new WebSocket(`${server.url.replace('http', 'ws')}/stream`);
  const code = await new Promise((resolve) => socket.once('close', resolve));
  t.equal(code, 1011);
  t.equal((await fetch(`${server.url}/healthz`)).status, 200);
  t.equal(server.viewers, 0);
});

test('a frame comes at once to who connects while the session is frozen', async (t) => {
  const { server, session, next } = await serveFake(t);
  const early = connectTo(t, server.url, { format: 'none' });
  next();
  await early.frameThat(({ id }) => id === 0);
  await session.freeze();
  const late = connectTo(t, server.url, { format: 'jpeg' });
  t.match(await late.frameThat(() => true), { id: 0, format: 'jpeg' });
});

test('a viewer that acknowledges nothing gets two frames and then the newest', async (t) => {
  const { server, session, next } = await serveFake(t);
  const slow = connectTo(t, server.url, { acknowledge: 'manual' });
  const fast = connectTo(t, server.url);
  await Promise.all([slow.once('status'), fast.once('status')]);
  for (let id = 0; id < 20; id += 1) {
    next();
    await fast.frameThat((frame) => frame.id === id);
  }
  t.same(
    slow.frames.map(({ id }) => id),
    [0, 1],
  );
  t.ok(server.backlogBytes < 2 * 32 * 24 + 400, 'no more than one frame waits');
  slow.client.shown(slow.frames[1]);
  await slow.frameThat(({ id }) => id === 19);
  t.equal(server.drops, 17);
  t.equal(session.counters.processed, 20);
});

test('a client comes back by itself and tells of it; what was asked meanwhile is refused', async (t) => {
  const first = await serveFake(t);
  let { url } = first.server;
  /** Finds the server where it is: the port of one that has just ended is not free at once. */
  class Redirected extends WebSocket {
    constructor(_: string, protocols?: string[]) {
      super(`${url.replace('http', 'ws')}/stream`, protocols);
    }
  }
  const { client, once, frameThat } = connectTo(t, url, { WebSocket: Redirected as never });
  await once('hello');
  const told = once('notice');
  const lost = once('connection');
  await first.session.close();
  await first.server.close();
  t.match(await told, { kind: 'ended' });
  t.match(await lost, { isConnected: false, attempt: 1 });
  await t.rejects(client.freeze(), { code: 'DISCONNECTED' });
  const back = once('hello');
  const second = await serveFake(t);
  url = second.server.url;
  await back;
  second.next();
  await frameThat(({ id }) => id === 0);
});

test('REST does what the stream does, as its OpenAPI document says', async (t) => {
  const recordDir = t.testdir();
  const { server, next } = await serveFake(t, { recordDir });
  const { url } = server;
  t.match(await api(url, 'GET', '/api/session/result'), {
    status: 404,
    body: { code: 'NO_FRAME' },
  });
  const viewer = connectTo(t, url);
  await viewer.once('hello');
  next();
  await viewer.frameThat(({ id }) => id === 0);
  const document = (await api(url, 'GET', '/api/openapi.json')).body as {
    paths: Record<string, Record<string, object>>;
    components: { schemas: Record<string, object> };
  };
  const ajv = new Ajv({ strict: false });
  ajv.addSchema({ $id: 'api', components: document.components });
  const validate = (name: string, value: unknown): void => {
    const check = ajv.compile({ $ref: `api#/components/schemas/${name}` });
    t.ok(check(value), `${name}: ${JSON.stringify(check.errors)}`);
  };
  const prompted = await api(url, 'POST', '/api/session/prompts', { frameId: 0, point: at });
  t.same(prompted, { status: 200, body: { objectId: 1, frameId: 0, caughtUp: 0 } });
  validate('Outcome', prompted.body);
  const result = await api(url, 'GET', '/api/session/result');
  t.match(result.body, { frameId: 0, objects: [{ id: 1, status: 'tracking' }] });
  validate('Result', result.body);
  t.equal((await api(url, 'PATCH', '/api/session/objects/1', { name: 'cyst' })).status, 200);
  t.match((await api(url, 'GET', '/api/session/objects')).body, [{ id: 1, name: 'cyst' }]);
  const session = await api(url, 'GET', '/api/session');
  t.match(session.body, { status: { canUndo: true }, counters: { clicks: 1 } });
  validate('Session', session.body);
  t.match(await api(url, 'POST', '/api/session/freeze', { frameId: 0 }), { body: { frameId: 0 } });
  t.equal((await api(url, 'POST', '/api/session/live')).status, 200);
  t.equal((await api(url, 'POST', '/api/session/recording')).status, 200);
  t.equal((await api(url, 'DELETE', '/api/session/recording')).status, 200);
  const [recording] = readdirSync(recordDir);
  t.ok(existsSync(join(recordDir, recording, 'recording.json')));
  t.match(await api(url, 'DELETE', '/api/session/prompts/last'), { body: { objectId: 1 } });

  const refused: [string, string, unknown, number, string][] = [
    ['DELETE', '/api/session/prompts/last', undefined, 409, 'NOTHING_TO_UNDO'],
    ['DELETE', '/api/session/objects/1', undefined, 404, 'UNKNOWN_OBJECT'],
    ['POST', '/api/session/prompts', { frameId: 99, point: at }, 410, 'FRAME_NOT_AVAILABLE'],
    ['POST', '/api/session/prompts', { frameId: 0, point: { ...at, x: 33 } }, 422, 'BAD_REQUEST'],
    ['POST', '/api/session/prompts', { frameId: 0, poin: at }, 400, 'BAD_REQUEST'],
    ['POST', '/api/session/prompts', '{', 400, 'BAD_REQUEST'],
    ['POST', '/api/session/prompts', 'x'.repeat(5000), 413, 'TOO_LARGE'],
    ['PUT', '/api/session/prompts', {}, 405, 'METHOD'],
    ['GET', '/api/nothing', undefined, 404, 'NOT_FOUND'],
  ];
  for (const [method, path, body, status, code] of refused) {
    const answer = await api(url, method, path, body);
    t.match(answer, { status, body: { code, message: String } }, `${method} ${path}`);
    validate('Refusal', answer.body);
  }
  for (const [path, methods] of Object.entries(document.paths)) {
    for (const method of Object.keys(methods).filter((name) => name !== 'parameters')) {
      const { status } = await api(url, method.toUpperCase(), path.replace('{objectId}', '9'));
      t.not(status, 405, `${method} ${path} is served`);
    }
  }
});

test('health, readiness and metrics', async (t) => {
  const { server, next } = await serveFake(t);
  const { url } = server;
  t.match(await api(url, 'GET', '/healthz'), { status: 200, body: { status: 'ok' } });
  t.match(await api(url, 'GET', '/readyz'), {
    status: 200,
    body: { status: 'ready', state: 'idle' },
  });
  const { client, frameThat, once } = connectTo(t, url, { acknowledge: 'manual' });
  await once('hello');
  next();
  client.shown(await frameThat(({ id }) => id === 0));
  const text = await (await fetch(`${url}/metrics`)).text();
  t.match(text, /^sonotrack_viewers 1$/m);
  t.match(text, /^sonotrack_session_count\{counter="received"\} 1$/m);
  t.match(text, /^sonotrack_http_responses_total\{status="200"\} 2$/m);
  t.match(text, /^process_resident_memory_bytes \d+/m);
});

test('frames of another process come in by credit and go through the session', async (t) => {
  const ingest = new IngestSource();
  const { server, session } = await serveFake(t, { ingest });
  const viewer = connectTo(t, server.url);
  await viewer.once('hello');
  const sender = new WebSocket(`${server.url.replace('http', 'ws')}/ingest`);
  const credits: number[] = [];
  let wake = (): void => undefined;
  sender.on('message', (data: Buffer) => {
    credits.push(decodeIngestCredit(data));
    wake();
  });
  const until = async (condition: () => boolean): Promise<void> => {
    while (!condition()) await new Promise<void>((resolve) => (wake = resolve));
  };
  await until(() => credits.length === 1);
  t.same(credits, [INGEST_CREDIT]);
  const send = (id: number | null, level: number): void =>
    sender.send(
      encodeIngestFrame({
        id,
        captureNs: null,
        widthPx: 4,
        heightPx: 3,
        channels: 1,
        spacingMm: { x: 0.2, y: 0.2 },
        data: new Uint8Array(12).fill(level),
      }),
    );
  send(5, 50);
  const arrived = await viewer.frameThat(({ id }) => id === 5);
  t.match(arrived, { widthPx: 4, heightPx: 3, spacingMm: { x: 0.2, y: 0.2 } });
  t.same([...arrived.picture], new Array(12).fill(50));
  send(null, 60);
  t.equal((await viewer.frameThat(({ id }) => id > 5)).id, 6, 'counted on by the server');
  await until(() => credits.length === 3);
  t.same(credits, [INGEST_CREDIT, 1, 1], 'each frame taken gives its credit back');
  t.match(server.viewers, 1);
  t.match(ingest.info, { kind: 'ingest', widthPx: 4, heightPx: 3 });

  const second = new WebSocket(`${server.url.replace('http', 'ws')}/ingest`);
  const failure = await new Promise<Error>((resolve) => second.once('error', resolve));
  t.match(failure.message, /503/, 'one sender at a time');
  const closed = new Promise<[number, Buffer]>((resolve) =>
    sender.once('close', (code, reason) => resolve([code, reason])),
  );
  send(3, 0);
  const [code, reason] = await closed;
  t.equal(code, 1007);
  t.match(reason.toString(), /`id` is 3, expected 7 or more/);
  t.equal(session.counters.received, 2);
});

test('closing drains: viewers are told, the port is free, and a second close does nothing', async (t) => {
  const { server, session, next } = await serveFake(t);
  const { once, frameThat } = connectTo(t, server.url);
  await once('hello');
  next();
  await frameThat(() => true);
  const told = once('notice');
  await Promise.all([server.close(), server.close()]);
  t.match(await told, { kind: 'closing' });
  await t.rejects(fetch(`${server.url}/healthz`));
  await session.close();
});
