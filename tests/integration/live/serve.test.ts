/** The live demo as `npm start` runs it: a process, a viewer on its WebSocket, a subscriber on its broker. */
import { once } from 'node:events';
import mqtt from 'mqtt';
import { test } from 'tap';
import { WebSocket } from 'ws';
import { Phantom, PHANTOM_LABELS } from '../../../src/io/sources/index.js';
import { decodeResult, type FrameHeader, type ServerMessage } from '../../../src/server/codec.js';
import { runCli, serve } from '../../support/cli.js';
import { centreOf } from '../../support/phantom.js';
import { modelsDir, skipOf } from '../engines.js';

const skip = skipOf('onnxruntime-node');
const SOURCE = 'phantom:?seed=3&width=240&height=180&fps=5';
const ARGS = ['--models-dir', modelsDir, '--source', SOURCE, '--device-id', 'test-device'];

/** A viewer that remembers what it was told. */
class TestViewer {
  readonly frames: { header: FrameHeader; picture: Uint8Array }[] = [];
  readonly messages: ServerMessage[] = [];
  readonly #socket: WebSocket;
  #wake: () => void = () => undefined;

  constructor(url: string) {
    this.#socket = new WebSocket(`${url.replace('http', 'ws')}/stream`, { origin: url });
    this.#socket.on('message', (data: Buffer, isBinary) => {
      if (isBinary) {
        this.frames.push(decodeResult(data));
        this.send({ type: 'shown', count: this.frames.length });
      } else this.messages.push(JSON.parse(data.toString()));
      this.#wake();
    });
  }

  send(message: unknown): void {
    this.#socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  async frame(matching: (header: FrameHeader) => boolean = () => true) {
    const from = this.frames.length;
    while (true) {
      const found = this.frames.slice(from).find(({ header }) => matching(header));
      if (found) return found;
      await this.#next();
    }
  }

  async message<T extends ServerMessage['type']>(type: T) {
    while (true) {
      const at = this.messages.findIndex((message) => message.type === type);
      if (at >= 0) return this.messages.splice(at, 1)[0] as Extract<ServerMessage, { type: T }>;
      await this.#next();
    }
  }

  close(): void {
    this.#socket.terminate();
  }

  #next(): Promise<void> {
    return new Promise((resolve) => (this.#wake = resolve));
  }
}

test('a click on the phantom is answered by a mask that follows it', { skip }, async (t) => {
  const live = await serve(...ARGS);
  t.teardown(() => live.stop('SIGKILL'));
  t.match(live.ready, /^ready http:\/\/127\.0\.0\.1:\d+ mqtt:\/\/127\.0\.0\.1:\d+$/);
  const viewer = new TestViewer(live.url);
  t.match(await viewer.message('hello'), {
    device: { models: { bundle: String } },
    source: { kind: 'phantom', frames: null },
  });
  const first = await viewer.frame();
  t.match(first.header, { widthPx: 240, heightPx: 180, format: 'gray8', objects: [] });
  t.equal(first.picture.length, 240 * 180);
  t.ok(first.header.spacingMm && first.header.spacingMm.x > 0);

  // The picture is the very frame that the phantom draws under this number.
  const phantom = new Phantom({ seed: 3, widthPx: 240, heightPx: 180, frameRateHz: 5 });
  const { header, picture } = await viewer.frame();
  t.ok(Buffer.compare(phantom.frame(header.id).data, picture) === 0);

  const chamber = centreOf(phantom, header.id, PHANTOM_LABELS.chamber);
  viewer.send({
    type: 'click',
    ref: 1,
    frameId: header.id,
    x: chamber.x,
    y: chamber.y,
    label: 1,
    objectId: null,
  });
  t.match(await viewer.message('clicked'), { ref: 1, objectId: 1, frameId: header.id });
  const masked = await viewer.frame(
    ({ id, objects }) => id > header.id + 2 && objects.length === 1,
  );
  const [object] = masked.header.objects;
  t.equal(object.id, 1);
  t.ok(object.areaPx > 0);
  t.ok(object.areaMm2 && object.areaMm2 > 0);
  const { size, counts } = object.rle;
  t.same(size, [180, 240]);
  t.equal(
    counts.reduce((a, b) => a + b, 0),
    180 * 240,
  );
  t.equal(
    counts.filter((_, i) => i % 2 === 1).reduce((a, b) => a + b, 0),
    object.areaPx,
  );
  t.match(masked.header.timings, { totalMs: Number, inferenceMs: Number });

  viewer.send({ type: 'remove', ref: 2, objectId: 1 });
  t.match(await viewer.message('removed'), { ref: 2, objectId: 1 });
  await viewer.frame(({ objects }) => objects.length === 0);
  viewer.close();
  t.equal(await live.stop('SIGTERM'), 0, 'SIGTERM ends it cleanly');
});

