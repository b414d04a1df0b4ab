// A live session, its server and its viewers under random use: prompts, freezes, scrolls, undo, geometry changes, stalls, late
// and failing inference, viewers that come and go. The device stands in for the models: the mask it gives lies where the
// frame's own pixels say, so that each viewer can tell a mask on another frame than its own.
// `node --expose-gc benchmarks/random-actions.mjs [--minutes 10] [--seed 1] [--out FILE]`
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { createSession, Mask, SonotrackError } from 'sonotrack';
import { connect, decodeRle } from 'sonotrack/client';
import { WebSocket } from 'ws';
import { startServer } from '../dist/server/server.js';
import { quantile, report } from './lib.mjs';

const { values: options } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string', default: '1' },
    out: { type: 'string' },
  },
});
const MINUTES = Number(options.minutes);
const RATE_HZ = 30;
const BUDGET_MS = 150;
const GEOMETRIES = [
  { widthPx: 160, heightPx: 120, spacingMm: { x: 0.4, y: 0.4 } },
  { widthPx: 160, heightPx: 120, spacingMm: { x: 0.6, y: 0.6 } },
  { widthPx: 128, heightPx: 128, spacingMm: null },
];
/** Rate in the first and in the last part of the run, between which memory is compared. */
const WARM_UP_SHARE = 0.2;

let state = Number(options.seed) >>> 0;
const random = () => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 2 ** 32;
};
const pick = (values) => values[Math.floor(random() * values.length)];

/** The box of the mask that belongs to a frame: told by the id that its first pixels hold. */
function boxOf(data, widthPx, heightPx) {
  const id = data[0] | (data[1] << 8) | (data[2] << 16);
  const x = 8 + ((id * 37) % (widthPx - 40));
  const y = 8 + ((id * 17) % (heightPx - 40));
  return { id, box: [x, y, x + 16 + (id % 8), y + 16] };
}
function maskOf({ data, widthPx, heightPx }) {
  const [x0, y0, x1, y1] = boxOf(data, widthPx, heightPx).box;
  const bitmap = new Uint8Array(widthPx * heightPx);
  for (let y = y0; y < y1; y++) bitmap.fill(1, y * widthPx + x0, y * widthPx + x1);
  return Mask.fromBitmap(bitmap, widthPx, heightPx);
}

class MarkedSource {
  info = { kind: 'marked', frames: null, ...GEOMETRIES[0], channels: 1, frameRateHz: RATE_HZ };
  geometry = GEOMETRIES[0];
  stallMs = 0;
  #isClosed = false;
  async close() {
    this.#isClosed = true;
  }
  async *[Symbol.asyncIterator]() {
    for (let id = 0; !this.#isClosed; id++) {
      await delay(1000 / RATE_HZ + this.stallMs);
      this.stallMs = 0;
      const { widthPx, heightPx, spacingMm } = this.geometry;
      const data = new Uint8Array(widthPx * heightPx);
      for (let i = 0; i < data.length; i++) data[i] = 60 + ((i * 7 + (i >> 7) * 13) % 90);
      data.set([id & 255, (id >> 8) & 255, (id >> 16) & 255]);
      const captureNs = process.hrtime.bigint();
      yield { data, widthPx, heightPx, channels: 1, spacingMm, id, captureNs };
    }
  }
}

/** Mostly in time, now and then late or failing. */
async function inference() {
  const luck = random();
  if (luck < 0.002) await delay(BUDGET_MS * 3);
  else await delay(2 + 20 * random());
  if (luck > 0.999) throw new SonotrackError('INFERENCE_FAILED', 'track', 'a failure on purpose');
}
const timings = { queueMs: 0, preprocessMs: 0, inferenceMs: 10, postprocessMs: 0, totalMs: 10 };
const device = {
  async setImage(frame) {
    await inference();
    return { predict: async () => (await inference(), maskOf(frame)), close() {} };
  },
  async createTracker() {
    let frame = null;
    const ids = new Set();
    const tracked = (id) => ({ id, mask: maskOf(frame), quality: 0.9, status: 'tracking' });
    return {
      async start(next, objects) {
        await inference();
        frame = next;
        ids.clear();
        for (const { id } of objects) ids.add(id);
      },
      async track(next) {
        await inference();
        frame = next;
        return { objects: [...ids].sort((a, b) => a - b).map(tracked), timings };
      },
      async correct(id) {
        await inference();
        return tracked(id);
      },
      async add({ id }) {
        ids.add(id);
      },
      async remove(id) {
        ids.delete(id);
      },
      close() {},
    };
  },
};

let unhandled = 0;
process.on('unhandledRejection', () => (unhandled += 1));

