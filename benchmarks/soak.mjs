// An hour on duty: `node benchmarks/soak.mjs [--minutes 60] [--warm-up 5] [--window 10] [--out FILE]`. `serve` with the real
// models in a process of its own: the phantom at 30 Hz, three objects, a corrective click every ten seconds, five viewers, MQTT
// to mosquitto (without one, to the broker inside of `serve`). Measured from outside: the process's resident memory, tracking and
// capture-to-viewer times of the first window after the warm-up and of the last, and where every frame went.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { connect } from 'sonotrack/client';
import { WebSocket } from 'ws';
import { Phantom } from '../dist/io/sources/phantom/phantom.js';
import { centreOf } from '../scripts/picture-tools.mjs';
import { freePorts, quantile, report, serve, summary } from './lib.mjs';

const { values: options } = parseArgs({
  options: {
    minutes: { type: 'string', default: '60' },
    'warm-up': { type: 'string', default: '5' },
    window: { type: 'string', default: '10' },
    out: { type: 'string' },
  },
});
const [minutes, warmUp, window] = ['minutes', 'warm-up', 'window'].map((k) => Number(options[k]));
if (!(warmUp >= 0 && window > 0 && warmUp + window <= minutes)) {
  throw new Error(
    'expected --warm-up and --window that fit into --minutes ' +
      `but received ${warmUp}, ${window} and ${minutes}`,
  );
}
const MINUTE_MS = 60_000;
const CORRECT_EVERY_MS = 10_000;
const VIEWERS = 5;
/** Chamber, wall and cyst, by their labels in the phantom's truth. */
const LABELS = [1, 2, 3];
const MOSQUITTO = '/usr/sbin/mosquitto';

const phantom = new Phantom();
const dir = mkdtempSync(join(tmpdir(), 'sonotrack-soak-'));
const [brokerPort] = await freePorts(1);
const broker = existsSync(MOSQUITTO)
  ? spawn(MOSQUITTO, ['-p', String(brokerPort)], { stdio: 'ignore' })
  : null;
const mqtt = broker ? ['--mqtt', `mqtt://127.0.0.1:${brokerPort}`] : ['--embedded-broker', '0'];
const { child: server, url } = await serve('--port', '0', '--telemetry-dir', dir, ...mqtt);
const rssMiB = () =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))[1]) / 1024;

/** By name, what the server counts at /metrics. */
async function counts() {
  const text = await (await fetch(new URL('/metrics', url))).text();
  const lines = text.matchAll(/^sonotrack_session_count\{counter="(\w+)"\} (\d+)$/gm);
  return Object.fromEntries([...lines].map(([, name, value]) => [name, Number(value)]));
}

const viewers = Array.from({ length: VIEWERS }, () => connect(url, { WebSocket }));
/** Of the first viewer's frames: when they came, ms since the start, and what they took. */
const seen = [];
const received = viewers.map(() => 0);
let newest = null;
const beganMs = performance.now();
viewers.forEach((client, i) => {
  client.on('frame', (frame) => {
    if (!frame.revised) received[i] += 1;
    if (i > 0) return;
    newest = frame;
    const ageMs = client.ageMs(frame);
    if (frame.revised || !frame.timings || ageMs === null) return;
    seen.push({ atMs: performance.now() - beganMs, ageMs, trackMs: frame.timings.totalMs });
  });
});

const clicks = { made: 0, refused: {} };
/** Clicks the middle of what bears the label, on the frame last shown. */
async function click(label, objectId) {
  const point = { ...centreOf(phantom, label, newest.id), label: 1 };
  clicks.made += 1;
  try {
    return (await viewers[0].prompt({ frameId: newest.id, point, objectId })).objectId;
  } catch (error) {
    clicks.refused[error.code] = (clicks.refused[error.code] ?? 0) + 1;
    return objectId;
  }
}

while (newest === null) await delay(10);
const objects = [];
for (const label of LABELS) objects.push(await click(label, null));
const memory = [];
for (let turn = 1; turn * CORRECT_EVERY_MS <= minutes * MINUTE_MS; turn++) {
  await delay(Math.max(0, beganMs + turn * CORRECT_EVERY_MS - performance.now()));
  const k = turn % LABELS.length;
  objects[k] = await click(LABELS[k], objects[k]);
  memory.push({ atMs: turn * CORRECT_EVERY_MS, rssMiB: rssMiB() });
}
const counted = await counts();
const held = newest.objects.length;
for (const client of viewers) client.close();
server.kill('SIGTERM');
const [exitCode] = await once(server, 'exit');
broker?.kill();
rmSync(dir, { recursive: true, force: true });

/** What was seen in these minutes; memory goes up and down with garbage, so that its median stands for them. */
const within = (fromMin, toMin) => {
  const isIn = ({ atMs }) => atMs >= fromMin * MINUTE_MS && atMs < toMin * MINUTE_MS;
  const frames = seen.filter(isIn);
  return {
    track: summary(frames.map(({ trackMs }) => trackMs)),
    glassToViewer: summary(frames.map(({ ageMs }) => ageMs)),
    rssMiB: quantile(
      memory.filter(isIn).map((m) => m.rssMiB),
      0.5,
    ),
  };
};
const [first, last] = [within(warmUp, warmUp + window), within(minutes - window, minutes)];
const afterWarmUp = memory.filter(({ atMs }) => atMs >= warmUp * MINUTE_MS);
report(
  {
    scenario: 'soak',
    minutes,
    warmUpMinutes: warmUp,
    windowMinutes: window,
    viewers: VIEWERS,
    broker: broker ? 'mosquitto' : 'embedded',
    rssGrowthMiB: last.rssMiB - first.rssMiB,
    mostRssMiB: Math.max(...afterWarmUp.map((m) => m.rssMiB)),
    first,
    last,
    trackP99Ratio: last.track.p99Ms / first.track.p99Ms,
    glassToViewerP99Ratio: last.glassToViewer.p99Ms / first.glassToViewer.p99Ms,
    counted,
    // Those that were waiting or on their way when it was asked, at most two.
    unaccounted: counted.received - counted.processed - counted.dropped - counted.skipped,
    receivedByViewer: received,
    clicks,
    objectsHeldAtEnd: held,
    exitCode,
  },
  options.out,
);
