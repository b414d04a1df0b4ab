// A stream of 30 frames a second that is corrected every two seconds: does a mask ever turn up on another frame than its own,
// and does every frame turn up somewhere?
//
//   node benchmarks/corrections.mjs [--minutes 10] [--every 2] [--out FILE]
//
// The shipped models in a live session, the newest frame first, two structures of the phantom. In turns a click comes on the
// frame just shown (`Tracker.correct`) and on one shown some frames ago (the session goes back and catches up). Every call that
// the session makes of its trackers is noted with what it gave. What is shown on a frame must be what was last given for it; and
// when the stream has ended, a tracker alone makes the same calls on the same frames one by one, and must give the same masks to
// the last pixel. A frame that came in is processed, or was replaced by a newer one and counted.
import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { createSession, openDevice } from 'sonotrack';
import { Phantom } from '../dist/io/sources/phantom/phantom.js';
import { centreOf } from '../scripts/picture-tools.mjs';
import { report } from './lib.mjs';

const { values: options } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    every: { type: 'string', default: '2' },
    out: { type: 'string' },
  },
});
const RATE_HZ = 30;
const FRAMES_SENT = Math.round(Number(options.minutes) * 60 * RATE_HZ);
const EVERY_MS = 1000 * Number(options.every);
/** Frames of the phantom, sent there and back again, over and over: so it never jumps. */
const LOOP = 60;
/** Chamber and cyst, by their labels in the phantom's truth. */
const OBJECTS = [1, 3];
/** Results ago, of every second click. */
const AGO = 4;

const phantom = new Phantom();
const kept = Array.from({ length: LOOP }, (_, i) => phantom.frame(i));
const indexOf = (id) => (id % (2 * LOOP) < LOOP ? id % LOOP : LOOP - 1 - (id % LOOP));
const pixelsOf = (id) => ({ ...kept[indexOf(id)], id });

const digest = (mask) => createHash('sha1').update(mask.toBitmap()).digest('base64');
const digests = (objects) => Object.fromEntries(objects.map(({ id, mask }) => [id, digest(mask)]));

/** What was last given for each frame: frame id → object id → digest. */
const given = new Map();
/** By tracker, the calls in their order with what they gave. */
const trackers = [];

/** The device, with all calls of its trackers noted. */
const noted = (device) => ({
  setImage: (frame) => device.setImage(frame),
  async createTracker(trackerOptions) {
    const tracker = await device.createTracker(trackerOptions);
    const calls = [];
    trackers.push({ trackerOptions, calls });
    let at = null;
    const enter = (objects) => given.set(at, { ...given.get(at), ...objects });
    return {
      async start(frame, objects) {
        await tracker.start(frame, objects);
        at = frame.id;
        enter(digests(objects));
        calls.push({ call: 'start', frameId: at, objects });
      },
      async track(frame) {
        const result = await tracker.track(frame);
        at = frame.id;
        const gave = digests(result.objects);
        enter(gave);
        calls.push({ call: 'track', frameId: at, gave });
        return result;
      },
      async correct(id, prompts) {
        const object = await tracker.correct(id, prompts);
        const gave = digests([object]);
        enter(gave);
        calls.push({ call: 'correct', id, prompts, gave });
        return object;
      },
      async add(object) {
        await tracker.add(object);
        enter(digests([object]));
        calls.push({ call: 'add', object });
      },
      async remove(id) {
        await tracker.remove(id);
        calls.push({ call: 'remove', id });
      },
      close: () => tracker.close(),
    };
  },
});

/** Makes the same calls without a stream. Gives the masks compared, and how many differ. */
async function replay(device) {
  const seen = { compared: 0, differing: 0 };
  for (const { trackerOptions, calls } of trackers) {
    const tracker = await device.createTracker(trackerOptions);
    const makes = {
      start: ({ frameId, objects }) => tracker.start(pixelsOf(frameId), objects),
      track: async ({ frameId }) => digests((await tracker.track(pixelsOf(frameId))).objects),
      correct: async ({ id, prompts }) => digests([await tracker.correct(id, prompts)]),
      add: ({ object }) => tracker.add(object),
      remove: ({ id }) => tracker.remove(id),
    };
    for (const noted of calls) {
      const gives = await makes[noted.call](noted);
      for (const [id, was] of Object.entries(noted.gave ?? {})) {
        seen.compared += 1;
        if (gives[id] !== was) seen.differing += 1;
      }
    }
    await tracker.close();
  }
  return seen;
}

