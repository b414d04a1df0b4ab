// Windows through outages: `node benchmarks/outage.mjs [--seconds 60] [--out FILE]`. Needs mosquitto.
// A device under load (a window every 50 ms, masks at 30 Hz) in a process of its own, in turns: its broker is killed and away
// for so many seconds; it is itself killed, away and started again; its queue on disk is too small for what the broker misses.
// A subscriber whose session the broker keeps accounts for every window number.
import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import mqtt from 'mqtt';
import { Mask } from 'sonotrack';
import { emptyCounters } from '../dist/live/latency.js';
import { newHistogram, percentilesOf, recordMs } from '../dist/live/histogram.js';
import { loadProfile } from '../dist/runtime/profiles.js';
import { createTelemetry } from '../dist/telemetry/telemetry.js';
import { freePorts, report } from './lib.mjs';

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    // Set in the device's process.
    device: { type: 'string' },
    out: { type: 'string' },
  },
});
const seconds = Number(options.seconds);
const [WINDOW_MS, FRAME_MS] = [50, 33];
/** Measured in each state of things. */
const WINDOWS = 60;

/** The device's process: measures until told to end, then sends what waits. */
async function runDevice({ url, dir, limits }) {
  const model = { name: 'model', version: '1', precision: 'int8' };
  const telemetry = await createTelemetry({
    broker: { url, longestWaitMs: 2000 },
    deviceId: 'bay-4',
    device: {
      engine: 'native',
      executionProvider: 'cpu',
      profile: 'x86-cpu',
      models: { bundle: 'test 1.0.0', sonosam: model, deaot: model },
    },
    profile: await loadProfile(),
    dir,
    limits,
    sparkplug: {},
  });
  const [widthPx, heightPx] = [480, 360];
  const disc = Uint8Array.from({ length: widthPx * heightPx }, (_, i) =>
    Number(Math.hypot((i % widthPx) - 240, Math.floor(i / widthPx) - 180) < 80),
  );
  const mask = Mask.fromBitmap(disc, widthPx, heightPx);
  let id = 0;
  const masks = setInterval(() => {
    const frame = {
      id: id++,
      captureNs: process.hrtime.bigint(),
      widthPx,
      heightPx,
      spacingMm: null,
    };
    const objects = [{ id: 1, mask, quality: 0.95, status: 'tracking' }];
    telemetry.onResult({ frame, objects, timings: null, revised: false });
  }, FRAME_MS);
  const windows = setInterval(() => {
    const total = newHistogram();
    for (let i = 0; i < 20; i++) recordMs(total, 15 + 10 * Math.random());
    telemetry.onLatency({
      windowS: WINDOW_MS / 1000,
      fps: 30,
      dropped: 0,
      stages: { total: percentilesOf(total) },
      histograms: { total },
      counters: {
        ...emptyCounters(),
        received: id,
        processed: id,
      },
    });
    process.send({ measured: telemetry.measured });
  }, WINDOW_MS);
  process.once('message', async () => {
    clearInterval(masks);
    clearInterval(windows);
    const isFlushed = await telemetry.flush(60_000);
    process.send({ measured: telemetry.measured, isFlushed });
    await telemetry.close();
    process.disconnect();
  });
}

