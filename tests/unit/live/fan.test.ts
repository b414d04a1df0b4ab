import { test } from 'tap';
import { blankOutside, FanEstimator, isInFan } from '../../../src/live/fan.js';
import { Phantom } from '../../../src/io/sources/index.js';
import type { Frame } from '../../../src/sdk/types.js';

const FRAMES = 30;

/** A frame of the phantom with still "text" burnt into its left upper corner. */
function burnIn(frame: Frame): Frame {
  const data = frame.data.slice();
  for (let y = 2; y < 10; y += 1) {
    for (let x = 2; x < 40; x += 2) data[y * frame.widthPx + x] = 255;
  }
  return { ...frame, data };
}

test('the fan of the phantom is found, its corners and burnt-in text are outside', async (t) => {
  const phantom = new Phantom({ seed: 3, widthPx: 240, heightPx: 180 });
  const estimator = new FanEstimator();
  for (let i = 0; i < FRAMES; i += 1) {
    t.notOk(estimator.isSettled);
    estimator.add(burnIn(phantom.frame(i)));
  }
  t.ok(estimator.isSettled);
  const { fan } = estimator;
  if (!fan) throw new Error('no fan was found');
  t.ok(isInFan(fan, 120, 90));
  t.notOk(isInFan(fan, 10, 5), 'text');
  t.notOk(isInFan(fan, 4, 100), 'beside the sector');
  // What the phantom draws, without its black surroundings, is kept all but its noisy rim.
  const last = burnIn(phantom.frame(FRAMES));
  const blanked = blankOutside(last, fan);
  const text = [2, 3, 4, 5, 6, 7, 8, 9].flatMap((y) => [
    ...blanked.subarray(y * 240, y * 240 + 40),
  ]);
  t.ok(
    text.every((value) => value === 0),
    'the text is gone',
  );
  const bright = (data: Uint8Array): number => data.filter((value) => value > 40).length;
  const original = bright(phantom.frame(FRAMES).data);
  t.ok(bright(blanked) > 0.97 * original, `${bright(blanked)} of ${original} px`);
});

test('a still picture has no fan to be told', async (t) => {
  const estimator = new FanEstimator();
  const data = new Uint8Array(100).map((_, i) => i);
  for (let i = 0; i < FRAMES; i += 1)
    estimator.add({ data, widthPx: 10, heightPx: 10, channels: 1 });
  t.ok(estimator.isSettled);
  t.equal(estimator.fan, null);
});
