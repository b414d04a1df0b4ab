import { test } from 'tap';
import {
  clickedPixels,
  labelMask,
  measured,
  yieldToNeighbours,
} from '../../../src/runtime/label-map.js';
import { bitmap } from '../../support/bitmaps.js';

test('clickedPixels gives the pixels that clicks lie in, also on the last edge', async (t) => {
  const points = Float32Array.of(0.5, 1.5, 1, 2, 2, 0, 3, 2, 1);
  t.same(clickedPixels(points, 3, 2), [3, 5, 5]);
  t.same(clickedPixels(points, 3, 2, 1), [3, 5]);
});

test('labelMask keeps the pixels of one label', async (t) => {
  t.same(labelMask(Uint8Array.of(0, 1, 2, 1), 1), Uint8Array.of(0, 1, 0, 1));
});

test('contested pixels go back but for the patches that a click lies in', async (t) => {
  const labels = Uint8Array.of(2, 2, 0, 0, 1, 0, 0, 0, 2);
  const without = new Uint8Array(9).fill(1);
  yieldToNeighbours(without, labels, 1, [], 3);
  t.same(without, bitmap('..#', '###', '##.'));
  const clicked = new Uint8Array(9).fill(1);
  yieldToNeighbours(clicked, labels, 1, [0, 4], 3);
  t.same(clicked, bitmap('###', '###', '##.'));
});

test('area and half-open box are those of the set pixels', async (t) => {
  t.match(measured(bitmap('...', '.#.', '.##'), 3, 0.5), {
    areaPx: 3,
    box: [1, 1, 3, 3],
    score: 0.5,
  });
  t.match(measured(bitmap('..', '..'), 2, 0), { areaPx: 0, box: null });
});
