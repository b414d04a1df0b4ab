/** The tracking state over models that can be followed by hand, as native/tests/models/tracker_test.cc has them. */
import { test } from 'tap';
import type { EngineFrame } from '../../../../src/runtime/engine.js';
import type { Propagation } from '../../../../src/runtime/fallback/deaot.js';
import { DisFlow } from '../../../../src/runtime/fallback/flow/dis-flow.js';
import { fitLetterbox, gridTaps } from '../../../../src/runtime/fallback/letterbox.js';
import { measured } from '../../../../src/runtime/label-map.js';
import { f32 } from '../../../../src/runtime/fallback/session.js';
import { FallbackTracker, type TrackerModels } from '../../../../src/runtime/fallback/tracker.js';
import { SerialQueue } from '../../../../src/runtime/serial-queue.js';
import { rejection } from '../../../support/rejection.js';

// On frames of 16 × 16 px a cell of the mask grid is 2 × 2 px.
const SIDE = 16;
const GRID = 8;
const CELLS = GRID * GRID;
const SLOTS = 3;
const CHANNELS = SLOTS + 1;

/** A frame of one gray value. */
const frameOf = (gray: number): EngineFrame => ({
  data: new Uint8Array(SIDE * SIDE).fill(gray),
  widthPx: SIDE,
  heightPx: SIDE,
  channels: 1,
});

const rectangle = (x0: number, y0: number, x1: number, y1: number): Uint8Array =>
  Uint8Array.from({ length: SIDE * SIDE }, (_, i) => {
    const [x, y] = [i % SIDE, Math.floor(i / SIDE)];
    return x >= x0 && x < x1 && y >= y0 && y < y1 ? 1 : 0;
  });

const sum = (values: Float32Array): number => values.reduce((total, value) => total + value, 0);

/**
 * Memory is the area of each channel in cells and the gray value of the frame; the masks of a propagation are those that flow
 * carried from the frame before; a correction answers with `answer`.
 */
class World {
  answer: Uint8Array = new Uint8Array(0);
  /** Changes what propagation says, or throws. */
  disturb: (masks: Float32Array) => void = () => {};
  /** What propagation was given last. */
  seen: Propagation | null = null;
  readonly tracker: FallbackTracker;

  constructor() {
    const models: TrackerModels = {
      sonosam: {
        embeddingBytes: 4,
        view: (widthPx, heightPx) => {
          const box = fitLetterbox(widthPx, heightPx, SIDE);
          return { widthPx, heightPx, box, taps: gridTaps(box, GRID) };
        },
        encode: async () => ({}),
        prepare: () => ({
          points: new Float32Array(),
          box: new Float32Array(),
          previous: new Uint8Array(),
          multimask: false,
        }),
        decode: async () => ({}),
        masks: () => ({ mask: measured(this.answer.slice(), SIDE, 0.6), candidates: [] }),
      },
      deaot: {
        inputSide: SIDE,
        maskSide: GRID,
        objectSlots: SLOTS,
        memoryLength: CHANNELS + 1,
        features16Length: 1,
        search: new DisFlow(SIDE, SIDE),
        encode: async (image) => ({ features16: f32(Float32Array.of(image[0]), [1, 1, 1, 1]) }),
        memorize: async (features16, masks) =>
          Float32Array.of(...areas(masks), features16.data[0] as number),
        propagate: async (step) => {
          this.seen = step;
          const masks = step.carried.slice(0, CHANNELS * CELLS);
          this.disturb(masks);
          return { masks, quality: new Float32Array(CHANNELS).fill(0.8) };
        },
      },
    };
    this.tracker = new FallbackTracker(models, new SerialQueue(), SLOTS);
  }

  async track(gray: number): Promise<number[]> {
    const { objects } = await this.tracker.track(frameOf(gray));
    return objects.map(({ mask }) => mask.areaPx);
  }

  async correct(id: number, answer: Uint8Array): Promise<void> {
    this.answer = answer;
    const points = new Float32Array();
    await this.tracker.correct(id, { points, box: null, previous: null, multimask: false });
  }

  /** Area in cells of each channel as it was carried from a source. */
  carried(source: number): number[] {
    const from = source * CHANNELS * CELLS;
    return areas(this.seen?.carried.subarray(from, from + CHANNELS * CELLS) ?? new Float32Array());
  }
}

const areas = (masks: Float32Array): number[] =>
  Array.from({ length: masks.length / CELLS }, (_, channel) =>
    sum(masks.subarray(channel * CELLS, (channel + 1) * CELLS)),
  );