class Stream {
  info = { kind: 'stream', frames: null, ...kept[0], frameRateHz: RATE_HZ };
  sent = 0;
  #isClosed = false;
  async close() {
    this.#isClosed = true;
  }
  async *[Symbol.asyncIterator]() {
    const beganMs = performance.now();
    for (; this.sent < FRAMES_SENT && !this.#isClosed; this.sent += 1) {
      // By the clock, as a scanner: it does not wait for anyone.
      await delay(Math.max(0, beganMs + (this.sent * 1000) / RATE_HZ - performance.now()));
      yield { ...pixelsOf(this.sent), captureNs: process.hrtime.bigint() };
    }
  }
}

const device = await openDevice();
const source = new Stream();
const session = createSession({ source, device: noted(device), budgetMs: 60_000 });
const shown = { results: 0, masks: 0, onAnotherFrame: 0, outOfOrder: 0, unlikeTheOneBefore: 0 };
const clicks = { onTheFrameShown: 0, onAnEarlierFrame: 0, refused: {} };
const recent = [];
let before = {};
let nextClickMs = 0;

/** A click in the middle of a structure, on a frame that was shown. */
function click(frameId, objectId, isNew) {
  const at = centreOf(phantom, OBJECTS[objectId - 1], indexOf(frameId));
  session
    .click({ frameId, ...at, label: 1, objectId: isNew ? null : objectId })
    .catch(({ code }) => (clicks.refused[code] = (clicks.refused[code] ?? 0) + 1));
}

session.on('result', ({ frame, objects, revised }) => {
  shown.results += 1;
  const present = digests(objects);
  for (const [id, mask] of Object.entries(present)) {
    shown.masks += 1;
    if (given.get(frame.id)?.[id] !== mask) shown.onAnotherFrame += 1;
    if (!revised && before[id] && before[id] !== mask) shown.unlikeTheOneBefore += 1;
  }
  if (revised) return;
  before = present;
  if (recent.length && frame.id <= recent.at(-1)) shown.outOfOrder += 1;
  recent.push(frame.id);
  if (recent.length > AGO) recent.shift();
  for (const id of given.keys()) if (id < frame.id - 20 * RATE_HZ) given.delete(id);

  const nowMs = performance.now();
  if (nowMs < nextClickMs) return;
  nextClickMs = nowMs + EVERY_MS;
  const count = clicks.onTheFrameShown + clicks.onAnEarlierFrame;
  const isLate = count >= OBJECTS.length && count % 4 >= 2;
  clicks[isLate ? 'onAnEarlierFrame' : 'onTheFrameShown'] += 1;
  click(isLate ? recent[0] : frame.id, 1 + (count % OBJECTS.length), count < OBJECTS.length);
});
await session.done;
const { received, processed, dropped, skipped, resets, faults, restarts } = session.counters;
const calls = trackers.flatMap((t) => t.calls.map(({ call }) => call));
const result = {
  scenario: 'corrections',
  rateHz: RATE_HZ,
  everySeconds: Number(options.every),
  engine: device.info.engine,
  sent: source.sent,
  received,
  processed,
  droppedByTracking: dropped,
  unaccounted: source.sent - processed - dropped - skipped,
  resets,
  faults,
  restarts,
  clicks,
  calls: Object.fromEntries(
    ['start', 'track', 'correct', 'add'].map((c) => [c, calls.filter((v) => v === c).length]),
  ),
  shown,
  replay: await replay(device),
};
await device.close();
report(result, options.out);
const wrong = shown.onAnotherFrame + shown.outOfOrder + result.replay.differing;
process.exit(wrong + result.unaccounted > 0 ? 1 : 0);