/** A broker that keeps sessions on disk, a subscriber whose session it keeps, and a device. */
async function setUp(limits) {
  const dir = mkdtempSync(join(tmpdir(), 'sonotrack-outage-'));
  const [port] = await freePorts(1);
  const url = `mqtt://127.0.0.1:${port}`;
  const user = process.getuid() === 0 ? 'user root\n' : '';
  writeFileSync(
    join(dir, 'mosquitto.conf'),
    `${user}listener ${port} 127.0.0.1\nallow_anonymous true\npersistence true\npersistence_location ${dir}/\nautosave_on_changes true\nautosave_interval 1\nmax_queued_messages 0\n`,
  );
  let broker = null;
  const startBroker = async () => {
    broker = spawn('mosquitto', ['-c', join(dir, 'mosquitto.conf')], { stdio: 'ignore' });
    await once(broker, 'spawn');
  };
  const killBroker = async () => {
    const ended = once(broker, 'exit');
    broker.kill('SIGKILL');
    await ended;
  };
  await startBroker();
  const seen = [];
  const listener = mqtt.connect(url, { clientId: 'listener', clean: false, reconnectPeriod: 200 });
  listener.on('error', () => undefined);
  listener.on('message', (_, payload) =>
    seen.push({ ...JSON.parse(payload), arrivedMs: Date.now() }),
  );
  await new Promise((resolve) => listener.once('connect', resolve));
  await listener.subscribeAsync('sonotrack/v1/bay-4/latency', { qos: 1 });
  const state = { measured: 0, isFlushed: false };
  let device = null;
  const startDevice = () => {
    const told = JSON.stringify({ url, dir: join(dir, 'device'), limits });
    device = fork(fileURLToPath(import.meta.url), ['--device', told]);
    device.on('message', (message) => Object.assign(state, message));
  };
  startDevice();
  return {
    seen,
    /** Waits until the device has measured so many more windows. */
    async more(count) {
      const target = state.measured + count;
      while (state.measured < target) await delay(20);
    },
    startBroker,
    killBroker,
    startDevice,
    async killDevice() {
      const ended = once(device, 'exit');
      device.kill('SIGKILL');
      await ended;
    },
    async finish() {
      const ended = once(device, 'exit');
      device.send('end');
      await ended;
      while (!seen.some(({ sequence }) => sequence === state.measured)) await delay(50);
      await listener.endAsync(true);
      await killBroker();
      rmSync(dir, { recursive: true, force: true });
      return account(seen, state);
    },
  };
}

/** Accounts for every number: it arrived, in order, or it was counted as lost. */
function account(seen, { measured, isFlushed }) {
  const result = {
    measured,
    isFlushed,
    arrived: 0,
    lost: 0,
    twice: 0,
    inOrder: true,
    merged: 0,
    historical: 0,
  };
  let highest = 0;
  for (const { sequence, windows, lost, historical } of seen) {
    if (sequence <= highest) result.twice += windows;
    else {
      if (sequence - windows < highest) result.inOrder = false;
      result.arrived += windows;
      highest = sequence;
    }
    if (windows > 1) result.merged += 1;
    if (historical) result.historical += 1;
    result.lost = Math.max(result.lost, lost);
  }
  return { ...result, unaccounted: measured - result.arrived - result.lost };
}

async function brokerAway(limits) {
  const all = await setUp(limits);
  await all.more(WINDOWS);
  await all.killBroker();
  await delay(seconds * 1000);
  const backMs = Date.now();
  await all.startBroker();
  const isLive = ({ historical, arrivedMs }) => !historical && arrivedMs > backMs;
  while (!all.seen.some(isLive)) await delay(20);
  const caughtUpS = (all.seen.find(isLive).arrivedMs - backMs) / 1000;
  await all.more(WINDOWS);
  return { ...(await all.finish()), caughtUpS };
}

async function deviceAway() {
  const all = await setUp();
  await all.more(WINDOWS);
  await all.killBroker();
  await all.more(WINDOWS);
  await all.killDevice();
  await all.startBroker();
  all.startDevice();
  await all.more(2 * WINDOWS);
  return all.finish();
}

if (options.device) await runDevice(JSON.parse(options.device));
else {
  const runs = {
    brokerAway: await brokerAway(),
    deviceKilled: await deviceAway(),
    diskFull: await brokerAway({ maxBytes: 64 * 1024, mergeAtMost: 4 }),
  };
  report(
    {
      scenario: 'outage',
      broker: 'mosquitto',
      outageS: seconds,
      windowsPerS: 1000 / WINDOW_MS,
      runs,
    },
    options.out,
  );
}
