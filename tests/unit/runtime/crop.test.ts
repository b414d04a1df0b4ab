import { test } from 'tap';
import {
  cutFrame,
  cutPrompts,
  extentOf,
  pasteMask,
  squareAround,
} from '../../../src/runtime/crop.js';
import { bitmap } from '../../support/bitmaps.js';

const size = { widthPx: 100, heightPx: 60 };

test('the square has the margin and the middle of what it holds', async (t) => {
  t.same(squareAround([40, 20, 60, 30], 1.5, size), { x0: 35, y0: 10, x1: 65, y1: 40 });
});

test('a square at the border is moved inside, one too large becomes the frame', async (t) => {
  t.same(squareAround([0, 0, 10, 10], 2, size), { x0: 0, y0: 0, x1: 20, y1: 20 });
  t.same(squareAround([90, 50, 100, 60], 2, size), { x0: 80, y0: 40, x1: 100, y1: 60 });
  t.same(squareAround([0, 0, 100, 60], 2, size), { x0: 0, y0: 0, x1: 100, y1: 60 });
  t.same(squareAround([20, 0, 60, 60], 1.5, size), { x0: 0, y0: 0, x1: 90, y1: 60 });
});

test('pixels are cut with all their channels', async (t) => {
  const data = Uint8Array.from({ length: 4 * 3 * 3 }, (_, i) => i);
  const crop = { x0: 1, y0: 1, x1: 3, y1: 3 };
  t.same(cutFrame({ data, widthPx: 4, heightPx: 3, channels: 3 }, crop), {
    data: Uint8Array.of(15, 16, 17, 18, 19, 20, 27, 28, 29, 30, 31, 32),
    widthPx: 2,
    heightPx: 2,
    channels: 3,
  });
});

test('prompts move with the crop; clicks beside it are left out, the box is cut', async (t) => {
  const cut = cutPrompts(
    {
      points: Float32Array.of(2.5, 1.5, 1, 0.5, 0.5, 0),
      box: Float32Array.of(0, 1, 3, 9),
      previous: bitmap('....', '..#.', '###.'),
      multimask: false,
    },
    { x0: 1, y0: 1, x1: 4, y1: 3 },
    4,
  );
  t.same(cut, {
    points: Float32Array.of(1.5, 0.5, 1),
    box: Float32Array.of(0, 0, 2, 2),
    previous: bitmap('.#.', '##.'),
    multimask: false,
  });
});

test('a mask is pasted where it was cut', async (t) => {
  const mask = { bitmap: bitmap('.#', '##'), areaPx: 3, score: 0.5 };
  const crop = { x0: 1, y0: 1, x1: 3, y1: 3 };
  t.same(pasteMask({ ...mask, box: [0, 0, 2, 2] }, crop, { widthPx: 4, heightPx: 3 }), {
    bitmap: bitmap('....', '..#.', '.##.'),
    areaPx: 3,
    box: [1, 1, 3, 3],
    score: 0.5,
  });
});

test('the extent is half-open, of an empty bitmap there is none', async (t) => {
  t.same(extentOf(bitmap('....', '..#.', '.##.'), 4), { extent: [1, 1, 3, 3], areaPx: 3 });
  t.equal(extentOf(bitmap('....'), 4), null);
});
