import { test } from 'tap';
import { fitLetterbox } from '../../../../src/runtime/fallback/letterbox.js';
import { MAX_POINTS, modelBox, modelPoints } from '../../../../src/runtime/fallback/sonosam.js';

const half = fitLetterbox(512, 512, 256);

test('points are given in model px and unused rows carry the label −1', async (t) => {
  const rows = modelPoints(Float32Array.of(100, 50, 1, 20, 30, 0), half);
  t.equal(rows.length, 3 * MAX_POINTS);
  t.same([...rows.subarray(0, 9)], [50, 25, 1, 10, 15, 0, 0, 0, -1]);
});

test('of more than 32 points the first and the 31 latest are given', async (t) => {
  const points = Float32Array.from({ length: 40 * 3 }, (_, i) =>
    i % 3 === 2 ? 1 : 2 * Math.floor(i / 3),
  );
  const rows = modelPoints(points, half);
  t.equal(rows[0], 0);
  t.equal(rows[3], 9);
  t.equal(rows[31 * 3], 39);
});

test('a box is scaled, and no box is all 0', async (t) => {
  t.same([...modelBox(Float32Array.of(0, 10, 100, 512), half)], [0, 5, 50, 256]);
  t.same([...modelBox(null, half)], [0, 0, 0, 0]);
});
