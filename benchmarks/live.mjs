// What viewers cost the live pipeline, and how fast a frame reaches them: `node benchmarks/live.mjs [--seconds 15] [--out FILE]`.
// A source of 30 frames a second with one object tracked by the real models; in turns 0, 1 and 50 viewers (one of the 50
// acknowledges nothing). Viewers run in a process of their own; their clocks are synchronised as a page's is. At last the page
// itself in Chromium, where there is one: from capture until the picture with its mask is drawn.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createSession, openDevice } from 'sonotrack';
import { connect } from 'sonotrack/client';
import { WebSocket } from 'ws';
import { startServer } from '../dist/server/server.js';
import { decodeClientMessage, decodeServerMessage } from '../dist/wire/codec.js';
import { phantomFrames, report, summary } from './lib.mjs';

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '15' },
    rounds: { type: 'string', default: '2' },
    rate: { type: 'string', default: '30' },
    format: { type: 'string', default: 'jpeg' },
    engine: { type: 'string', default: 'auto' },
    // Set in the process of the viewers.
    viewers: { type: 'boolean', default: false },
    out: { type: 'string' },
  },
});

const BROWSERS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** A frame's time from capture to the screen, and what of it the tracker's call and the models in it took. */
const ageOf = (glassMs, { inferenceMs, totalMs }) => ({ glassMs, inferenceMs, trackMs: totalMs });

/** The process of the viewers: as many as told, the last of several a slow one. */
async function runViewers() {
  let clients = [];
  let ages = [];
  let largestBytes = 0;
  process.on('message', ({ url, count, format }) => {
    if (count === 0) {
      for (const client of clients) client.close();
      process.send({ ages, largestBytes });
      [clients, ages] = [[], []];
      return;
    }
    clients = Array.from({ length: count }, (_, i) => {
      const isSlow = count > 1 && i === count - 1;
      const client = connect(url, { WebSocket, format, acknowledge: isSlow ? 'manual' : 'auto' });
      client.on('frame', (frame) => {
        const rleBytes = frame.objects.reduce((sum, { rle }) => sum + 5 * rle.length, 0);
        largestBytes = Math.max(largestBytes, frame.picture.length + rleBytes);
        const glassMs = client.ageMs(frame);
        if (!isSlow && !frame.revised && frame.timings && glassMs !== null) {
          ages.push(ageOf(glassMs, frame.timings));
        }
      });
      return client;
    });
  });
}

/** Ages as the page itself measured them and told the server; null without a browser. */
async function measurePage(url, seconds) {
  const executablePath = BROWSERS.find((path) => existsSync(path));
  if (!executablePath) return null;
  const { chromium } = await import('playwright-core');
  const browser = await chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-gpu'],
  });
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  const timings = [null];
  let ages = [];
  page.on('websocket', (socket) => {
    socket.on('framereceived', ({ payload }) => {
      const { type, frame } = decodeServerMessage(payload);
      // Acknowledged by their number.
      if (type === 'frame') timings.push(frame.timings);
    });
    socket.on('framesent', ({ payload }) => {
      const { type, count, glassToGlassMs } = decodeClientMessage(payload);
      if (type !== 'shown' || glassToGlassMs === null || !timings[count]) return;
      ages.push(ageOf(glassToGlassMs, timings[count]));
    });
  });
  await page.goto(url);
  await delay(3000);
  ages = [];
  await delay(1000 * seconds);
  await browser.close();
  return ages;
}

/** Most of a frame's message beside its picture and its runs. */
const HEADER_BYTES = 1024;

const noiseOf = (rates) =>
  (Math.max(...rates) - Math.min(...rates)) / (rates.reduce((a, b) => a + b, 0) / rates.length);

const spread = (values) => summary(values.filter((value) => Number.isFinite(value)));
const agesSummary = (ages) => ({
  glassToGlass: spread(ages.map(({ glassMs }) => glassMs)),
  beyondInference: spread(ages.map(({ glassMs, inferenceMs }) => glassMs - inferenceMs)),
  beyondTracking: spread(ages.map(({ glassMs, trackMs }) => glassMs - trackMs)),
});

