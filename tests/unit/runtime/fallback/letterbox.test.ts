import { test } from 'tap';
import {
  fitLetterbox,
  gridTaps,
  letterboxCoverage,
  letterboxGray,
  resampleTaps,
  toModelX,
  toModelY,
} from '../../../../src/runtime/fallback/letterbox.js';
import { bitmap } from '../../../support/bitmaps.js';

test('a frame is fitted into the square, halves rounded up, at least 1 px', async (t) => {
  t.match(fitLetterbox(640, 480, 256), { rw: 256, rh: 192 });
  t.match(fitLetterbox(100, 50, 256), { rw: 256, rh: 128 });
  t.match(fitLetterbox(512, 5, 256), { rw: 256, rh: 3 }); // 2.5 px
  t.match(fitLetterbox(1000, 1, 256), { rw: 256, rh: 1 }); // 0.256 px
});

test('coordinates scale with the letterbox', async (t) => {
  const box = fitLetterbox(640, 480, 256);
  t.equal(toModelX(box, 640), 256);
  t.equal(toModelY(box, 240), 96);
});

test('shrinking weighs a source pixel by the area it covers', async (t) => {
  // 3 px → 2: the middle pixel belongs to both halves
  t.same(resampleTaps(3, 2), {
    first: [0, 2, 4],
    index: [0, 1, 1, 2],
    weight: [2, 1, 1, 2],
    total: 3,
  });
});

test('enlarging is bilinear with half-pixel centres and clamped edges', async (t) => {
  // 2 px → 4: centres at −0.25, 0.25, 0.75, 1.25
  const { index, weight, first, total } = resampleTaps(2, 4);
  t.same(first, [0, 1, 3, 5, 6]);
  t.same(index, [0, 0, 1, 0, 1, 1]);
  t.same(
    weight.map((w) => w / total),
    [1, 0.75, 0.25, 0.25, 0.75, 1],
  );
});

test('2 × 2 px averaged into one, rounded half up, the rest padded with 0', async (t) => {
  const frame = {
    data: Uint8Array.of(1, 2, 2, 1, 10, 20, 20, 20),
    widthPx: 4,
    heightPx: 2,
    channels: 1 as const,
  };
  // (1 + 2 + 10 + 20) / 4 = 8.25, (2 + 1 + 20 + 20) / 4 = 10.75
  t.same([...letterboxGray(frame, 2)], [8, 11, 0, 0]);
});

test('RGB and RGBA become luma, alpha is ignored', async (t) => {
  const rgb = { data: Uint8Array.of(255, 0, 0), widthPx: 1, heightPx: 1, channels: 3 as const };
  t.same([...letterboxGray(rgb, 1)], [76]);
  const rgba = { data: Uint8Array.of(0, 255, 0, 3), widthPx: 1, heightPx: 1, channels: 4 as const };
  t.same([...letterboxGray(rgba, 1)], [150]);
});

test('coverage of a bitmap counts any non-zero as 255', async (t) => {
  const bits = bitmap('##..', '#...');
  t.same(
    [
      ...letterboxCoverage(
        bits.map((v) => v * 7),
        4,
        2,
        4,
      ),
    ],
    [191, 0, 0, 0],
  );
  // an odd content fills its last cells: 4 × 3 px in a square of 4
  t.same([...letterboxCoverage(bitmap('....', '....', '##..'), 4, 3, 4)], [0, 0, 255, 0]);
  // 6 × 5 px in a square of 6: row 2 is the upper half of the second cells
  const row = bitmap('......', '......', '######', '......', '......');
  t.same([...letterboxCoverage(row, 6, 5, 6)], [0, 0, 0, 128, 128, 128, 0, 0, 0]);
});

test('a frame as large as the square reads the grid at its own cells', async (t) => {
  const { rows } = gridTaps(fitLetterbox(4, 4, 4), 4);
  t.same([...rows.i0], [0, 1, 2, 3]);
  t.same([...rows.f], [0, 0, 0, 0]);
});

test('mask reads stay in the cells that hold content', async (t) => {
  // 4 × 2 px in a square of 4 px over a grid of 4 cells: the rows hold content in cells 0 and 1
  const { rows } = gridTaps(fitLetterbox(4, 2, 4), 4);
  t.same([...rows.i1], [1, 1]);
  // 8 × 8 px on a grid of 4 cells: frame px 0 would read at −0.25
  const { columns } = gridTaps(fitLetterbox(8, 8, 4), 4);
  t.equal(columns.i0[0], 0);
  t.equal(columns.f[0], 0);
  t.equal(columns.f[1], 0.25);
});
