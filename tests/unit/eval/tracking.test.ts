import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { test } from 'tap';
import { findClips } from '../../../src/eval/clips.js';
import type { ObjectRun } from '../../../src/eval/simulated-expert.js';
import {
  evaluateTracking,
  loopFigures,
  objectFigures,
  trackingFiguresOf,
} from '../../../src/eval/tracking-figures.js';
import { runTracking, type ClipRun } from '../../../src/eval/tracking-run.js';
import { fakeDevice } from '../../../src/sdk/fake-device.js';
import { Mask } from '../../../src/sdk/mask.js';
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
  const frames: number[] = [];
  const { runs, notFollowed } = await runTracking(fakeDevice().device, clip, {
    onFrame: async ({ index }, _, truth) => {
      frames.push(index);
      t.equal((await truth()).length, 1);
    },
  });
  t.equal(runs.length, 1);
  t.same(notFollowed, []);
  t.same(frames, [0, 1, 2, 3]);
  const [run] = runs;
  t.match(run, { set: 'set', clip: 'clip', label: 1, startClicks: 1, startDsc: 1 });
  t.equal(run.trackedDsc.length, 3);
  t.equal(run.trackedDsc[0], 1);
  t.equal(run.trackedDsc[1], 0, 'the object has left its place');
  t.match(run.interventions[0], { frame: 2, dscBefore: 0 });
  t.ok(run.interventions[0].clicks >= 1);
});

test('frames are taken in natural order', async (t) => {
  const path = join(t.testdir(), 'set', 'clip');
  await writeClip(
    path,
    Array.from({ length: 11 }, () => 12.5),
  );
  const [{ files }] = await findClips(path);
  t.same(files.slice(0, 3), ['0.png', '1.png', '2.png']);
  t.equal(files.at(-1), '10.png');
});

test('without corrections nothing is clicked after the start', async (t) => {
  const path = join(t.testdir(), 'set', 'clip');
  await writeClip(path, [12.5, 28.5]);
  const [clip] = await findClips(path);
  const { runs } = await runTracking(fakeDevice().device, clip, { corrections: 0 });
  t.match(runs, [{ trackedDsc: [0], finalDsc: [0], interventions: [] }]);
});

test('a clip in which no click finds anything is told, and not the end', async (t) => {
  const path = join(t.testdir(), 'set', 'clip');
  await writeClip(path, [12.5, 12.5]);
  const [clip] = await findClips(path);
  const { device } = fakeDevice();
  const setImage = device.setImage.bind(device);
  device.setImage = async (frame) => {
    const image = await setImage(frame);
    image.predict = async () => Mask.fromBitmap(new Uint8Array(SIDE * SIDE), SIDE, SIDE);
    return image;
  };
  t.same(await runTracking(device, clip), { runs: [], notFollowed: [1] });
});

const run = (change: Partial<ClipRun>): ClipRun => ({
  set: 's',
  clip: 'a',
  label: 1,
  startClicks: 2,
  startDsc: 1,
  trackedDsc: [1, 1],
  finalDsc: [1, 1],
  interventions: [],
  ...change,
});

test('figures of many clips: two objects by hand', async (t) => {
  const runs = [
    run({}),
    run({
      clip: 'b',
      label: 2,
      startClicks: 1,
      trackedDsc: [0.5, 0.7],
      finalDsc: [0.9, 0.8],
      interventions: [
        { frame: 1, dscBefore: 0.5, clicks: 1, dscAfter: 0.9 },
        { frame: 2, dscBefore: 0.7, clicks: 5, dscAfter: 0.8 },
      ],
    }),
  ];
  const figures = trackingFiguresOf(runs);
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
  t.equal(trackingFiguresOf([run({})]).drop, null);
  const { sets, labels } = evaluateTracking(runs, ({ label }) => `object ${label}`);
  t.same(Object.keys(sets), ['s']);
  t.same(Object.keys(labels.s), ['object 1', 'object 2']);
});

/** Worked out by hand: one object with two interventions, one without. */
const needy: ObjectRun = {
  label: 1,
  startClicks: 3,
  startDsc: 0.96,
  interventions: [
    { frame: 4, dscBefore: 0.88, clicks: 1, dscAfter: 0.92 },
    { frame: 9, dscBefore: 0.84, clicks: 5, dscAfter: 0.89 },
  ],
  trackedDsc: [0.95, 0.88, 0.84, 0.93],
  finalDsc: [0.95, 0.92, 0.89, 0.93],
};
const easy: ObjectRun = {
  label: 2,
  startClicks: 1,
  startDsc: 0.98,
  interventions: [],
  trackedDsc: [0.98, 0.97],
  finalDsc: [0.98, 0.97],
};

const rounded = (figures: object): object =>
  Object.fromEntries(
    Object.entries(figures).map(([name, value]: [string, number | null]) => [
      name,
      value === null ? null : Math.round(value * 1e9) / 1e9,
    ]),
  );

test('the figures of an object', (t) => {
  t.same(rounded(objectFigures(needy)), {
    frames: 4,
    startClicks: 3,
    startDsc: 0.96,
    interventions: 2,
    dscDrop: 0.04,
    correctiveClicks: 6,
    clicks: 9,
    unsettled: 1,
    trackedDsc: 0.9,
    finalDsc: 0.9225,
  });
  t.match(objectFigures(easy), { interventions: 0, dscDrop: null, correctiveClicks: 0, clicks: 1 });
  t.end();
});

test('the figures of a recording', (t) => {
  t.same(rounded(loopFigures([needy, easy])), {
    objects: 2,
    startDsc: 0.97,
    interventionsPerObject: 1,
    dscDrop: 0.04,
    clicksPerLoop: 10,
    clicksPerObject: 5,
    correctiveClicksPerObject: 3,
    unsettled: 1,
    trackedDsc: 0.925,
    finalDsc: 0.94,
  });
  t.end();
});

test('a single frame has no tracked DSC', (t) => {
  const still = { ...easy, trackedDsc: [], finalDsc: [] };
  t.match(loopFigures([still]), { trackedDsc: null, finalDsc: null, dscDrop: null });
  t.end();
});
