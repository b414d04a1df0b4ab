import { test } from 'tap';
import type { EngineFrame, EngineImage, EnginePrompts } from '../../../src/runtime/engine.js';
import { FakeEngine } from '../../../src/runtime/fake-engine.js';
import { ZOOM_POLICY, ZoomImage, type ZoomMode } from '../../../src/runtime/zoom.js';
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

/** A zooming image on a fake engine whose answers are discs of `radiusPx`; `crops` are the widths encoded, `encoded` the last. */
async function setUp({
  mode = 'box-and-clicks',
  radiusPx = 8,
  given = frame(SIDE, SIDE),
  leastScore = ZOOM_POLICY.leastScore,
}: {
  mode?: Exclude<ZoomMode, 'off'>;
  radiusPx?: number;
  given?: EngineFrame;
  leastScore?: number;
} = {}) {
  const engine = new FakeEngine({ radiusPx });
  const crops: number[] = [];
  let encoded: EngineFrame | null = null;
  let open = 0;
  const counting = {
    async setImage(part: EngineFrame): Promise<EngineImage> {
      crops.push(part.widthPx);
      encoded = part;
      open++;
      const image = await engine.setImage(part);
      return { ...image, close: () => void open-- };
    },
  };
  const whole = await engine.setImage(given);
  let wholeOpen = true;
  let wholeAsked = 0;
  const image = new ZoomImage(
    counting,
    {
      ...whole,
      predict: (given) => {
        wholeAsked++;
        return whole.predict(given);
      },
      close: () => void (wholeOpen = false),
    },
    given,
    mode,
    { ...ZOOM_POLICY, leastScore },
  );
  return {
    image,
    engine,
    crops,
    encoded: () => encoded,
    opened: () => open,
    wholeOpen: () => wholeOpen,
    wholeAsked: () => wholeAsked,
  };
}

test('a box is answered from the mirror image of a crop around it, in the frame', async (t) => {
  // each column has a gray of its own
  const data = Uint8Array.from({ length: SIDE * SIDE }, (_, i) => i % SIDE);
  const { image, engine, crops, encoded } = await setUp({ given: frame(SIDE, SIDE, { data }) });
  const { mask } = await image.predict(prompts({ box: Float32Array.of(60, 70, 80, 90) }));
  t.same(mask.box, [60, 70, 80, 90]);
  t.equal(mask.areaPx, 400);
  t.equal(mask.bitmap.length, SIDE * SIDE);
  t.same(crops, [28], 'the margin times the box');
  t.same(
    encoded()?.data.slice(0, 28),
    Array.from({ length: 28 }, (_, i) => 83 - i),
  );
  t.same(engine.calls, ['setImage', 'predict', 'predict', 'setImage', 'predict']);
});

test('clicks that come with a box are found in the mirror image too', async (t) => {
  const { image } = await setUp({ radiusPx: 3 });
  const { mask } = await image.predict(
    prompts({
      box: Float32Array.of(60, 70, 80, 90),
      points: points(click(84.5, 80.5), click(62.5, 72.5, 0)),
    }),
  );
  t.same(mask.box, [60, 70, 88, 90], 'the foreground click widens it');
  t.equal(mask.bitmap[72 * SIDE + 62], 0);
  t.equal(mask.bitmap[72 * SIDE + 77], 1);
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

test('a large box is answered from the mirror image of the whole frame, encoded once', async (t) => {
  const { image, engine, crops, opened } = await setUp();
  const { mask } = await image.predict(prompts({ box: Float32Array.of(5, 5, 95, 90) }));
  t.same(mask.box, [5, 5, 95, 90]);
  t.same(crops, [SIDE]);
  await image.predict(prompts({ box: Float32Array.of(2, 5, 90, 90) }));
  t.same(crops, [SIDE]);
  t.same(engine.calls.slice(5), ['predict', 'predict', 'predict']);
  t.equal(opened(), 1);
});

test('after a doubtful answer the mirror image is that of the frame, and a crop comes after it', async (t) => {
  const { image, engine, crops, opened } = await setUp({ leastScore: 0.95 });
  const box = Float32Array.of(60, 70, 80, 90);
  t.same((await image.predict(prompts({ box }))).mask.box, [60, 70, 80, 90]);
  t.same(crops, [SIDE, 28]);
  t.equal(engine.calls.filter((call) => call === 'predict').length, 4);
  t.equal(opened(), 1);
  const large = Float32Array.of(5, 5, 95, 90);
  t.same((await image.predict(prompts({ box: large }))).mask.box, [5, 5, 95, 90]);
  t.same(crops, [SIDE, 28, SIDE], 'no crop where it would hardly be smaller');
});

test('a click after a box does not use a crop larger than clicks are worth', async (t) => {
  const { image, crops, wholeAsked } = await setUp({ radiusPx: 3, leastScore: 0.95 });
  const { mask } = await image.predict(prompts({ box: Float32Array.of(30, 30, 70, 70) }));
  t.same(crops, [SIDE, 56]);
  t.equal(wholeAsked(), 2);
  await image.predict(prompts({ points: points(click(32, 32, 0)), previous: mask.bitmap }));
  t.same(crops, [SIDE, 56]);
  t.equal(wholeAsked(), 3);
});

test('a click after a box is answered from the frame as it is', async (t) => {
  const { image, crops, encoded } = await setUp({ radiusPx: 3 });
  const box = Float32Array.of(60, 70, 80, 90);
  const { mask } = await image.predict(prompts({ box }));
  const corrected = await image.predict(
    prompts({ points: points(click(62.5, 72.5, 0)), previous: mask.bitmap }),
  );
  t.equal(corrected.mask.bitmap[72 * SIDE + 62], 0);
  t.same(crops, [28, 40]);
  t.equal(encoded()?.widthPx, 40);
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