const folder = mkdtempSync(join(tmpdir(), 'random-actions-'));
const source = new MarkedSource();
const server = await startServer({
  port: 0,
  pageDir: folder,
  device: {},
  source: () => source.info,
  recordDir: folder,
});
const session = createSession({
  source,
  device,
  publishers: [server.publisher],
  budgetMs: BUDGET_MS,
  cineMiB: 16,
});
server.attach(session);

const seen = { frames: 0, masked: 0, wrongFrame: 0, connections: 0 };
const viewers = [];
function addViewer() {
  const client = connect(server.url, { WebSocket, format: 'gray8' });
  const viewer = { client, lastId: 0 };
  client.on('frame', ({ id, widthPx, heightPx, picture, objects }) => {
    seen.frames += 1;
    viewer.lastId = id;
    const own = boxOf(picture, widthPx, heightPx);
    if (own.id !== (id & 0xffffff)) seen.wrongFrame += 1;
    for (const { box, rle } of objects) {
      seen.masked += 1;
      const fits = JSON.stringify(box) === JSON.stringify(own.box);
      const [x, y] = own.box;
      if (!fits || decodeRle(rle, widthPx, heightPx)[y * widthPx + x] !== 1) seen.wrongFrame += 1;
    }
  });
  seen.connections += 1;
  viewers.push(viewer);
}
addViewer();

const actions = {
  prompt: ({ client, lastId }) =>
    client.prompt({
      frameId: Math.max(0, lastId - Math.floor(random() * 60)),
      point: { x: random() * 128, y: random() * 120, label: random() < 0.8 ? 1 : 0 },
      ...(random() < 0.5 && { objectId: pick([null, 1, 2]) }),
    }),
  box: ({ client, lastId }) => client.prompt({ frameId: lastId, box: [10, 10, 40, 40] }),
  undo: ({ client }) => client.undo(),
  remove: ({ client }) => client.remove(1 + Math.floor(random() * 4)),
  label: ({ client }) => client.label(1, { name: 'a name', colour: '#00ff88' }),
  freeze: ({ client }) => client.freeze(),
  seek: ({ client, lastId }) => client.seek(Math.max(0, lastId - Math.floor(random() * 200))),
  goLive: ({ client }) => client.goLive(),
  goLiveAgain: ({ client }) => client.goLive(),
  record: ({ client }) => client.startRecording(),
  stop: ({ client }) => client.stopRecording(),
  geometry: async () => void (random() < 0.2 && (source.geometry = pick(GEOMETRIES))),
  stall: async () => void (random() < 0.2 && (source.stallMs = 2000 * random())),
  come: async () => void (viewers.length < 8 && addViewer()),
  go: async () => void (viewers.length > 1 && viewers.shift().client.close()),
};
const counts = Object.fromEntries(
  Object.keys(actions).map((name) => [name, { done: 0, refused: 0 }]),
);
const codes = {};
const pending = new Set();
function act() {
  const name = pick(Object.keys(actions));
  const work = actions[name](pick(viewers)).then(
    () => (counts[name].done += 1),
    ({ code }) => {
      counts[name].refused += 1;
      codes[code] = (codes[code] ?? 0) + 1;
    },
  );
  pending.add(work);
  void work.finally(() => pending.delete(work));
}

const began = performance.now();
const endMs = MINUTES * 60_000;
const rssMiB = [];
let nextSampleMs = 0;
while (performance.now() - began < endMs) {
  act();
  await delay(20 + 180 * random());
  const atMs = performance.now() - began;
  if (atMs < nextSampleMs) continue;
  nextSampleMs = atMs + 2000;
  globalThis.gc?.();
  rssMiB.push({ share: atMs / endMs, mib: process.memoryUsage().rss / 2 ** 20 });
}
await Promise.race([Promise.all(pending), delay(5000)]);
const { counters } = session;
for (const { client } of viewers) client.close();
await session.close();
await server.close();
rmSync(folder, { recursive: true, force: true });

const median = (from, to) =>
  quantile(
    rssMiB.filter(({ share }) => share >= from && share < to).map(({ mib }) => mib),
    0.5,
  );
const early = median(WARM_UP_SHARE, WARM_UP_SHARE + 0.2);
const late = median(0.8, 1.01);
report(
  {
    scenario: 'random-actions',
    minutes: MINUTES,
    seed: Number(options.seed),
    ...seen,
    unsettled: pending.size,
    unhandled,
    rss: { earlyMiB: early, lateMiB: late, growthMiB: late - early },
    counters,
    actions: counts,
    refusals: codes,
  },
  options.out,
);
process.exit(seen.wrongFrame + unhandled + pending.size > 0 ? 1 : 0);