async function started(): Promise<World> {
  const world = new World();
  await world.tracker.start(frameOf(11), [
    { id: 1, bitmap: rectangle(0, 0, 4, 4) },
    { id: 2, bitmap: rectangle(8, 8, 12, 12) },
  ]);
  return world;
}

test('each frame is propagated from the one before it and from the first', async (t) => {
  const world = await started();
  t.same(await world.track(12), [16, 16]);
  t.same([...(world.seen?.previousMemory ?? [])], [56, 4, 4, 0, 11]);
  await world.track(13);
  t.same([...(world.seen?.previousMemory ?? [])], [56, 4, 4, 0, 12]);
  t.same([...(world.seen?.references ?? [])], [56, 4, 4, 0, 11, 0, 0, 0, 0, 0]);
  t.same([...(world.seen?.known ?? [])], [1, 1, 0]);
  t.same([...(world.seen?.active ?? [])], [1, 1, 1, 0]);
});

test('an object is carried from the frame where a person last said what it is', async (t) => {
  const world = await started();
  await world.track(12);
  t.same(
    [0, 1, 2].map((source) => world.carried(source)),
    [
      [56, 4, 4, 0],
      [56, 4, 4, 0],
      [0, 0, 0, 0],
    ],
  );
  // The network loses both, a click brings object 1 back.
  world.disturb = (masks) => masks.fill(0).fill(1, 0, CELLS);
  t.same(await world.track(13), [0, 0]);
  await world.correct(1, rectangle(0, 0, 8, 4));
  await world.track(14);
  t.same(
    [0, 1, 2].map((source) => world.carried(source)),
    [
      [56, 8, 0, 0],
      [52, 8, 4, 0], // object 1 from its only anchor, the second reference; object 2 still from the first
      [52, 8, 4, 0],
    ],
  );
  t.same([...(world.seen?.known ?? [])], [1, 1, 1]);
  t.same([...(world.seen?.references ?? [])], [56, 4, 4, 0, 11, 56, 8, 0, 0, 13]);
});

test('an added object is anchored to its frame, a removed one is carried from nowhere', async (t) => {
  const world = await started();
  await world.track(12);
  await world.tracker.add({ id: 3, bitmap: rectangle(8, 0, 16, 4) });
  await world.track(13);
  t.same(world.carried(1), [48, 4, 4, 8]);
  t.same(world.carried(2), [48, 4, 4, 8]);
  await world.tracker.remove(1);
  await world.track(14);
  for (const source of [0, 1, 2]) t.same(world.carried(source), [52, 0, 4, 8]);
  t.same([...(world.seen?.references ?? [])], [60, 0, 4, 0, 11, 52, 0, 4, 8, 12]);
});

test('a second start forgets the references of the first', async (t) => {
  const world = await started();
  await world.tracker.add({ id: 3, bitmap: rectangle(8, 0, 16, 4) });
  await world.tracker.start(frameOf(50), [{ id: 4, bitmap: rectangle(0, 0, 8, 8) }]);
  t.same(await world.track(51), [64]);
  t.same([...(world.seen?.known ?? [])], [1, 1, 0]);
  t.same(world.carried(1), [48, 16, 0, 0]);
  t.same([...(world.seen?.references ?? [])], [48, 16, 0, 0, 50, 0, 0, 0, 0, 0]);
});

test('a propagation that fails leaves the state, and its flow, as they were', async (t) => {
  const [world, undisturbed] = [await started(), await started()];
  for (const { tracker } of [world, undisturbed]) await tracker.track(frameOf(12));
  world.disturb = () => {
    throw new RangeError('lost');
  };
  const stripes = frameOf(0);
  for (let i = 0; i < stripes.data.length; i++) stripes.data[i] = i % 5 ? 20 : 200;
  t.equal((await rejection(world.tracker.track(stripes))).message, 'lost');
  world.disturb = () => {};
  t.same(await world.track(14), await undisturbed.track(14));
  t.same(world.seen?.previousMemory, undisturbed.seen?.previousMemory);
  t.same(world.seen?.evidence, undisturbed.seen?.evidence);
  t.same(world.seen?.carried, undisturbed.seen?.carried);
});

test('the bytes of state stay the same, and are none before the start', async (t) => {
  const world = new World();
  t.equal(world.tracker.memoryBytes, 0);
  const { tracker } = await started();
  const bytes = tracker.memoryBytes;
  t.ok(bytes > 0);
  await tracker.track(frameOf(12));
  await tracker.add({ id: 3, bitmap: rectangle(8, 0, 16, 4) });
  t.equal(tracker.memoryBytes, bytes);
});
