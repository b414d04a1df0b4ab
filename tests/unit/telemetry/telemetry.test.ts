import { emptyCounters } from '../../../src/live/latency.js';
import { test, type Test } from 'tap';
import { newHistogram, percentilesOf, recordMs } from '../../../src/live/histogram.js';
import type { LatencyReport, LiveResult } from '../../../src/live/types.js';
import { loadProfile } from '../../../src/runtime/profiles.js';
import { Mask } from '../../../src/sdk/mask.js';
import { redact } from '../../../src/telemetry/connection.js';
import { startBroker } from '../../../src/telemetry/embedded-broker.js';
import { decodeMaskFrame } from '../../../src/telemetry/mask-frame.js';
import { createTelemetry, type Telemetry } from '../../../src/telemetry/telemetry.js';
import {
  checkDeviceId,
  latencyTopic,
  masksTopic,
  statusTopic,
} from '../../../src/telemetry/topics.js';
import { jsonOf, subscribe } from '../../support/subscriber.js';
import { INFO, frame } from '../live/stub.js';

function reportOf(...samplesMs: number[]): LatencyReport {
  const total = newHistogram();
  for (const ms of samplesMs) recordMs(total, ms);
  return {
    windowS: 1,
    fps: samplesMs.length,
    dropped: 2,
    stages: { total: percentilesOf(total) },
    histograms: { total },
    counters: {
      ...emptyCounters(),
      received: 32,
      processed: 30,
      dropped: 2,
    },
  };
}

function resultOf(id: number, { revised = false } = {}): LiveResult {
  const pixels = frame(id, 4, 3);
  const mask = Mask.fromBitmap(Uint8Array.of(0, 1, 1, 0, 0, 1, 1, 0, 0, 0, 0, 0), 4, 3);
  return {
    frame: { id, captureNs: process.hrtime.bigint(), widthPx: 4, heightPx: 3, spacingMm: null },
    pixels,
    objects: [{ id: 1, mask, quality: 0.7, status: 'ask' }],
    timings: null,
    revised,
  };
}

async function telemetryOf(
  t: Test,
  url: string,
  deviceId = 'bay-4',
  dir = t.testdir(),
): Promise<Telemetry> {
  const profile = await loadProfile();
  const telemetry = await createTelemetry({
    broker: { url },
    deviceId,
    device: INFO,
    profile,
    dir,
  });
  t.teardown(() => telemetry.close());
  return telemetry;
}

async function brokerOf(t: Test) {
  const broker = await startBroker(0);
  t.teardown(() => broker.close());
  return broker;
}

test('a window goes out as JSON with what runs; status is retained', async (t) => {
  const broker = await brokerOf(t);
  const seen = await subscribe(broker.url, 'sonotrack/v1/bay-4/#');
  t.teardown(() => seen.end());
  const telemetry = await telemetryOf(t, broker.url);
  const status = await seen.until(({ topic }) => topic === statusTopic('bay-4'));
  t.same(jsonOf(status), { deviceId: 'bay-4', status: 'online' });

  telemetry.onResult?.(resultOf(1));
  telemetry.onLatency?.(reportOf(5, 9, 7));
  const message = jsonOf(await seen.until(({ topic }) => topic === latencyTopic('bay-4')));
  t.match(message, {
    deviceId: 'bay-4',
    sequence: 1,
    windows: 1,
    lost: 0,
    fps: 3,
    dropped: 2,
    stages: { total: { p50: 7.003, count: 3 } },
    histograms: { total: /^HISTFAAA/ },
    quality: { min: 0.7, mean: 0.7, count: 1 },
    objects: { count: 1, ask: 1, lost: 0, areaMm2: null },
    health: { memoryMb: Number, thermalStep: 0 },
    masks: { sent: 1 },
    engine: 'onnxruntime-node',
    executionProvider: 'cpu',
    profile: 'x86-cpu',
    models: { bundle: 'test 1.0.0', sonosam: '1.0.0', deaot: '1.0.1' },
  });
  t.ok(Math.abs((message.sentAtMs as number) - Date.now()) < 60_000);

  await telemetry.close();
  await telemetry.close();
  const end = await seen.until(({ payload }) => payload.includes('offline'));
  t.same(jsonOf(end), { deviceId: 'bay-4', status: 'offline' });
  const late = await subscribe(broker.url, statusTopic('bay-4'));
  t.match(await late.until(() => true), { retained: true });
  await late.end();
});

