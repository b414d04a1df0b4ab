/** Tells a cut, where the picture jumps to another scene, from motion. */
import type { Frame } from '../sdk/types.js';

/**
 * The difference of two frames is 1 − the correlation of their block means on a grid, which gain does not change. A cut is
 * a difference that stands out of this stream's own: benchmarks/scene-cut.mjs measures the constants on real clips.
 */
const GRID = 24;
const STRIDE = 2;
/** Differences that say what is usual for this stream. */
const REMEMBERED = 64;
const ENOUGH = 8;
const USUAL_QUANTILE = 0.9;
const TIMES_USUAL = 6;
/** Below this it is no cut, however still the picture was before. */
const LEAST = 0.04;
/** Before enough is known of the stream. */
const LEAST_UNKNOWN = 0.15;

/** Watches consecutive frames of one geometry for cuts. */
export class SceneCutDetector {
  #last: Float64Array | null = null;
  readonly #usual: number[] = [];

  /** Whether this frame begins another scene than the frame before. */
  isCut(frame: Frame): boolean {
    const blocks = blockMeans(frame);
    const before = this.#last;
    this.#last = blocks;
    if (!before) return false;
    const difference = 1 - correlation(before, blocks);
    const isCut = difference > this.threshold;
    if (isCut) {
      this.#usual.length = 0;
    } else {
      this.#usual.push(difference);
      if (this.#usual.length > REMEMBERED) this.#usual.shift();
    }
    return isCut;
  }

  /** Forgets the stream: what comes next is no cut. */
  reset(): void {
    this.#last = null;
    this.#usual.length = 0;
  }

  /** As `threshold`, for frames that do not follow on each other: motion alone has made them differ. */
  get pauseThreshold(): number {
    return Math.max(LEAST_UNKNOWN, this.threshold);
  }

  /** The difference from which on a frame is a cut. */
  get threshold(): number {
    if (this.#usual.length < ENOUGH) return LEAST_UNKNOWN;
    const sorted = [...this.#usual].sort((a, b) => a - b);
    return Math.max(LEAST, TIMES_USUAL * sorted[Math.floor(USUAL_QUANTILE * (sorted.length - 1))]);
  }
}

/** 0 for the same picture, whatever its gain, to 2. */
export function sceneDifference(a: Frame, b: Frame): number {
  return 1 - correlation(blockMeans(a), blockMeans(b));
}

/** Frame u8[h, w, c] → mean of the first channel over each block, f64[GRID, GRID], on every second pixel. */
function blockMeans({ data, widthPx, heightPx, channels }: Frame): Float64Array {
  const means = new Float64Array(GRID * GRID);
  // Each block has its first pixel at least, in a frame smaller than the grid too.
  const start = (block: number, size: number): number => Math.floor((block * size) / GRID);
  const end = (block: number, size: number): number =>
    Math.max(start(block + 1, size), start(block, size) + 1);
  for (let row = 0; row < GRID; row += 1) {
    for (let column = 0; column < GRID; column += 1) {
      let [sum, count] = [0, 0];
      for (let y = start(row, heightPx); y < end(row, heightPx); y += STRIDE) {
        for (let x = start(column, widthPx); x < end(column, widthPx); x += STRIDE) {
          sum += data[(y * widthPx + x) * channels];
          count += 1;
        }
      }
      means[row * GRID + column] = sum / count;
    }
  }
  return means;
}

/** Pearson's; 1 for two pictures without any structure. */
function correlation(a: Float64Array, b: Float64Array): number {
  const mean = (values: Float64Array): number => values.reduce((s, v) => s + v, 0) / values.length;
  const [meanA, meanB] = [mean(a), mean(b)];
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i += 1) {
    ab += (a[i] - meanA) * (b[i] - meanB);
    aa += (a[i] - meanA) ** 2;
    bb += (b[i] - meanB) ** 2;
  }
  const flat = 1e-6 * a.length;
  if (aa < flat || bb < flat) return aa < flat && bb < flat ? 1 : 0;
  return ab / Math.sqrt(aa * bb);
}
