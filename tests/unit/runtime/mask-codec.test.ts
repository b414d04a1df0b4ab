import { test } from 'tap';
import { contoursOf, rleOf } from '../../../src/runtime/mask-codec.js';
import { bitmap, randoms } from '../../support/bitmaps.js';

const contours = (w: number, h: number, ...rows: string[]): number[][] =>
  contoursOf(bitmap(...rows), w, h).map((c) => [...c]);

test('run lengths go down the columns and begin with background', async (t) => {
  t.same(rleOf(bitmap('...', '...', '...'), 3, 3), [9]);
  t.same(rleOf(bitmap('###', '###', '###'), 3, 3), [0, 9]);
  t.same(rleOf(bitmap('.#.', '.##', '...'), 3, 3), [3, 2, 2, 1, 1]);
  t.same(rleOf(bitmap('#..', '...'), 3, 2), [0, 1, 5]);
});

test('a single pixel has its four corners, clockwise from the top left', async (t) => {
  t.same(contours(3, 3, '...', '.#.', '...'), [[1, 1, 2, 1, 2, 2, 1, 2]]);
});

test('collinear points are left out and the border of the image is a border', async (t) => {
  t.same(contours(3, 3, '###', '###', '###'), [[0, 0, 3, 0, 3, 3, 0, 3]]);
  t.same(contours(3, 2, '#..', '###'), [[0, 0, 1, 0, 1, 1, 3, 1, 3, 2, 0, 2]]);
});

test('a hole runs the other way', async (t) => {
  t.same(contours(3, 3, '###', '#.#', '###'), [
    [0, 0, 3, 0, 3, 3, 0, 3],
    [1, 2, 2, 2, 2, 1, 1, 1],
  ]);
});

test('pixels that touch at a corner share one contour', async (t) => {
  t.equal(contours(2, 2, '#.', '.#').length, 1);
});

test('an empty mask has no contour', async (t) => {
  t.same(contours(2, 2, '..', '..'), []);
});

test('the polygons enclose exactly the area of the pixels', async (t) => {
  const random = randoms(3);
  for (let round = 0; round < 20; round++) {
    const [w, h] = [1 + Math.floor(random() * 12), 1 + Math.floor(random() * 12)];
    const bits = Uint8Array.from({ length: w * h }, () => (random() < 0.6 ? 1 : 0));
    const area = contoursOf(bits, w, h).reduce((sum, c) => sum + signedArea(c), 0);
    t.equal(
      area,
      bits.reduce((a, b) => a + b, 0),
      `${w} × ${h}`,
    );
  }
});

/** Shoelace formula; positive when clockwise on the screen. */
function signedArea(contour: Float32Array): number {
  let twice = 0;
  for (let i = 0; i < contour.length; i += 2) {
    const j = (i + 2) % contour.length;
    twice += contour[i] * contour[j + 1] - contour[j] * contour[i + 1];
  }
  return twice / 2;
}
