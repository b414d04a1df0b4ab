import { test } from 'tap';
import { components, distanceTransform, innermost } from '../../../src/sdk/distance.js';
import { bitmap, randoms } from '../../support/bitmaps.js';

test('the distance transform of 3 × 3 masks is the one done by hand', async (t) => {
  const of = (...rows: string[]): number[] => [...distanceTransform(bitmap(...rows), 3, 3)];
  t.same(of('###', '###', '###'), [1, 1, 1, 1, 2, 1, 1, 1, 1]); // outside of the image is unset
  t.same(of('...', '.#.', '...'), [0, 0, 0, 0, 1, 0, 0, 0, 0]);
  t.same(of('.##', '###', '###'), [0, 1, 1, 1, Math.SQRT2, 1, 1, 1, 1]);
});

test('the distance transform agrees with brute force', async (t) => {
  const [w, h, random] = [11, 9, randoms(1)];
  const bits = Uint8Array.from({ length: w * h }, () => (random() < 0.85 ? 1 : 0));
  const isSet = (x: number, y: number): boolean =>
    x >= 0 && y >= 0 && x < w && y < h && bits[y * w + x] === 1;
  const expected = [...bits.keys()].map((i) => {
    const [x, y] = [i % w, Math.floor(i / w)];
    if (!bits[i]) return 0;
    let least = Infinity;
    for (let v = -1; v <= h; v++) {
      for (let u = -1; u <= w; u++)
        if (!isSet(u, v)) least = Math.min(least, Math.hypot(u - x, v - y));
    }
    return least;
  });
  const got = distanceTransform(bits, w, h);
  t.ok(expected.every((d, i) => Math.abs(d - got[i]) < 1e-9));
});

test('components are 8-connected', async (t) => {
  t.same(components(bitmap('#..', '.#.', '..#'), 3, 3), [[0, 4, 8]]);
  t.same(components(bitmap('#.#', '...', '#..'), 3, 3), [[0], [2], [6]]);
});

test('the innermost pixel is the one farthest from the border that is not taken', async (t) => {
  const all = Array.from({ length: 9 }, (_, i) => i);
  t.equal(innermost(all, 3, new Set()), 4);
  t.equal(innermost(all, 3, new Set([4])), 0);
  t.equal(innermost([4], 3, new Set([4])), null);
});
