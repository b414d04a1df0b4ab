import { test } from 'tap';
import { fakeDevice } from '../../../src/sdk/fake-device.js';
import { Mask } from '../../../src/sdk/mask.js';
import type { FakeEngineOptions } from '../../../src/runtime/fake-engine.js';
import type { Tracker } from '../../../src/sdk/tracker.js';
import { disc, frame } from '../../support/frames.js';
import { rejection } from '../../support/rejection.js';

const SIDE = 16;
const discMask = (x: number, y: number, r = 3): Mask =>
  Mask.fromBitmap(disc(SIDE, SIDE, [x, y, r]), SIDE, SIDE);
const CLICK = { points: [{ x: 12, y: 12, label: 1 as const }] };

async function started(options: FakeEngineOptions = {}): Promise<Tracker> {
  const tracker = await fakeDevice(options).device.createTracker({ maxObjects: 3 });
  await tracker.start(frame(SIDE, SIDE, { id: 0 }), [
    { id: 7, mask: discMask(4, 4) },
    { id: 2, mask: discMask(10, 10) },
  ]);
  return tracker;
}

test('track gives the objects in ascending id, on their own frame', async (t) => {
  const tracker = await started();
  const spacingMm = { x: 2, y: 1 };
  const result = await tracker.track(frame(SIDE, SIDE, { id: 9, captureNs: 5n, spacingMm }));
  t.same(result.frame, { id: 9, captureNs: 5n, heightPx: SIDE, widthPx: SIDE, spacingMm });
  t.ok(Object.isFrozen(result.frame));
  t.same(
    result.objects.map(({ id }) => id),
    [2, 7],
  );
  const [{ mask }] = result.objects;
  t.equal(mask.areaMm2, mask.areaPx * 2);
  t.hasProps(result.timings, [
    'queueMs',
    'preprocessMs',
    'inferenceMs',
    'postprocessMs',
    'totalMs',
  ]);
});

test('the status tells tracking from ask and lost', async (t) => {
  const statusAt = async (quality: number): Promise<string> =>
    (await (await started({ quality })).track(frame(SIDE, SIDE))).objects[0].status;
  t.equal(await statusAt(0.9), 'tracking');
  t.equal(await statusAt(0.89), 'ask');
  const tracker = await started({ radiusPx: 99 });
  const lost = await tracker.correct(2, { points: [{ x: 1, y: 1, label: 0 }] });
  t.match(lost, { id: 2, quality: 0, status: 'lost', mask: { areaPx: 0, box: null } });
  const { objects } = await tracker.track(frame(SIDE, SIDE));
  t.match(objects[0], { id: 2, status: 'lost' }, 'a lost object stays listed');
});

test('a mask that was poor from the start is asked about, however well it is followed', async (t) => {
  const { device } = fakeDevice({ quality: 0.94 });
  const image = await device.setImage(frame(SIDE, SIDE));
  const poor = await image.predict({ points: [{ x: 4, y: 4, label: 1 }] });
  t.ok(poor.score < 0.95, 'the fake model is not sure of its answer');
  const given = (2 * poor.score) / (1 + poor.score);
  const tracker = await device.createTracker({ maxObjects: 3 });
  await tracker.start(frame(SIDE, SIDE), [{ id: 1, mask: poor }]);
  await tracker.add({ id: 2, mask: poor });
  await tracker.add({ id: 3, mask: discMask(12, 12) });
  const { objects } = await tracker.track(frame(SIDE, SIDE));
  t.same(
    objects.map(({ quality }) => quality.toFixed(6)),
    [0.94 * given, 0.94 * given, 0.94].map((q) => q.toFixed(6)),
  );
  t.equal(objects[0].mask.score.toFixed(6), ((0.94 * given) / (2 - 0.94 * given)).toFixed(6));
  t.same(
    objects.map(({ status }) => status),
    ['ask', 'ask', 'tracking'],
  );
  const corrected = await tracker.correct(3, CLICK);
  const [, , after] = (await tracker.track(frame(SIDE, SIDE))).objects;
  t.equal(after.quality.toFixed(6), (0.94 * corrected.quality).toFixed(6));
});

test('correct answers with the object, from the tracked mask unless another is given', async (t) => {
  const tracker = await started();
  const corrected = await tracker.correct(7, CLICK);
  t.equal(corrected.id, 7);
  t.ok(corrected.mask.areaPx > discMask(4, 4).areaPx, 'the disc of the click is added');
  const fromEmpty = await tracker.correct(7, {
    ...CLICK,
    previous: Mask.fromBitmap(new Uint8Array(SIDE * SIDE), SIDE, SIDE),
  });
  t.ok(fromEmpty.mask.areaPx < corrected.mask.areaPx);
});

test('background clicks alone are legal in a correction', async (t) => {
  const tracker = await started();
  const { mask } = await tracker.correct(7, { points: [{ x: 4, y: 4, label: 0 }] });
  t.ok(mask.areaPx < discMask(4, 4).areaPx);
});

