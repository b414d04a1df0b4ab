/** What both engines promise, on real models. */
import { test } from 'tap';
import { Mask } from '../../src/sdk/mask.js';
import { dice } from '../../src/sdk/dice.js';
import { disc, waves } from '../support/frames.js';
import { rejection } from '../support/rejection.js';
import { ENGINES, open, skipOf } from './engines.js';

const [W, H] = [200, 150];
const CLICK = { points: [{ x: 100, y: 75, label: 1 as const }] };
const object = (id: number, x: number, y: number): { id: number; mask: Mask } => ({
  id,
  mask: Mask.fromBitmap(disc(W, H, [x, y, 25]), W, H),
});

for (const engine of ENGINES) {
  test(engine, { skip: skipOf(engine) }, async (t) => {
    const device = await open(engine);
    t.teardown(() => device.close());

    await t.test("a mask's members agree with its bitmap", async (t) => {
      t.equal(device.info.engine, engine);
      t.equal(device.info.executionProvider, 'cpu');
      const image = await device.setImage({ ...waves(W, H), spacingMm: { x: 0.5, y: 0.2 } });
      const mask = await image.predict({ box: [50, 40, 150, 110], multimask: true });
      const copy = Mask.fromBitmap(mask.toBitmap(), W, H);
      t.same([mask.areaPx, mask.box], [copy.areaPx, copy.box]);
      t.equal(mask.areaMm2, mask.areaPx * 0.5 * 0.2);
      t.ok(mask.score >= 0 && mask.score <= 1);
      t.equal(mask.candidates?.length, 3);
    });

    await t.test('the caller may reuse a frame at once', async (t) => {
      const frame = waves(W, H);
      const expected = await (await device.setImage(frame)).predict(CLICK);
      const pending = device.setImage(frame);
      frame.data.fill(0);
      t.equal(dice(await (await pending).predict(CLICK), expected), 1);
    });

    await t.test('tracked masks never overlap and memory stays constant', async (t) => {
      const tracker = await device.createTracker();
      await tracker.start(waves(W, H), [object(9, 90, 75), object(4, 110, 75)]);
      const memory = tracker.memoryBytes;
      t.ok(memory > 0);
      for (let i = 1; i <= 3; i++) {
        const { objects } = await tracker.track(waves(W, H, i / 10));
        t.same(
          objects.map(({ id }) => id),
          [4, 9],
        );
        const [a, b] = objects.map(({ mask }) => mask.toBitmap());
        t.notOk(
          a.some((v, p) => v && b[p]),
          'no pixel has two owners',
        );
        for (const { quality, status, mask } of objects) {
          t.ok(quality >= 0 && quality <= 1);
          t.equal(status === 'lost', mask.areaPx === 0);
        }
        const corrected = await tracker.correct(4, CLICK);
        t.equal(corrected.id, 4);
        t.equal(tracker.memoryBytes, memory);
      }
      await tracker.add(object(1, 40, 40));
      await tracker.remove(9);
      const { objects } = await tracker.track(waves(W, H, 0.4));
      t.same(
        objects.map(({ id }) => id),
        [1, 4],
      );
      t.equal(tracker.memoryBytes, memory);
    });

    await t.test('a late correction gives what an early one would have given', async (t) => {
      const late = await device.createTracker({ historyFrames: 4 });
      const early = await device.createTracker({ historyFrames: 0 });
      for (const tracker of [late, early]) {
        await tracker.start(waves(W, H), [object(1, 60, 75), object(2, 140, 75)]);
        await tracker.track({ ...waves(W, H, 0.1), id: 1 });
      }
      await early.correct(1, CLICK);
      await late.track({ ...waves(W, H, 0.2), id: 2 });
      const expected = (await early.track(waves(W, H, 0.2))).objects[0].mask;
      const memory = late.memoryBytes;
      const { mask } = await late.correct(1, CLICK, { frameId: 1 });
      t.ok(dice(mask, expected) > 0.97, `DSC ${dice(mask, expected)}`);
      t.equal(late.memoryBytes, memory);
      await Promise.all([late.close(), early.close()]);
    });

    await t.test('misuse of a tracker leaves it as it was', async (t) => {
      const tracker = await device.createTracker({ maxObjects: 2 });
      await tracker.start(waves(W, H), [object(1, 60, 75), object(2, 140, 75)]);
      const empty = Mask.fromBitmap(new Uint8Array(W * H), W, H);
      for (const [code, call] of [
        ['TOO_MANY_OBJECTS', () => tracker.add(object(3, 100, 75))],
        ['UNKNOWN_OBJECT', () => tracker.remove(3)],
        ['UNKNOWN_OBJECT', () => tracker.correct(3, CLICK)],
        ['FRAME_GEOMETRY_CHANGED', () => tracker.track(waves(W, H + 1))],
        ['EMPTY_MASK', () => tracker.start(waves(W, H), [{ id: 1, mask: empty }])],
        ['DUPLICATE_OBJECT', () => tracker.start(waves(W, H), [object(1, 9, 9), object(1, 9, 9)])],
      ] as const) {
        t.equal((await rejection(call())).code, code);
      }
      await tracker.remove(1);
      t.equal((await rejection(tracker.add({ id: 2, mask: empty }))).code, 'DUPLICATE_OBJECT');
      t.equal((await rejection(tracker.add({ id: 3, mask: empty }))).code, 'EMPTY_MASK');
      const { objects } = await tracker.track(waves(W, H, 0.1));
      t.same(
        objects.map(({ id }) => id),
        [2],
      );
    });

    await t.test('close is safe in flight, twice and in any order', async (t) => {
      const device = await open(engine);
      const image = await device.setImage(waves(W, H));
      const tracker = await device.createTracker();
      await tracker.start(waves(W, H), [object(1, 60, 75)]);
      const calls = [
        device.setImage(waves(W, H)),
        image.predict(CLICK),
        tracker.track(waves(W, H)),
        tracker.correct(1, CLICK),
      ].map((call: Promise<unknown>) =>
        call.then(
          () => 'done',
          (error: { code?: string }) => error.code,
        ),
      );
      await Promise.all([image.close(), tracker.close(), device.close(), device.close()]);
      const allowed = new Set(['done', 'DEVICE_CLOSED', 'IMAGE_CLOSED', 'TRACKER_CLOSED']);
      for (const outcome of await Promise.all(calls))
        t.ok(allowed.has(String(outcome)), String(outcome));
      t.equal((await rejection(device.setImage(waves(W, H)))).code, 'DEVICE_CLOSED');
    });
  });
}