test('a device that vanishes is reported offline by its last will, and comes back', async (t) => {
  const broker = await brokerOf(t);
  const seen = await subscribe(broker.url, statusTopic('gone'));
  t.teardown(() => seen.end());
  await telemetryOf(t, broker.url, 'gone');
  await seen.until(({ payload }) => payload.includes('online'));
  // As a crash does: the connection ends without a goodbye.
  broker.disconnect('sonotrack-gone');
  await seen.until(({ payload }) => payload.includes('offline'));
  await seen.until(({ payload }) => payload.includes('online') && seen.all.length >= 3);
  t.pass('online again');
});

test('windows measured without a broker are sent by the next process, in order and marked', async (t) => {
  const broker = await brokerOf(t);
  const gone = await startBroker(0);
  const { url } = gone;
  await gone.close();
  const dir = t.testdir();
  const before = await telemetryOf(t, url, 'bay-4', dir);
  for (let i = 1; i <= 40; i += 1) before.onLatency?.(reportOf(i));
  t.equal(await before.flush(50), false);
  await before.close();
  t.equal(before.waiting, 40);

  const seen = await subscribe(broker.url, latencyTopic('bay-4'));
  t.teardown(() => seen.end());
  const after = await telemetryOf(t, broker.url, 'bay-4', dir);
  t.ok(await after.flush(10_000));
  after.onLatency?.(reportOf(41));
  await seen.until((message) => jsonOf(message).sequence === 41);
  const messages = seen.all.map(jsonOf);
  t.same(
    messages.map(({ sequence }) => sequence),
    Array.from({ length: 41 }, (_, i) => i + 1),
  );
  t.same(
    messages.map(({ historical }) => historical),
    [...Array<boolean>(40).fill(true), false],
  );
  t.equal(after.waiting, 0);
});

test('masks are limited in rate, except for what a click changed; without a connection they are counted', async (t) => {
  const broker = await brokerOf(t);
  const seen = await subscribe(broker.url, masksTopic('bay-4'));
  t.teardown(() => seen.end());
  const profile = await loadProfile();
  const telemetry = await createTelemetry({
    broker: { url: broker.url },
    deviceId: 'bay-4',
    device: INFO,
    profile: { ...profile, telemetry: { masks: { maxRateHz: 0.1, maxBytes: 4096, shape: 'rle' } } },
    dir: t.testdir(),
  });
  t.teardown(() => telemetry.close());
  telemetry.onResult?.(resultOf(1));
  const latency = await subscribe(broker.url, latencyTopic('bay-4'));
  t.teardown(() => latency.end());
  telemetry.onLatency?.(reportOf(1));
  t.match(jsonOf(await latency.until(() => true)), { masks: { unsent: 1, sent: 0 } });
  for (let id = 2; id <= 6; id += 1) telemetry.onResult?.(resultOf(id));
  telemetry.onResult?.(resultOf(6, { revised: true }));
  telemetry.onLatency?.(reportOf(1));
  const message = await latency.until((arrived) => jsonOf(arrived).sequence === 2);
  const { sent, limited } = jsonOf(message).masks as { sent: number; limited: number };
  t.equal(sent + limited, 6);
  t.equal(sent, 2);
  const last = await seen.until(({ payload }) => decodeMaskFrame(payload).revised);
  t.match(decodeMaskFrame(last.payload), {
    frameId: 6,
    objects: [{ id: 1, areaPx: 4, shape: { kind: 'rle', counts: [3, 2, 1, 2, 4] } }],
  });
  t.ok(Math.abs(decodeMaskFrame(last.payload).captureUnixUs / 1000 - Date.now()) < 60_000);
});

test('names that could not stand in a topic and other URLs are refused', async (t) => {
  t.equal(checkDeviceId('bay-4.left_A'), 'bay-4.left_A');
  for (const id of ['', 'a/b', 'a+', '#', 'ä', 'x'.repeat(65)]) {
    t.throws(() => checkDeviceId(id), { name: 'RangeError' }, id);
  }
  await t.rejects(telemetryOf(t, 'http://user:secret@x'), {
    name: 'RangeError',
    message: /mqtt:\/\/.*but received "http:\/\/x"/,
  });
  await t.rejects(telemetryOf(t, ''), { name: 'RangeError', message: /`url`/ });
  t.equal(redact('mqtt://me:secret@host:1'), 'mqtt://host:1');
  t.equal(redact('mqtt://me:a,b@one,mqtts://me:c@two'), 'mqtt://one,mqtts://two');
  const profile = await loadProfile();
  const options = { broker: { url: 'mqtt://x' }, deviceId: 'a', device: INFO, profile };
  const dir = t.testdir();
  await t.rejects(
    createTelemetry({ ...options, dir, deviceID: 'b' } as never),
    /did you mean `deviceId`/,
  );
  const broker = { url: 'mqtt://x', cert: 'PEM' };
  await t.rejects(createTelemetry({ ...options, broker, dir }), /both `cert` and `key`/);
});