async function measure() {
  const rateHz = Number(options.rate);
  const frames = await phantomFrames(60);
  const [{ widthPx, heightPx, spacingMm }] = frames;
  let isClosed = false;
  const source = {
    info: {
      kind: 'phantom',
      frames: null,
      widthPx,
      heightPx,
      channels: 1,
      spacingMm,
      frameRateHz: rateHz,
    },
    async close() {
      isClosed = true;
    },
    async *[Symbol.asyncIterator]() {
      let dueMs = performance.now();
      for (let id = 0; !isClosed; id++) {
        await delay(Math.max(0, dueMs - performance.now()));
        dueMs += 1000 / rateHz;
        // There and back again, so that going round is no cut.
        const at = id % (2 * frames.length - 2);
        const frame = frames[at < frames.length ? at : 2 * frames.length - 2 - at];
        yield { ...frame, id, captureNs: process.hrtime.bigint() };
      }
    },
  };
  const device = await openDevice({ engine: options.engine });
  const server = await startServer({
    port: 0,
    pageDir: fileURLToPath(new URL('../dist/web', import.meta.url)),
    device: device.info,
    source: () => source.info,
  });
  let tracked = [];
  let latestId = null;
  const meter = {
    name: 'meter',
    onResult({ frame, timings, revised }) {
      latestId = frame.id;
      if (timings && !revised) tracked.push(timings.totalMs);
    },
  };
  const session = createSession({
    source,
    device,
    publishers: [server.publisher, meter],
    budgetMs: 20_000,
  });
  server.attach(session);
  while (latestId === null) await delay(10);
  await session.click({ frameId: latestId, x: 240, y: 170, label: 1 });
  const viewers = fork(fileURLToPath(import.meta.url), ['--viewers']);
  const results = { 0: [], 1: [], 50: [] };
  let backlogBytes = 0;
  let largestBytes = 0;
  const sampler = setInterval(() => {
    backlogBytes = Math.max(backlogBytes, server.backlogBytes);
  }, 20);
  await delay(3000);
  for (let round = 0; round < Number(options.rounds); round++) {
    for (const count of round % 2 ? [50, 1, 0] : [0, 1, 50]) {
      if (count > 0) viewers.send({ url: server.url, count, format: options.format });
      await delay(1500);
      tracked = [];
      const began = performance.now();
      await delay(1000 * Number(options.seconds));
      const fps = tracked.length / ((performance.now() - began) / 1000);
      const trackMs = tracked;
      let ages = [];
      if (count > 0) {
        const [message] = await Promise.all([once(viewers, 'message'), viewers.send({ count: 0 })]);
        ({ ages } = message[0]);
        largestBytes = Math.max(largestBytes, message[0].largestBytes);
      }
      results[count].push({ fps, trackMs, ages });
    }
  }
  clearInterval(sampler);
  viewers.kill();
  const drops = server.drops;
  const pageAges = await measurePage(server.url, Number(options.seconds));
  await session.close();
  await server.close();
  await device.close();
  const merged = Object.fromEntries(
    Object.entries(results).map(([count, runs]) => {
      const ages = runs.flatMap((run) => run.ages);
      return [
        count,
        {
          resultsPerS: runs.reduce((sum, { fps }) => sum + fps, 0) / runs.length,
          track: summary(runs.flatMap((run) => run.trackMs)),
          ...(ages.length > 0 && agesSummary(ages)),
        },
      ];
    }),
  );
  report(
    {
      scenario: 'live',
      rateHz,
      format: options.format,
      secondsPerRun: Number(options.seconds),
      viewers: merged,
      slowdownOf1: 1 - merged[1].resultsPerS / merged[0].resultsPerS,
      slowdownOf50: 1 - merged[50].resultsPerS / merged[0].resultsPerS,
      // What two runs without viewers differ by.
      noise: noiseOf(results[0].map(({ fps }) => fps)),
      slowViewer: {
        mostBacklogBytes: backlogBytes,
        // At most one frame on its way and one that waits for room.
        boundBytes: 2 * (largestBytes + HEADER_BYTES),
        drops,
      },
      page: pageAges && agesSummary(pageAges),
    },
    options.out,
  );
}

if (options.viewers) await runViewers();
else await measure();
