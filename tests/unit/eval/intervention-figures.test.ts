import { test } from 'tap';
import { loopFigures, objectFigures } from '../../../src/eval/intervention-figures.js';
import type { ObjectRun } from '../../../src/eval/simulated-expert.js';

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
