/** Corrections on frames that have gone by. */
import { test } from 'tap';
import { fakeDevice } from '../../../src/sdk/fake-device.js';
import { Mask } from '../../../src/sdk/mask.js';
import { RecentFrames } from '../../../src/sdk/recent-frames.js';
import type { Tracker } from '../../../src/sdk/tracker.js';
import type { Point } from '../../../src/sdk/types.js';
import { dscOfIou } from '../../../src/runtime/overlap.js';
import type { FakeEngine } from '../../../src/runtime/fake-engine.js';
import { disc, frame } from '../../support/frames.js';
import { rejection } from '../../support/rejection.js';

const SIDE = 16;
const discAt = (x: number, y: number, r = 3): Uint8Array => disc(SIDE, SIDE, [x, y, r]);
const object = (id: number, bitmap: Uint8Array): { id: number; mask: Mask } => ({
  id,
  mask: Mask.fromBitmap(bitmap, SIDE, SIDE),
});
const click = (x: number, y: number, label: 0 | 1 = 1): { points: Point[] } => ({
  points: [{ x, y, label }],
});

/** Objects 7 and 2 have been tracked up to frame 4; the last three frames are kept. */
async function tracked(): Promise<{ tracker: Tracker; engine: FakeEngine }> {
  const { device, engine } = fakeDevice();
  const tracker = await device.createTracker({ maxObjects: 3, historyFrames: 3 });
  await tracker.start(frame(SIDE, SIDE, { id: 0 }), [
    object(7, discAt(4, 4)),
    object(2, discAt(10, 10)),
  ]);
  for (let id = 1; id <= 4; id += 1) await tracker.track(frame(SIDE, SIDE, { id }));
  return { tracker, engine };
}

test('a click on an earlier frame is answered there and followed to the present', async (t) => {
  const { tracker, engine } = await tracked();
  engine.calls.length = 0;
  const corrected = await tracker.correct(7, click(12, 3), { frameId: 2 });
  t.same(engine.calls, ['setImage', 'predict', 'start', 'track', 'track', 'replace']);
  const expected = discAt(4, 4).map((v, i) => v | discAt(12, 3, 4)[i]);
  for (const [i, own] of discAt(10, 10).entries()) if (own) expected[i] = 0;
  t.same(corrected.mask.toBitmap(), expected, 'from the tracked mask, clear of the neighbour');
  // as sure as the answer was, times how it was followed
  t.ok(Math.abs(corrected.quality - 0.95 * dscOfIou(0.9)) < 1e-9, String(corrected.quality));
  const { objects } = await tracker.track(frame(SIDE, SIDE));
  t.same(objects[1].mask.toBitmap(), expected, 'tracking goes on from it');
  t.same(objects[0].mask.toBitmap(), discAt(10, 10), 'the other object is untouched');
});

test('a second click goes on from the first', async (t) => {
  const { tracker } = await tracked();
  await tracker.correct(7, click(12, 3), { frameId: 4 });
  const { mask } = await tracker.correct(7, click(4, 4, 0), { frameId: 3 });
  t.equal(mask.toBitmap()[3 * SIDE + 12], 0, 'frame 3 is before the first click');
  await tracker.track(frame(SIDE, SIDE, { id: 5 }));
  await tracker.correct(7, click(12, 3), { frameId: 4 });
  await tracker.track(frame(SIDE, SIDE, { id: 6 }));
  const again = await tracker.correct(7, click(3, 12), { frameId: 5 });
  t.equal(
    again.mask.toBitmap()[3 * SIDE + 12],
    1,
    'frame 5 is the present that it was followed to',
  );
});

test('an object that a click takes away is lost', async (t) => {
  const { tracker } = await tracked();
  const lost = await tracker.correct(7, { points: [{ x: 4, y: 4, label: 0 }] }, { frameId: 2 });
  t.match(lost, { id: 7, quality: 0, status: 'lost', mask: { areaPx: 0 } });
});

