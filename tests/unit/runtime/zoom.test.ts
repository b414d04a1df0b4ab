import { test } from 'tap';
import type { EngineFrame, EngineImage, EnginePrompts } from '../../../src/runtime/engine.js';
import { FakeEngine } from '../../../src/runtime/fake-engine.js';
import { ZoomImage, type ZoomMode } from '../../../src/runtime/zoom.js';
import { frame } from '../../support/frames.js';

const SIDE = 100;
const prompts = (change: Partial<EnginePrompts>): EnginePrompts => ({
  points: new Float32Array(),
  box: null,
  previous: null,
  multimask: false,
  ...change,
});
const click = (x: number, y: number, label = 1): number[] => [x, y, label];
const points = (...clicks: number[][]): Float32Array => Float32Array.from(clicks.flat());

/** A zooming image on a fake engine whose answers are discs of `radiusPx`; `crops` are the sizes encoded. */
async function setUp({
  mode = 'box-and-clicks',
  radiusPx = 8,
}: { mode?: Exclude<ZoomMode, 'off'>; radiusPx?: number } = {}) {
  const engine = new FakeEngine({ radiusPx });
  const crops: number[] = [];
  let open = 0;
  const counting = {
    async setImage(given: EngineFrame): Promise<EngineImage> {
      crops.push(given.widthPx);
      open++;
      const image = await engine.setImage(given);
      return { ...image, close: () => void open-- };
    },
  };
  const given = frame(SIDE, SIDE);
  const whole = await engine.setImage(given);
  let wholeOpen = true;
  const image = new ZoomImage(
    counting,
    { ...whole, close: () => void (wholeOpen = false) },
    given,
    mode,
  );
  return { image, engine, crops, opened: () => open, wholeOpen: () => wholeOpen };
}

test('a box is answered from a crop around it, in the frame', async (t) => {
  const { image, crops } = await setUp();
  const { mask } = await image.predict(prompts({ box: Float32Array.of(60, 70, 80, 90) }));
  t.same(mask.box, [60, 70, 80, 90]);
  t.equal(mask.areaPx, 400);
  t.equal(mask.bitmap.length, SIDE * SIDE);
  t.equal(crops.length, 1);
  t.equal(crops[0], 36, 'the margin times the box');
});

test('a box does not cut off what was answered before', async (t) => {
  const { image } = await setUp();
  const previous = Uint8Array.from({ length: SIDE * SIDE }, (_, i) =>
    i % SIDE >= 40 && i % SIDE < 45 && Math.floor(i / SIDE) >= 70 && i < 80 * SIDE ? 1 : 0,
  );
  const { mask } = await image.predict(prompts({ box: Float32Array.of(60, 70, 70, 80), previous }));
  t.same(mask.box, [40, 70, 70, 80]);
  t.equal(mask.areaPx, 150);
});

test('a large box is answered from the whole frame', async (t) => {
  const { image, crops } = await setUp();
  const { mask } = await image.predict(prompts({ box: Float32Array.of(5, 5, 95, 95) }));
  t.same(mask.box, [5, 5, 95, 95]);
  t.same(crops, []);
});

test('after the first click a small object is looked at closely, and the crop kept', async (t) => {
  const { image, engine, crops } = await setUp();
  const first = await image.predict(prompts({ points: points(click(30.5, 40.5)) }));
  t.same(first.mask.box, [22, 32, 39, 49]);
  t.equal(crops.length, 1);
  t.same(engine.calls, ['setImage', 'predict', 'setImage', 'predict']);
  const second = await image.predict(
    prompts({
      points: points(click(30.5, 40.5), click(33.5, 43.5, 0)),
      previous: first.mask.bitmap,
    }),
  );
  t.ok(second.mask.areaPx < first.mask.areaPx);
  t.equal(crops.length, 1, 'the same crop serves');
  t.same(engine.calls.slice(4), ['predict']);
});

test('a click far away makes the crop grow', async (t) => {
  const { image, crops, opened } = await setUp({ radiusPx: 4 });
  const first = await image.predict(prompts({ points: points(click(30.5, 40.5)) }));
  const second = await image.predict(
    prompts({
      points: points(click(30.5, 40.5), click(44.5, 40.5)),
      previous: first.mask.bitmap,
    }),
  );
  t.same(second.mask.box, [26, 36, 49, 45]);
  t.equal(crops.length, 2);
  t.ok(crops[1] > crops[0]);
  t.equal(opened(), 1, 'the first crop is closed');
});

test('a large object, a thin one and an ambiguous answer are left to the whole frame', async (t) => {
  const large = await setUp({ radiusPx: 45 });
  await large.image.predict(prompts({ points: points(click(50, 50)) }));
  t.same(large.crops, []);
  const thin = await setUp();
  const diagonal = Uint8Array.from({ length: SIDE * SIDE }, (_, i) =>
    i % SIDE === Math.floor(i / SIDE) && i % SIDE < 40 ? 1 : 0,
  );
  await thin.image.predict(prompts({ points: points(click(99, 1, 0)), previous: diagonal }));
  t.same(thin.crops, []);
  const several = await setUp();
  const given = prompts({ points: points(click(30.5, 40.5)), multimask: true });
  t.equal((await several.image.predict(given)).candidates.length, 3);
  t.same(several.crops, []);
});

test('with mode box clicks are answered from the whole frame', async (t) => {
  const { image, crops } = await setUp({ mode: 'box' });
  await image.predict(prompts({ points: points(click(30.5, 40.5)) }));
  t.same(crops, []);
  await image.predict(prompts({ box: Float32Array.of(60, 70, 80, 90) }));
  t.equal(crops.length, 1);
});

test('predictions in flight settle before close frees the frame and the crop', async (t) => {
  const { image, opened, wholeOpen } = await setUp();
  const both = Promise.all([
    image.predict(prompts({ points: points(click(30.5, 40.5)) })),
    image.predict(prompts({ box: Float32Array.of(60, 70, 80, 90) })),
  ]);
  image.close();
  const [first, second] = await both;
  t.ok(first.mask.areaPx > 0 && second.mask.areaPx > 0);
  await new Promise(setImmediate);
  t.equal(opened(), 0);
  t.notOk(wholeOpen());
});
