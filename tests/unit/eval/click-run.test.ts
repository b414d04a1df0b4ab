import { test } from 'tap';
import { runClicks } from '../../../src/eval/click-run.js';
import { fakeDevice } from '../../../src/sdk/fake-device.js';
import { Mask } from '../../../src/sdk/mask.js';
import { disc, frame } from '../../support/frames.js';
import { rejection } from '../../support/rejection.js';

const SIDE = 40;
const options = { clicks: 4, first: 'centroid' as const };

/** An image whose answers are discs of 4 px around the clicks, and exactly a box's pixels. */
const fakeImage = async () => fakeDevice().device.setImage(frame(SIDE, SIDE));

test('clicks follow the error until nothing is left, which stands for the rest', async (t) => {
  const truth = Mask.fromBitmap(disc(SIDE, SIDE, [20.5, 20.5, 4]), SIDE, SIDE);
  const run = await runClicks(await fakeImage(), truth, options);
  t.same(run.points, [{ x: 20.5, y: 20.5, label: 1 }]);
  t.same(run.dsc, [1, 1, 1, 1]);
  t.same(run.obeyed, [true]);
  t.ok(run.boxDsc > 0.7 && run.boxDsc < 1);
  t.equal(run.predictMs.length, 2);
});

test('a missed part gets the next click', async (t) => {
  const both = disc(SIDE, SIDE, [10.5, 20.5, 4]).map(
    (v, i) => v | disc(SIDE, SIDE, [30.5, 20.5, 3])[i],
  );
  const run = await runClicks(await fakeImage(), Mask.fromBitmap(both, SIDE, SIDE), {
    ...options,
    first: 'innermost',
  });
  t.same(run.points.slice(0, 2), [
    { x: 10.5, y: 20.5, label: 1 },
    { x: 30.5, y: 20.5, label: 1 },
  ]);
  t.ok(run.dsc[1] > run.dsc[0]);
});

test('an empty truth is refused', async (t) => {
  const nothing = Mask.fromBitmap(new Uint8Array(SIDE * SIDE), SIDE, SIDE);
  t.match(await rejection(runClicks(await fakeImage(), nothing, options)), {
    name: 'RangeError',
    message: /`truth`/,
  });
});