test('a frame that is not kept and an object that is not tracked are refused', async (t) => {
  const { tracker } = await tracked();
  const gone = await rejection(tracker.correct(7, click(4, 4), { frameId: 1 }));
  t.match(gone, { code: 'FRAME_NOT_AVAILABLE', message: /frame 1 is not kept.*: 2$/ });
  const unknown = await rejection(tracker.correct(9, click(4, 4), { frameId: 3 }));
  t.equal(unknown.code, 'UNKNOWN_OBJECT');
  await tracker.remove(2);
  t.equal(
    (await rejection(tracker.correct(2, click(4, 4), { frameId: 3 }))).code,
    'UNKNOWN_OBJECT',
  );
  const { device } = fakeDevice();
  const forgetful = await device.createTracker({ historyFrames: 0 });
  await forgetful.start(frame(SIDE, SIDE, { id: 0 }), [object(1, discAt(4, 4))]);
  await forgetful.track(frame(SIDE, SIDE, { id: 1 }));
  const none = await rejection(forgetful.correct(1, click(4, 4), { frameId: 0 }));
  t.match(none, { code: 'FRAME_NOT_AVAILABLE', message: /: 1$/ });
});

test('calls made meanwhile wait, with the data that they were given', async (t) => {
  const { tracker, engine } = await tracked();
  engine.calls.length = 0;
  const next = frame(SIDE, SIDE, { id: 5 });
  const late = tracker.correct(7, click(12, 3), { frameId: 3 });
  const calls = [late, tracker.track(next), tracker.correct(2, click(10, 10))];
  await Promise.all(calls);
  t.same(engine.calls.slice(-3), ['replace', 'track', 'correct']);
  t.equal((await tracker.correct(7, click(12, 3), { frameId: 5 })).id, 7);
});

test('a failure leaves the tracker as it was, and usable', async (t) => {
  let failing = false;
  const { device } = fakeDevice({
    before: (call) => {
      if (failing && call === 'predict') throw new Error('no');
    },
  });
  const tracker = await device.createTracker({ historyFrames: 3 });
  await tracker.start(frame(SIDE, SIDE, { id: 0 }), [object(1, discAt(4, 4))]);
  await tracker.track(frame(SIDE, SIDE, { id: 1 }));
  failing = true;
  t.match(await rejection(tracker.correct(1, click(9, 9), { frameId: 0 })), { message: 'no' });
  const { objects } = await tracker.track(frame(SIDE, SIDE, { id: 2 }));
  t.same(objects[0].mask.toBitmap(), discAt(4, 4));
});

test('frames are kept as the gray levels that the models read, in bounded memory', async (t) => {
  const recent = new RecentFrames(2);
  const rgb = { data: Uint8Array.of(10, 200, 30, 255, 255, 255), widthPx: 2, heightPx: 1 };
  const gray = recent.gray({ ...rgb, channels: 3 });
  t.same(gray, { data: Uint8Array.of(124, 255), widthPx: 2, heightPx: 1, channels: 1 });
  t.equal(recent.bytes(rgb), 8);
  const meta = (id: number) => ({ id, captureNs: 0n, widthPx: 2, heightPx: 1, spacingMm: null });
  const kept = [0, 1, 2].map((id) => {
    const pixels = recent.gray({ ...rgb, channels: 3 });
    recent.push(meta(id), pixels, [{ id: 4, bitmap: Uint8Array.of(id % 2, 1) }]);
    return pixels.data;
  });
  t.equal(recent.since(0), null);
  t.same(
    recent.since(1)?.map(({ meta: { id } }) => id),
    [1, 2],
  );
  t.same(recent.since(1)?.[0].labels, Uint8Array.of(1, 1));
  const further = [0, 1].map(() => recent.gray({ ...rgb, channels: 3 }).data);
  t.ok(further.includes(kept[0]), 'memory is used again');
});
