import { test } from 'tap';
import { boxBlur3, LocalMatch } from '../../../../../src/runtime/fallback/flow/local-match.js';
import { randoms } from '../../../../support/bitmaps.js';

const [WIDTH, HEIGHT] = [31, 24];
const CELLS = WIDTH * HEIGHT;

/** Gray levels of 30 to 210. */
function noise(seed: number): Float32Array {
  const random = randoms(seed);
  return Float32Array.from({ length: CELLS }, () => 30 + 180 * random());
}

function match(
  a: Float32Array,
  b: Float32Array,
  width: number = WIDTH,
  height: number = HEIGHT,
): Float32Array {
  const out = new Float32Array(a.length).fill(NaN);
  new LocalMatch(width, height).compute(a, b, out);
  return out;
}

const mean = (values: number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** The definition, at one pixel. */
function direct(a: Float32Array, b: Float32Array, x: number, y: number): number {
  const window = [...a.keys()].filter(
    (i) => Math.abs((i % WIDTH) - x) <= 4 && Math.abs(Math.floor(i / WIDTH) - y) <= 4,
  );
  const meanA = mean(window.map((i) => a[i]));
  const meanB = mean(window.map((i) => b[i]));
  const varianceA = mean(window.map((i) => (a[i] - meanA) ** 2)) + 4;
  const varianceB = mean(window.map((i) => (b[i] - meanB) ** 2)) + 4;
  return (
    mean(window.map((i) => (a[i] - meanA) * (b[i] - meanB))) / Math.sqrt(varianceA * varianceB)
  );
}

test('nine pixels are one window: their correlation, less the noise', async (t) => {
  // Both have mean 4 and variance 60/9; b is a with two pixels exchanged, so the covariance is (60 − 4)/9.
  const a = Float32Array.of(0, 1, 2, 3, 4, 5, 6, 7, 8);
  const b = Float32Array.of(2, 1, 0, 3, 4, 5, 6, 7, 8);
  const expected = 56 / 9 / (60 / 9 + 4);
  for (const value of match(a, b, 3, 3)) t.ok(Math.abs(value - expected) < 1e-6);
});

test('the match is the correlation of the windows, cut at the border', async (t) => {
  const a = noise(1);
  const b = noise(2).map((value, i) => 0.5 * (value + a[i]));
  const found = match(a, b);
  for (let i = 0; i < CELLS; i++) {
    const expected = direct(a, b, i % WIDTH, Math.floor(i / WIDTH));
    if (Math.abs(found[i] - expected) > 1e-6) t.fail(`${i}: ${found[i]}, not ${expected}`);
  }
});

test('gain and offset are no mismatch; an inverted image is the worst', async (t) => {
  const a = noise(3);
  t.ok(
    match(
      a,
      a.map((value) => 1.2 * value + 3),
    ).every((value) => value > 0.98),
  );
  t.ok(
    match(
      a,
      a.map((value) => 240 - value),
    ).every((value) => value < -0.98),
  );
});

test('flat windows match by 0', async (t) => {
  const flat = new Float32Array(CELLS).fill(80);
  t.ok(match(flat, flat).every((value) => Math.abs(value) < 1e-6));
});

test('a blur keeps what is constant, and spreads a point evenly', async (t) => {
  const image = new Float32Array(CELLS).fill(7);
  const scratch = new Float32Array(CELLS + WIDTH);
  boxBlur3(WIDTH, HEIGHT, 2, image, scratch);
  t.ok(image.every((value) => Math.abs(value - 7) < 1e-5));
  const centre = 12 * WIDTH + 15;
  image.fill(0);
  image[centre] = 1;
  boxBlur3(WIDTH, HEIGHT, 1, image, scratch);
  // Three boxes of 3: 7/27 and 6/27 of a line's sum.
  t.ok(Math.abs(image[centre] - (7 * 7) / 729) < 1e-6);
  for (const beside of [-1, 1, -WIDTH, WIDTH]) {
    t.ok(Math.abs(image[centre + beside] - (7 * 6) / 729) < 1e-6);
  }
});

test('a blur is a mean at the border too', async (t) => {
  const image = Float32Array.of(3, 0, 0);
  boxBlur3(3, 1, 1, image, new Float32Array(6));
  // By thirds, and halves at the ends: 3 0 0 → 1.5 1 0 → 1.25 5/6 0.5 → 25/24 31/36 2/3.
  const expected = [25 / 24, 31 / 36, 2 / 3];
  t.ok(image.every((value, i) => Math.abs(value - expected[i]) < 1e-6));
  const column = Float32Array.of(3, 0, 0);
  boxBlur3(1, 3, 1, column, new Float32Array(4));
  t.ok(column.every((value, i) => Math.abs(value - expected[i]) < 1e-6));
});
