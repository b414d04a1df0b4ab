import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { test } from 'tap';
import { findClips } from '../../../src/eval/clips.js';
import { evaluateRecords, trackingFiguresOf } from '../../../src/eval/tracking-figures.js';
import {
  runTracking,
  TRACKING_DEFAULTS,
  type TrackingRecord,
} from '../../../src/eval/tracking-run.js';
import { fakeDevice } from '../../../src/sdk/fake-device.js';
import { disc } from '../../support/frames.js';

const SIDE = 40;

/** A clip whose object is a disc of 4 px at these places; the fake engine answers a click with such a disc. */
async function writeClip(path: string, places: number[]): Promise<void> {
  for (const folder of ['frames', 'masks']) await mkdir(join(path, folder), { recursive: true });
  for (const [i, x] of places.entries()) {
    const save = (data: Uint8Array, folder: string) =>
      sharp(data, { raw: { width: SIDE, height: SIDE, channels: 1 } })
        .toColourspace('b-w')
        .png()
        .toFile(join(path, folder, `${i}.png`));
    await save(new Uint8Array(SIDE * SIDE), 'frames');
    await save(disc(SIDE, SIDE, [x, 20.5, 4]), 'masks');
  }
}

test('clips are found one and two folders down, with the names of their labels', async (t) => {
  const root = t.testdir();
  await writeClip(join(root, 'heart', 'a'), [20.5, 20.5]);
  await writeClip(join(root, 'heart', 'b'), [20.5, 20.5]);
  await writeFile(join(root, 'heart', 'meta.json'), '{"objects":{"1":"LV"},"clips":{"a":{}}}');
  const clips = await findClips(root);
  t.match(clips, [
    { set: 'heart', name: 'a', files: ['0.png', '1.png'], labels: { 1: 'LV' } },
    { set: 'heart', name: 'b' },
  ]);
  t.same(clips[1].labels, {}, 'the names are those of other clips');
  t.equal((await findClips(join(root, 'heart', 'a'))).length, 1);
});

test('a still tracker needs a click where the object has moved away, and is right until then', async (t) => {
  const path = join(t.testdir(), 'set', 'clip');
  await writeClip(path, [12.5, 12.5, 28.5, 28.5]);
  const [clip] = await findClips(path);
  const [record] = await runTracking(fakeDevice().device, clip, TRACKING_DEFAULTS);
  t.match(record, { set: 'set', clip: 'clip', label: 1, frames: 4, startClicks: 1, startDsc: 1 });
  t.equal(record.tracked.length, 3);
  t.equal(record.tracked[0], 1);
  t.equal(record.tracked[1], 0, 'the object has left its place');
  t.equal(record.interventions[0].frame, 2);
  t.equal(record.interventions[0].drop, 0.9);
  t.ok(record.interventions[0].clicks >= 1);
});

test('without corrections nothing is clicked after the start', async (t) => {
  const path = join(t.testdir(), 'set', 'clip');
  await writeClip(path, [12.5, 28.5]);
  const [clip] = await findClips(path);
  const options = { ...TRACKING_DEFAULTS, corrections: 0 };
  const [record] = await runTracking(fakeDevice().device, clip, options);
  t.match(record, { tracked: [0], final: [0], interventions: [] });
});

const record = (change: Partial<TrackingRecord>): TrackingRecord => ({
  set: 's',
  clip: 'a',
  label: 1,
  frames: 3,
  startClicks: 2,
  startDsc: 1,
  tracked: [1, 1],
  final: [1, 1],
  interventions: [],
  ...change,
});

test('figures of two objects by hand', async (t) => {
  const records = [
    record({}),
    record({
      clip: 'b',
      label: 2,
      startClicks: 1,
      tracked: [0.5, 0.7],
      final: [0.9, 0.8],
      interventions: [
        { frame: 1, drop: 0.4, clicks: 1, settled: true },
        { frame: 2, drop: 0.2, clicks: 5, settled: false },
      ],
    }),
  ];
  const figures = trackingFiguresOf(records);
  t.match(figures, {
    objects: 2,
    clips: 2,
    interventions: 1,
    correctiveClicks: 3,
    clicks: 4.5,
    trackedDsc: 0.8,
    over90: 0.5,
  });
  t.equal(figures.drop?.toFixed(3), '0.300');
  t.equal(figures.finalDsc.toFixed(3), '0.925');
  t.same(figures.intervals.interventions, [0, 2]);
  t.equal(trackingFiguresOf([record({})]).drop, null);
  const { sets, labels } = evaluateRecords(records, ({ label }) => `object ${label}`);
  t.same(Object.keys(sets), ['s']);
  t.same(Object.keys(labels.s), ['object 1', 'object 2']);
});