test('only the frame last tracked can be corrected', async (t) => {
  const tracker = await started();
  await tracker.track(frame(SIDE, SIDE, { id: 41 }));
  t.ok(await tracker.correct(7, CLICK, { frameId: 41 }));
  const error = await rejection(tracker.correct(7, CLICK, { frameId: 40 }));
  t.equal(error.code, 'FRAME_NOT_AVAILABLE');
  t.match(error.message, /41/);
  t.ok((await rejection(tracker.correct(7, CLICK, { frameId: -1 }))) instanceof RangeError);
  t.match(
    (await rejection(tracker.correct(7, CLICK, { frame: 1 } as never))).message,
    /did you mean `frameId`\?/,
  );
});

test('objects come and go in mid-stream', async (t) => {
  const tracker = await started();
  await tracker.add({ id: 5, mask: discMask(4, 12) });
  await tracker.remove(7);
  const { objects } = await tracker.track(frame(SIDE, SIDE));
  t.same(
    objects.map(({ id }) => id),
    [2, 5],
  );
});

test('each misuse of a started tracker has its own code', async (t) => {
  const tracker = await started();
  const empty = Mask.fromBitmap(new Uint8Array(SIDE * SIDE), SIDE, SIDE);
  t.equal((await rejection(tracker.correct(1, CLICK))).code, 'UNKNOWN_OBJECT');
  t.equal((await rejection(tracker.remove(1))).code, 'UNKNOWN_OBJECT');
  t.equal((await rejection(tracker.add({ id: 2, mask: discMask(4, 4) }))).code, 'DUPLICATE_OBJECT');
  t.equal((await rejection(tracker.add({ id: 3, mask: empty }))).code, 'EMPTY_MASK');
  await tracker.add({ id: 3, mask: discMask(4, 4) });
  t.equal((await rejection(tracker.add({ id: 4, mask: discMask(4, 4) }))).code, 'TOO_MANY_OBJECTS');
  t.equal((await rejection(tracker.track(frame(SIDE, 8)))).code, 'FRAME_GEOMETRY_CHANGED');
  t.ok(await tracker.track(frame(SIDE, SIDE)), 'and the tracker goes on');
});

test('a tracker that was not started says so', async (t) => {
  const tracker = await fakeDevice().device.createTracker();
  for (const call of [
    tracker.track(frame(SIDE, SIDE)),
    tracker.correct(1, CLICK),
    tracker.add({ id: 1, mask: discMask(4, 4) }),
    tracker.remove(1),
  ]) {
    t.equal((await rejection(call)).code, 'TRACKER_NOT_STARTED');
  }
  t.equal(tracker.memoryBytes, 0);
});

test('a second start resets, in another size too', async (t) => {
  const tracker = await started();
  const mask = Mask.fromBitmap(disc(8, 8, [4, 4, 2]), 8, 8);
  await tracker.start(frame(8, 8), [{ id: 1, mask }]);
  const { objects } = await tracker.track(frame(8, 8));
  t.same(
    objects.map(({ id }) => id),
    [1],
  );
});

test('a start that fails leaves the tracker on the frame before', async (t) => {
  const tracker = await started();
  const empty = Mask.fromBitmap(new Uint8Array(64), 8, 8);
  t.equal(
    (await rejection(tracker.start(frame(8, 8), [{ id: 1, mask: empty }]))).code,
    'EMPTY_MASK',
  );
  t.equal((await tracker.track(frame(SIDE, SIDE))).objects.length, 2);
});

test('start checks the objects against the frame', async (t) => {
  const tracker = await fakeDevice().device.createTracker();
  const wrong = Mask.fromBitmap(new Uint8Array(1).fill(1), 1, 1);
  const first = frame(SIDE, SIDE);
  t.ok((await rejection(tracker.start(first, {} as never))) instanceof TypeError);
  t.ok((await rejection(tracker.start(first, [{ id: 1, mask: wrong }]))) instanceof RangeError);
  t.ok(
    (await rejection(tracker.start(first, [{ id: -1, mask: discMask(4, 4) }]))) instanceof
      RangeError,
  );
  t.match(
    (await rejection(tracker.start(first, [{ id: 1, masks: discMask(4, 4) } as never]))).message,
    /`objects\[0\]` but received `masks`; did you mean `mask`\?/,
  );
});

test('calls act in the order in which they are made', async (t) => {
  const { device, engine } = fakeDevice();
  const tracker = await device.createTracker();
  const mask = discMask(4, 4);
  const calls = [
    tracker.start(frame(SIDE, SIDE), [{ id: 1, mask }]),
    tracker.track(frame(SIDE, SIDE)),
    tracker.correct(1, CLICK),
    tracker.add({ id: 2, mask }),
    tracker.remove(1),
  ];
  await Promise.all(calls);
  t.same(engine.calls, ['start', 'track', 'correct', 'add', 'remove']);
});

test('a closed tracker refuses calls and can be closed again', async (t) => {
  const tracker = await started();
  await tracker.close();
  await tracker.close();
  t.equal((await rejection(tracker.track(frame(SIDE, SIDE)))).code, 'TRACKER_CLOSED');
  t.equal((await rejection(tracker.add({ id: 9, mask: discMask(4, 4) }))).code, 'TRACKER_CLOSED');
});