test('bad messages from a viewer are refused and the stream goes on', { skip }, async (t) => {
  const live = await serve(...ARGS);
  t.teardown(() => live.stop('SIGKILL'));
  const viewer = new TestViewer(live.url);
  const { header } = await viewer.frame();
  viewer.send('nonsense');
  t.match(await viewer.message('refused'), { ref: null, code: 'BAD_REQUEST' });
  viewer.send({ type: 'click', ref: 5, frameId: 1e9, x: 1, y: 1, label: 1 });
  t.match(await viewer.message('refused'), { ref: 5, code: 'FRAME_NOT_AVAILABLE' });
  viewer.send({ type: 'click', ref: 6, frameId: header.id, x: 9999, y: 1, label: 1 });
  t.match(await viewer.message('refused'), { ref: 6 });
  viewer.send({ type: 'remove', ref: 7, objectId: 3 });
  t.match(await viewer.message('refused'), { ref: 7, code: 'UNKNOWN_OBJECT' });
  await viewer.frame();
  viewer.close();

  const stranger = new WebSocket(`${live.url.replace('http', 'ws')}/stream`, {
    origin: 'http://evil.example',
  });
  const [failure] = await once(stranger, 'error');
  t.match(failure, { message: /403/ });

  const big = new TestViewer(live.url);
  await big.frame();
  big.send('x'.repeat(100_000));
  const other = new TestViewer(live.url);
  await other.frame();
  big.close();
  other.close();
  t.equal(await live.stop('SIGINT'), 0, 'SIGINT ends it cleanly');
});

test('latency and status are published every second', { skip }, async (t) => {
  const live = await serve(...ARGS);
  t.teardown(() => live.stop('SIGKILL'));
  const client = await mqtt.connectAsync(live.mqttUrl);
  t.teardown(() => client.endAsync(true));
  const arrived: { topic: string; message: Record<string, unknown> }[] = [];
  let wake = (): void => undefined;
  client.on('message', (topic, payload) => {
    arrived.push({ topic, message: JSON.parse(payload.toString()) });
    wake();
  });
  await client.subscribeAsync('sonotrack/v1/test-device/#', { qos: 1 });
  const until = async (matching: (item: (typeof arrived)[number]) => boolean) => {
    while (true) {
      const found = arrived.find(matching);
      if (found) return found.message;
      await new Promise<void>((resolve) => (wake = resolve));
    }
  };
  t.match(await until(({ topic }) => topic.endsWith('/status')), { status: 'online' });
  const isLatency = ({ topic, message }: (typeof arrived)[number]): boolean =>
    topic.endsWith('/latency') && (message.fps as number) > 0;
  t.match(await until(isLatency), {
    deviceId: 'test-device',
    sentAtMs: Number,
    fps: Number,
    dropped: Number,
    stages: { total: { p50: Number, p95: Number, p99: Number, count: Number } },
    executionProvider: 'cpu',
    models: { bundle: String, sonosam: String, deaot: String },
  });
  live.child.kill('SIGTERM');
  t.match(
    await until(({ topic, message }) => topic.endsWith('/status') && message.status === 'offline'),
    { status: 'offline' },
  );
  t.equal(await live.ended, 0);
});

test(
  'health is told, and other requests are refused with the same headers',
  { skip },
  async (t) => {
    const live = await serve(...ARGS);
    t.teardown(() => live.stop('SIGKILL'));
    const health = await fetch(`${live.url}/healthz`);
    t.equal(health.status, 200);
    t.same(await health.json(), { status: 'ok' });
    t.match(health.headers.get('content-security-policy') ?? '', /default-src 'none'/);
    t.equal((await fetch(`${live.url}/../package.json`)).status, 404);
    t.equal((await fetch(`${live.url}/assets/none.js`)).status, 404);
    t.equal((await fetch(`${live.url}/healthz`, { method: 'POST' })).status, 405);
    const foreign = await fetch(`${live.url}/healthz`, {
      headers: { origin: 'http://evil.example' },
    });
    t.equal(foreign.status, 403);
    const port = new URL(live.url).port;
    const taken = await runCli('serve', '--port', port, '--models-dir', modelsDir, '--quiet');
    t.equal(taken.code, 1);
    t.match(taken.stderr, new RegExp(`port ${port} of 127.0.0.1 is taken`));
    t.equal(await live.stop(), 0);
  },
);
