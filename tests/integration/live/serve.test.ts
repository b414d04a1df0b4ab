/** The live demo as `npm start` runs it: a process, a viewer on its WebSocket, a subscriber on its broker. */
import { join } from 'node:path';
import mqtt from 'mqtt';
import { test } from 'tap';
import { Phantom, PHANTOM_LABELS } from '../../../src/io/sources/index.js';
import { runCli, serve } from '../../support/cli.js';
import { connectTo } from '../../support/live-server.js';
import { centreOf } from '../../support/phantom.js';
import { modelsDir, skipOf } from '../engines.js';

const skip = skipOf('onnxruntime-node');
const SOURCE = 'phantom:?seed=3&width=240&height=180&fps=5';
const ARGS = [
  '--models-dir',
  modelsDir,
  '--source',
  SOURCE,
  '--device-id',
  'test-device',
  '--budget',
  '20000',
];

test('a click on the phantom is answered by a mask that follows it', { skip }, async (t) => {
  const live = await serve(...ARGS);
  t.teardown(() => live.stop('SIGKILL'));
  t.match(live.ready, /^ready http:\/\/127\.0\.0\.1:\d+ mqtt:\/\/127\.0\.0\.1:\d+$/);
  const { client, once, frames, frameThat } = connectTo(t, live.url);
  t.match(await once('hello'), {
    device: { models: { bundle: String } },
    source: { kind: 'phantom', frames: null },
  });
  const first = await frameThat(() => true);
  t.match(first, { widthPx: 240, heightPx: 180, format: 'gray8', objects: [] });
  t.ok(first.spacingMm && first.spacingMm.x > 0);

  // The picture is the very frame that the phantom draws under this number.
  const phantom = new Phantom({ seed: 3, widthPx: 240, heightPx: 180, frameRateHz: 5 });
  const { id, picture } = await frameThat((frame) => frame !== first);
  t.ok(Buffer.compare(phantom.frame(id).data, picture) === 0);

  const { x, y } = centreOf(phantom, id, PHANTOM_LABELS.chamber);
  t.same(await client.prompt({ frameId: id, point: { x, y, label: 1 }, objectId: null }), {
    objectId: 1,
    frameId: id,
  });
  const from = frames.length;
  const masked = await frameThat((frame) => frames.indexOf(frame) > from && !frame.revised);
  const [object] = masked.objects;
  t.equal(object.id, 1);
  t.equal(
    object.rle.filter((_, i) => i % 2 === 1).reduce((sum, run) => sum + run, 0),
    object.areaPx,
  );
  t.match(masked.timings, { totalMs: Number, inferenceMs: Number });
  const truth = centreOf(phantom, masked.id, PHANTOM_LABELS.chamber).areaPx;
  t.ok(Math.abs(object.areaPx / truth - 1) < 0.1, `${object.areaPx} of ${truth} px`);
  t.ok(object.areaMm2 && object.areaMm2 > 0);
  t.ok((client.ageMs(masked) ?? -1) > 0, 'its age is known by the synchronised clock');

  await client.remove(1);
  await frameThat((frame) => frames.indexOf(frame) > from && frame.objects.length === 0);
  client.close();
  t.equal(await live.stop('SIGTERM'), 0, 'SIGTERM ends it cleanly');
});

test(
  'beyond loopback it starts with a key and origins only, and with TLS where asked',
  { skip },
  async (t) => {
    const folder = t.testdir({ secret: 'x'.repeat(40) });
    const refused = await runCli('serve', '--host', '0.0.0.0', '--models-dir', modelsDir);
    t.equal(refused.code, 2);
    t.match(refused.stderr, /a loopback address .* or a key for tokens/);
    const half = await runCli('serve', '--tls-key', join(folder, 'secret'));
    t.match(half.stderr, /both --tls-key and --tls-cert/);
    const live = await serve(...ARGS, '--auth-key', join(folder, 'secret'));
    t.teardown(() => live.stop('SIGKILL'));
    t.equal((await fetch(`${live.url}/api/session`)).status, 401);
    t.equal((await fetch(`${live.url}/healthz`)).status, 200);
    t.equal(await live.stop('SIGINT'), 0, 'SIGINT ends it cleanly');
  },
);

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
