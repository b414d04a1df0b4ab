import { test } from 'tap';
import { FakeEngine } from '../../../src/runtime/fake-engine.js';
import { dscOfIou } from '../../../src/runtime/overlap.js';
import { Device } from '../../../src/sdk/device.js';
import { fakeDevice } from '../../../src/sdk/fake-device.js';
import { Mask } from '../../../src/sdk/mask.js';
import { disc, frame } from '../../support/frames.js';

const SIDE = 16;
/** Of tracked and of corrected objects, of the fake model. */
const QUALITY = 0.95;
const CLICK = { points: [{ x: 6, y: 6, label: 1 as const }] };
const drawn = Mask.fromBitmap(disc(SIDE, SIDE, [8, 8, 5]), SIDE, SIDE);

/** On the fake model, of whose doubt a share is founded. */
const doubted = (share: number, radiusPx = 4): Device =>
  new Device(new FakeEngine({ quality: QUALITY, radiusPx }), fakeDevice().device.info, {
    historyFrames: 3,
    scoreDoubt: share,
    correctionDoubt: share,
  });
const halved = (dsc: number): number => 1 - (1 - dsc) / 2;
const close = (a: number, b: number): boolean => Math.abs(a - b) < 1e-9;

test('only the founded share of the doubt in a mask is told', async (t) => {
  const [all, half] = await Promise.all(
    [1, 0.5].map(async (share) => {
      const image = await doubted(share).setImage(frame(SIDE, SIDE));
      return image.predict({ ...CLICK, multimask: true });
    }),
  );
  t.ok(all.score < 1 && half.candidates?.length);
  t.ok(close(dscOfIou(half.score), halved(dscOfIou(all.score))));
  t.same(
    half.candidates?.map(({ score }) => dscOfIou(score).toFixed(9)),
    all.candidates?.map(({ score }) => halved(dscOfIou(score)).toFixed(9)),
  );
});

test('corrections, on earlier frames too, are doubted alike; what a person drew is not', async (t) => {
  const qualities = async (share: number): Promise<number[]> => {
    const tracker = await doubted(share).createTracker();
    await tracker.start(frame(SIDE, SIDE, { id: 0 }), [{ id: 1, mask: drawn }]);
    const followed = await tracker.track(frame(SIDE, SIDE, { id: 1 }));
    const corrected = await tracker.correct(1, CLICK);
    await tracker.track(frame(SIDE, SIDE, { id: 2 }));
    const late = await tracker.correct(1, CLICK, { frameId: 1 });
    return [followed.objects[0].quality, corrected.quality, late.quality];
  };
  const [drawnAll, correctedAll, lateAll] = await qualities(1);
  const [drawnHalf, correctedHalf, lateHalf] = await qualities(0.5);
  t.same([drawnAll, drawnHalf], [QUALITY, QUALITY]);
  t.same([correctedAll, correctedHalf], [QUALITY, halved(QUALITY)]);
  t.ok(lateAll < QUALITY, 'what was followed from the correction is no surer than that');
  t.ok(close(lateHalf / QUALITY, halved(lateAll / QUALITY)));
});

test('an object of which nothing is left has no quality', async (t) => {
  const tracker = await doubted(0.5, 99).createTracker();
  await tracker.start(frame(SIDE, SIDE), [{ id: 1, mask: drawn }]);
  const lost = await tracker.correct(1, { points: [{ x: 8, y: 8, label: 0 }] });
  t.match(lost, { quality: 0, status: 'lost', mask: { areaPx: 0 } });
});
