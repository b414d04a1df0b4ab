/** The native engine against the fallback, which is its reference: masks agree to a DSC of 0.999. */
import { test } from 'tap';
import { openSource } from '../../src/io/sources/index.js';
import { dice } from '../../src/sdk/dice.js';
import type { Device } from '../../src/sdk/device.js';
import { Mask } from '../../src/sdk/mask.js';
import type { Frame, Prompts } from '../../src/sdk/types.js';
import { maskContours, maskRle, contoursOf, rleOf } from '../../src/runtime/mask-codec.js';
import { disc, waves } from '../support/frames.js';
import { randoms } from '../support/bitmaps.js';
import { open, skipOf } from './engines.js';

const LEAST_DSC = 0.999;
const skip = skipOf('native') || skipOf('onnxruntime-node');

/** `call` on both engines. */
async function onBoth<T>(call: (device: Device) => Promise<T>): Promise<[T, T]> {
  const devices = await Promise.all([open('native'), open('onnxruntime-node')]);
  const results: T[] = [];
  for (const device of devices) {
    results.push(await call(device));
    await device.close();
  }
  return [results[0], results[1]];
}

async function phantomFrames(count: number): Promise<Frame[]> {
  const frames: Frame[] = [];
  const source = await openSource('phantom:?seed=4&width=320&height=240');
  for await (const frame of source) {
    frames.push(frame);
    if (frames.length === count) break;
  }
  await source.close();
  return frames;
}

function coloured({ data, widthPx, heightPx }: Frame, channels: 3 | 4): Frame {
  const random = randoms(channels);
  const colours = Uint8Array.from({ length: data.length * channels }, (_, i) =>
    Math.min(255, data[Math.floor(i / channels)] * (0.6 + 0.4 * random())),
  );
  return { data: colours, widthPx, heightPx, channels };
}

test('masks of clicks and boxes agree, whatever the size and the colours', { skip }, async (t) => {
  const [phantom] = await phantomFrames(1);
  const frames = [
    phantom,
    coloured(phantom, 3),
    coloured(waves(97, 211), 4),
    waves(640, 480),
    waves(33, 20),
  ];
  const promptsFor = ({ widthPx: w, heightPx: h }: Frame): Prompts[] => [
    { points: [{ x: w / 2, y: h / 2, label: 1 }], multimask: true },
    { box: [w / 4, h / 4, (3 * w) / 4, (3 * h) / 4] },
    {
      points: [
        { x: w / 2, y: h / 2, label: 1 },
        { x: 1, y: h - 1, label: 0 },
      ],
      previous: Mask.fromBitmap(disc(w, h, [w / 2, h / 2, h / 5]), w, h),
    },
  ];
  const [native, reference] = await onBoth(async (device) => {
    const masks: Mask[] = [];
    for (const frame of frames) {
      const image = await device.setImage(frame);
      for (const prompts of promptsFor(frame)) {
        const mask = await image.predict(prompts);
        masks.push(mask, ...(mask.candidates ?? []));
      }
      await image.close();
    }
    return masks;
  });
  native.forEach((mask, i) => {
    t.ok(dice(mask, reference[i]) >= LEAST_DSC, `mask ${i}: ${dice(mask, reference[i])}`);
    t.ok(Math.abs(mask.score - reference[i].score) < 0.01, `score ${i}`);
  });
});

test('tracked, corrected and added objects agree', { skip }, async (t) => {
  const frames = await phantomFrames(4);
  const { widthPx: w, heightPx: h } = frames[0];
  const of = (id: number, x: number, y: number): { id: number; mask: Mask } => ({
    id,
    mask: Mask.fromBitmap(disc(w, h, [x * w, y * h, h / 8]), w, h),
  });
  const [native, reference] = await onBoth(async (device) => {
    const tracker = await device.createTracker({ maxObjects: 3 });
    await tracker.start(frames[0], [of(1, 0.5, 0.5), of(2, 0.56, 0.5)]);
    const tracked = [...(await tracker.track(frames[1])).objects];
    tracked.push(await tracker.correct(1, { points: [{ x: w / 2, y: h / 2, label: 1 }] }));
    await tracker.add(of(3, 0.4, 0.7));
    tracked.push(...(await tracker.track(frames[2])).objects);
    await tracker.remove(2);
    tracked.push(...(await tracker.track(frames[3])).objects);
    return { tracked, memoryBytes: tracker.memoryBytes };
  });
  t.equal(native.memoryBytes, reference.memoryBytes);
  t.equal(native.tracked.length, 8);
  native.tracked.forEach(({ id, mask, quality }, i) => {
    const other = reference.tracked[i];
    t.equal(id, other.id);
    t.ok(dice(mask, other.mask) >= LEAST_DSC, `object ${id}, ${i}: ${dice(mask, other.mask)}`);
    t.ok(Math.abs(quality - other.quality) < 0.01, `quality ${i}`);
  });
});

test('run lengths and contours of the addon are those of the code here', { skip }, async (t) => {
  const random = randoms(11);
  for (let round = 0; round < 30; round++) {
    const [w, h] = [1 + Math.floor(random() * 40), 1 + Math.floor(random() * 40)];
    const bits = Uint8Array.from({ length: w * h }, () => (random() < 0.55 ? 1 : 0));
    t.same(maskRle(bits, w, h), rleOf(bits, w, h));
    t.same(maskContours(bits, w, h), contoursOf(bits, w, h));
  }
});
