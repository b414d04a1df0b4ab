import mqtt from 'mqtt';
import { test } from 'tap';
import type { LatencyReport } from '../../../src/live/types.js';
import { startBroker } from '../../../src/telemetry/embedded-broker.js';
import {
  checkDeviceId,
  createLatencyPublisher,
  latencyTopic,
  redact,
  statusTopic,
} from '../../../src/telemetry/latency-publisher.js';
import { INFO } from '../live/stub.js';

const REPORT: LatencyReport = {
  windowS: 1,
  fps: 30,
  dropped: 2,
  stages: { total: { p50: 5, p95: 9, p99: 9, count: 30 } },
  counters: {
    received: 32,
    processed: 30,
    dropped: 2,
    clicks: 0,
    resets: 0,
    faults: 0,
    publisherErrors: 0,
  },
};

/** Messages of a topic, one at a time. */
async function subscribe(url: string, topic: string) {
  const client = await mqtt.connectAsync(url);
  const arrived: { text: string; retained: boolean }[] = [];
  let wake = (): void => undefined;
  client.on('message', (_topic, payload, { retain }) => {
    arrived.push({ text: payload.toString(), retained: retain });
    wake();
  });
  await client.subscribeAsync(topic, { qos: 1 });
  return {
    async next() {
      while (arrived.length === 0) await new Promise<void>((resolve) => (wake = resolve));
      return arrived.shift() as { text: string; retained: boolean };
    },
    end: () => client.endAsync(true),
  };
}

test('a report is published as JSON with what runs; status is retained', async (t) => {
  const broker = await startBroker(0);
  const status = await subscribe(broker.url, statusTopic('bay-4'));
  const latency = await subscribe(broker.url, latencyTopic('bay-4'));
  const publisher = createLatencyPublisher({ url: broker.url, deviceId: 'bay-4', device: INFO });
  t.same(JSON.parse((await status.next()).text), { deviceId: 'bay-4', status: 'online' });

  publisher.onLatency?.(REPORT);
  const message = JSON.parse((await latency.next()).text);
  t.match(message, {
    deviceId: 'bay-4',
    fps: 30,
    dropped: 2,
    stages: { total: { p50: 5, p95: 9, p99: 9, count: 30 } },
    engine: 'onnxruntime-node',
    executionProvider: 'cpu',
    profile: 'x86-cpu',
    models: { bundle: 'test 1.0.0', sonosam: '1.0.0', deaot: '1.0.1' },
  });
  t.ok(Math.abs(message.sentAtMs - Date.now()) < 60_000);

  await publisher.close();
  await publisher.close();
  t.same(JSON.parse((await status.next()).text), { deviceId: 'bay-4', status: 'offline' });
  const late = await subscribe(broker.url, statusTopic('bay-4'));
  t.match(await late.next(), { retained: true, text: /offline/ });
  await Promise.all([status.end(), latency.end(), late.end()]);
  await broker.close();
});

test('a device that vanishes is reported offline by its last will', async (t) => {
  const broker = await startBroker(0);
  const status = await subscribe(broker.url, statusTopic('gone'));
  const publisher = createLatencyPublisher({ url: broker.url, deviceId: 'gone', device: INFO });
  t.match(await status.next(), { text: /online/ });
  // As a crash does: the connection ends without a goodbye.
  broker.disconnect('sonotrack-gone');
  t.match(await status.next(), { text: /offline/ });
  await publisher.close();
  await status.end();
  await broker.close();
});

test('without a broker reports are counted as dropped and nothing throws', async (t) => {
  const broker = await startBroker(0);
  const { url } = broker;
  await broker.close();
  const publisher = createLatencyPublisher({ url, deviceId: 'a', device: INFO });
  publisher.onLatency?.(REPORT);
  publisher.onLatency?.(REPORT);
  t.equal(publisher.dropped, 2);
  await publisher.close();
});

test('a port that is taken is refused with the code of the system', async (t) => {
  const broker = await startBroker(0);
  await t.rejects(startBroker(broker.port), { code: 'EADDRINUSE' });
  await t.rejects(startBroker(70_000), { name: 'RangeError' });
  await broker.close();
  await broker.close();
});

test('names that could not stand in a topic and other URLs are refused', async (t) => {
  t.equal(checkDeviceId('bay-4.left_A'), 'bay-4.left_A');
  for (const id of ['', 'a/b', 'a+', '#', 'ä', 'x'.repeat(65)]) {
    t.throws(() => checkDeviceId(id), { name: 'RangeError' }, id);
  }
  t.throws(() => createLatencyPublisher({ url: 'http://x', deviceId: 'a', device: INFO }), {
    name: 'RangeError',
    message: /mqtt:\/\//,
  });
});

test('user and password do not reach messages', async (t) => {
  t.equal(redact('mqtt://user:secret@broker:1883'), 'mqtt://broker:1883');
  t.equal(redact('mqtt://broker'), 'mqtt://broker');
});
