/** Local correlation of two images, as native/core/local_match computes it. */

/** Side of the window, px. */
const WINDOW_PX = 9;
const RADIUS = (WINDOW_PX - 1) / 2;
/** Added to the variances, gray levels². */
const NOISE2 = 4;

/** Sums over part of a window. */
const A = 0;
const B = 1;
const AA = 2;
const BB = 3;
const AB = 4;
const SUMS = 5;

/**
 * How alike two gray images are around each pixel: the correlation (−1 to 1) over a square window of 9 px, held to the image,
 * of values less the window's means. Noise of a few gray levels counts as noise: two flat windows correlate by 0. Allocates
 * in its constructor only.
 */
export class LocalMatch {
  readonly #width: number;
  readonly #height: number;
  /** Sums over each column of the window's rows, f64[5, w]. */
  readonly #columns: Float64Array;
  /** Over the window. */
  readonly #within = new Float64Array(SUMS);

  constructor(width: number, height: number) {
    this.#width = width;
    this.#height = height;
    this.#columns = new Float64Array(SUMS * width);
  }

  /** `a`, `b` f32[h, w], gray levels 0–255 → `out` f32[h, w]. */
  compute(a: Float32Array, b: Float32Array, out: Float32Array): void {
    const height = this.#height;
    this.#columns.fill(0);
    for (let y = 0; y < Math.min(RADIUS, height); y++) this.#addRow(a, b, y, 1);
    for (let y = 0; y < height; y++) {
      if (y + RADIUS < height) this.#addRow(a, b, y + RADIUS, 1);
      if (y - RADIUS - 1 >= 0) this.#addRow(a, b, y - RADIUS - 1, -1);
      this.#matchRow(y, out);
    }
  }

  #addRow(a: Float32Array, b: Float32Array, y: number, sign: 1 | -1): void {
    const width = this.#width;
    const columns = this.#columns;
    for (let x = 0, i = y * width; x < width; x++, i++) {
      const signedA = sign * a[i];
      const signedB = sign * b[i];
      columns[A * width + x] += signedA;
      columns[B * width + x] += signedB;
      columns[AA * width + x] += signedA * a[i];
      columns[BB * width + x] += signedB * b[i];
      columns[AB * width + x] += signedA * b[i];
    }
  }

  #addColumn(x: number, sign: 1 | -1): void {
    for (let s = 0; s < SUMS; s++) this.#within[s] += sign * this.#columns[s * this.#width + x];
  }

  #matchRow(y: number, out: Float32Array): void {
    const width = this.#width;
    const within = this.#within.fill(0);
    const rows = windowLength(y, RADIUS, this.#height);
    for (let x = 0; x < Math.min(RADIUS, width); x++) this.#addColumn(x, 1);
    for (let x = 0; x < width; x++) {
      if (x + RADIUS < width) this.#addColumn(x + RADIUS, 1);
      if (x - RADIUS - 1 >= 0) this.#addColumn(x - RADIUS - 1, -1);
      const share = 1 / (rows * windowLength(x, RADIUS, width));
      const meanA = within[A] * share;
      const meanB = within[B] * share;
      const varianceA = Math.max(within[AA] * share - meanA * meanA, 0) + NOISE2;
      const varianceB = Math.max(within[BB] * share - meanB * meanB, 0) + NOISE2;
      const covariance = within[AB] * share - meanA * meanB;
      out[y * width + x] = covariance / Math.sqrt(varianceA * varianceB);
    }
  }
}

/** Blurs f32[h, w] in place by three passes of a box of 2 `radius` + 1 px, held to the image; `scratch` f32[h + 1, w]. */
export function boxBlur3(
  width: number,
  height: number,
  radius: number,
  image: Float32Array,
  scratch: Float32Array,
): void {
  for (let pass = 0; pass < 3; pass++) {
    for (let y = 0; y < height; y++) boxRow(image, scratch, y * width, width, radius);
    boxColumns(scratch, image, width, height, radius);
  }
}

/** Means over a window about each of the `width` values from `first` on. */
function boxRow(
  from: Float32Array,
  to: Float32Array,
  first: number,
  width: number,
  radius: number,
): void {
  let sum = 0;
  for (let x = 0; x < Math.min(radius, width); x++) sum += from[first + x];
  for (let x = 0; x < width; x++) {
    if (x + radius < width) sum += from[first + x + radius];
    if (x - radius - 1 >= 0) sum -= from[first + x - radius - 1];
    to[first + x] = sum / windowLength(x, radius, width);
  }
}

/** Means down the columns of f32[h, w], row by row; the sums stand in the row behind them. */
function boxColumns(
  from: Float32Array,
  to: Float32Array,
  width: number,
  height: number,
  radius: number,
): void {
  const sums = height * width;
  from.fill(0, sums, sums + width);
  const addRow = (y: number, sign: 1 | -1): void => {
    if (y < 0 || y >= height) return;
    for (let x = 0; x < width; x++) from[sums + x] += sign * from[y * width + x];
  };
  for (let y = 0; y < radius; y++) addRow(y, 1);
  for (let y = 0; y < height; y++) {
    addRow(y + radius, 1);
    addRow(y - radius - 1, -1);
    const share = 1 / windowLength(y, radius, height);
    for (let x = 0; x < width; x++) to[y * width + x] = from[sums + x] * share;
  }
}

/** Values of a window about value i that lie among the `count` there are. */
const windowLength = (i: number, radius: number, count: number): number =>
  Math.min(i + radius, count - 1) - Math.max(i - radius, 0) + 1;
