/** Mask grids → bitmaps on the frame, as native/core/mask computes them. */
import type { AxisTaps, GridTaps } from './letterbox.js';

/** (1 − f) · a + f · b, rounded to float32 at each step as native code does: a tie must fall the same way in both. */
const lerp = (a: number, b: number, f: number): number =>
  Math.fround(a + Math.fround(Math.fround(b - a) * f));

/** One frame row of a grid, read between two grid rows: f32[M, M] → f32[M]. */
function lerpRow(
  grid: Float32Array,
  offset: number,
  side: number,
  rows: AxisTaps,
  y: number,
  out: Float32Array,
): void {
  const a = offset + rows.i0[y] * side;
  const b = offset + rows.i1[y] * side;
  const f = rows.f[y];
  for (let x = 0; x < side; x++) out[x] = lerp(grid[a + x], grid[b + x], f);
}

/** Foreground where the bilinearly read logit is > 0: f32[M, M] from `offset` on → u8[h, w] of 0 and 1. */
export function logitsToBitmap(logits: Float32Array, offset: number, taps: GridTaps): Uint8Array {
  const { rows, columns, gridSide } = taps;
  const [h, w] = [rows.f.length, columns.f.length];
  const bitmap = new Uint8Array(h * w);
  const row = new Float32Array(gridSide);
  for (let y = 0, i = 0; y < h; y++) {
    lerpRow(logits, offset, gridSide, rows, y, row);
    for (let x = 0; x < w; x++, i++) {
      if (lerp(row[columns.i0[x]], row[columns.i1[x]], columns.f[x]) > 0) bitmap[i] = 1;
    }
  }
  return bitmap;
}

/**
 * The channel of the highest bilinearly read probability: f32[K+1, M, M] → u8[h, w]. Channels with `active` 0 are passed
 * over; of equals the lowest wins, so that 0, the background, wins where nothing is known.
 */
export function probabilitiesToLabels(
  probabilities: Float32Array,
  active: Float32Array,
  taps: GridTaps,
): Uint8Array {
  const { rows, columns, gridSide } = taps;
  const [h, w] = [rows.f.length, columns.f.length];
  const labels = new Uint8Array(h * w);
  const row = new Float32Array(gridSide);
  const best = new Float32Array(w);
  for (let y = 0; y < h; y++) {
    for (let channel = 0; channel < active.length; channel++) {
      if (!active[channel]) continue;
      lerpRow(probabilities, channel * gridSide * gridSide, gridSide, rows, y, row);
      for (let x = 0; x < w; x++) {
        const value = lerp(row[columns.i0[x]], row[columns.i1[x]], columns.f[x]);
        if (channel > 0 && value <= best[x]) continue;
        best[x] = value;
        labels[y * w + x] = channel;
      }
    }
  }
  return labels;
}
