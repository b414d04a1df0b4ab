import { test } from 'tap';
import { EXPERT, SimulatedExpert } from '../../../src/eval/simulated-expert.js';
import { fakeDevice } from '../../../src/sdk/fake-device.js';
import { follow } from '../../../src/sdk/follow.js';
import { dice } from '../../../src/sdk/dice.js';
import { Mask } from '../../../src/sdk/mask.js';
import type { Device } from '../../../src/sdk/device.js';
import type { Prompts } from '../../../src/sdk/types.js';
import { disc } from '../../support/frames.js';
import { recording } from '../../support/recording.js';
import { rejection } from '../../support/rejection.js';

const SIDE = 40;

/** A label map of discs of 4 px, as the fake device answers a click: label → centre. */
type Discs = Record<number, [x: number, y: number]>;
function mapOf(discs: Discs, radius = 4): Uint8Array {
  const labels = new Uint8Array(SIDE * SIDE);
  for (const [label, [x, y]] of Object.entries(discs)) {
    disc(SIDE, SIDE, [x, y, radius]).forEach((inside, i) => {
      if (inside) labels[i] = Number(label);
    });
  }
  return labels;
}

const expertOf = (...maps: Uint8Array[]): SimulatedExpert =>
  new SimulatedExpert(async (index) => ({ labels: maps[index], widthPx: SIDE, heightPx: SIDE }));

/** What `correct` was asked, in order. */
function corrections(device: Device): { id: number; prompts: Prompts }[] {
  const asked: { id: number; prompts: Prompts }[] = [];
  const create = device.createTracker.bind(device);
  device.createTracker = async (options) => {
    const tracker = await create(options);
    const correct = tracker.correct.bind(tracker);
    tracker.correct = (id, prompts) => {
      asked.push({ id, prompts });
      return correct(id, prompts);
    };
    return tracker;
  };
  return asked;
}

test('objects that are tracked well are marked once and left alone', async (t) => {
  const { device, engine } = fakeDevice();
  const map = mapOf({ 3: [10.5, 10.5], 5: [30.5, 30.5] });
  const expert = expertOf(map, map, map);
  const ids: number[][] = [];
  for await (const { objects } of follow(device, recording(3, SIDE, SIDE), expert)) {
    ids.push(objects.map(({ id }) => id));
  }
  t.same(ids, [
    [3, 5],
    [3, 5],
    [3, 5],
  ]);
  t.notOk(engine.calls.includes('correct'));
  const well = {
    startClicks: 1,
    startDsc: 1,
    interventions: [],
    trackedDsc: [1, 1],
    finalDsc: [1, 1],
  };
  t.same(expert.runs, [
    { label: 3, ...well },
    { label: 5, ...well },
  ]);
});

test('an object below 0.90 gets clicks until it is right; the others get none', async (t) => {
  const { device } = fakeDevice();
  const asked = corrections(device);
  const [first, then] = [
    mapOf({ 1: [10.5, 10.5], 2: [30.5, 30.5] }),
    mapOf({ 1: [10.5, 25.5], 2: [30.5, 30.5] }),
  ];
  const expert = expertOf(first, first, then, then);
  const areas: number[] = [];
  for await (const { objects } of follow(device, recording(4, SIDE, SIDE), expert)) {
    areas.push(
      dice(
        Mask.fromBitmap(
          then.map((v) => (v === 1 ? 1 : 0)),
          SIDE,
          SIDE,
        ),
        objects[0].mask,
      ),
    );
  }
  const [moved, still] = expert.runs;
  t.same(still.interventions, []);
  t.equal(moved.interventions.length, 1);
  const [{ frame, dscBefore, clicks, dscAfter }] = moved.interventions;
  t.equal(frame, 2);
  t.ok(dscBefore < EXPERT.goodDsc && dscAfter >= EXPERT.goodDsc);
  t.equal(clicks, 2, 'where it is now, and where it is no longer');
  t.same(moved.trackedDsc, [1, dscBefore, dscAfter], 'tracking goes on from the correction');
  t.same(moved.finalDsc, [1, dscAfter, dscAfter]);
  t.equal(areas[2], dscAfter, 'what is shown is the corrected mask');

  t.equal(asked.length, clicks);
  t.ok(asked.every(({ id }) => id === 1));
  t.same(
    asked.map(({ prompts }) => prompts.points?.length),
    asked.map((_, k) => k + 1),
    'all clicks on this frame so far',
  );
  const previous = asked.map(({ prompts }) => prompts.previous?.areaPx);
  t.equal(previous[0], 49, 'with the tracked mask');
  t.not(previous[1], previous[0], 'then with the mask that the last click answered');
});

test('after five clicks the expert gives up, on the start frame and later', async (t) => {
  const { device } = fakeDevice();
  const large = mapOf({ 1: [20.5, 20.5] }, 18); // far more than five discs of 4 px
  const expert = expertOf(large, large);
  for await (const _ of follow(device, recording(2, SIDE, SIDE), expert));
  const [run] = expert.runs;
  t.equal(run.startClicks, 5);
  t.ok(run.startDsc < EXPERT.startDsc);
  t.match(run.interventions, [{ frame: 1, clicks: 5, dscBefore: run.startDsc }]);
  t.ok(run.interventions[0].dscAfter > run.startDsc);
  t.ok(run.interventions[0].dscAfter < EXPERT.goodDsc);
});

test('a frame whose truth lacks the object does not count', async (t) => {
  const { device } = fakeDevice();
  const map = mapOf({ 1: [10.5, 10.5] });
  const expert = expertOf(map, mapOf({}), map);
  for await (const _ of follow(device, recording(3, SIDE, SIDE), expert));
  t.same(expert.runs[0].trackedDsc, [1]);
});

test('labels that the start frame lacks are told, not followed', async (t) => {
  const { device } = fakeDevice();
  const expert = expertOf(mapOf({ 1: [10.5, 10.5] }), mapOf({ 1: [10.5, 10.5], 9: [30.5, 30.5] }));
  for await (const { objects } of follow(device, recording(2, SIDE, SIDE), expert)) {
    t.same(
      objects.map(({ id }) => id),
      [1],
    );
  }
  t.same(expert.labelsNotFollowed, [9]);
});

test('a start frame without an object is refused', async (t) => {
  const { device } = fakeDevice();
  const frames = follow(device, recording(2, SIDE, SIDE), expertOf(mapOf({}), mapOf({})));
  t.match(await rejection(frames.next()), { code: 'SOURCE_INVALID', message: /frame 0/ });
});

test('from a frame within, the truth of each frame is its own', async (t) => {
  const { device, engine } = fakeDevice();
  const maps = [0, 0, 1, 1].map((v) => mapOf({ 1: [10.5 + 20 * v, 10.5] }));
  const expert = expertOf(...maps);
  for await (const _ of follow(device, recording(4, SIDE, SIDE), expert, { start: 2 }));
  t.equal(expert.runs[0].startDsc, 1);
  t.same(
    expert.runs[0].interventions.map(({ frame }) => frame),
    [1],
    'the object jumps between frames 1 and 2 only',
  );
  t.equal(engine.calls.filter((call) => call === 'start').length, 2);
});
