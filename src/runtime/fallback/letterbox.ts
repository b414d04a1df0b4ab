/**
 * All coordinate maths of the fallback engine: frame px ↔ letterbox px ↔ mask grid, as docs/reference/graphs.md fixes it
 * and as native/core/geometry and native/core/resize compute it. Sizes are (h, w), points (x, y), centres at +0.5.
 */
import { lumaOf } from '../luma.js';

export interface Letterbox {
  frameWidthPx: number;
  frameHeightPx: number;
  /** Side of the square. */
  side: number;
  /** Size of the scaled frame in the top left corner; the rest is padding. */
  rw: number;
  rh: number;
}

/** Fits a frame (both sides ≥ 1 px) into side × side; halves are rounded up, each side keeps at least 1 px. */
export function fitLetterbox(widthPx: number, heightPx: number, side: number): Letterbox {
  const scale = Math.min(side / heightPx, side / widthPx);
  const fit = (length: number): number =>
    Math.min(Math.max(Math.floor(length * scale + 0.5), 1), side);
  return {
    frameWidthPx: widthPx,
    frameHeightPx: heightPx,
    side,
    rw: fit(widthPx),
    rh: fit(heightPx),
  };
}

export const toModelX = (box: Letterbox, x: number): number => (x * box.rw) / box.frameWidthPx;
export const toModelY = (box: Letterbox, y: number): number => (y * box.rh) / box.frameHeightPx;

/** Bilinear reads along one axis: value i is cell[i0[i]] + (cell[i1[i]] − cell[i0[i]]) · f[i]. */
export interface AxisTaps {
  i0: Int32Array;
  i1: Int32Array;
  f: Float32Array;
}

/** Where each frame pixel reads a mask grid that lies over the letterbox. */
export interface GridTaps {
  gridSide: number;
  rows: AxisTaps;
  columns: AxisTaps;
}

export function gridTaps(box: Letterbox, gridSide: number): GridTaps {
  return {
    gridSide,
    rows: axisTaps(box.frameHeightPx, box.rh, box.side, gridSide),
    columns: axisTaps(box.frameWidthPx, box.rw, box.side, gridSide),
  };
}

function axisTaps(frame: number, content: number, side: number, gridSide: number): AxisTaps {
  // Cells beyond the content belong to the padding, and say nothing about the frame.
  const last = Math.ceil((content * gridSide) / side) - 1;
  const step = ((content / frame) * gridSide) / side;
  const taps = {
    i0: new Int32Array(frame),
    i1: new Int32Array(frame),
    f: new Float32Array(frame),
  };
  for (let i = 0; i < frame; i++) {
    const at = Math.min(Math.max((i + 0.5) * step - 0.5, 0), last);
    taps.i0[i] = Math.floor(at);
    taps.i1[i] = Math.min(taps.i0[i] + 1, last);
    taps.f[i] = at - taps.i0[i];
  }
  return taps;
}

/** Destination i is Σ weight[k] · source[index[k]] / total over k in [first[i], first[i + 1]). */
interface ResampleTaps {
  first: number[];
  index: number[];
  weight: number[];
  total: number;
}

/** Integer weights of one axis: exact area when shrinking, bilinear with half-pixel centres when enlarging. */
export function resampleTaps(source: number, destination: number): ResampleTaps {
  const shrinks = destination <= source;
  const taps: ResampleTaps = {
    first: [0],
    index: [],
    weight: [],
    total: shrinks ? source : 2 * destination,
  };
  const add = (index: number, weight: number): void => {
    taps.index.push(index);
    taps.weight.push(weight);
  };
  for (let i = 0; i < destination; i++) {
    if (shrinks) {
      // In units of 1/destination source px, a source pixel is `destination` long, a destination pixel `source`.
      const [from, to] = [i * source, (i + 1) * source];
      for (let j = Math.floor(from / destination); j * destination < to; j++) {
        add(j, Math.min(to, (j + 1) * destination) - Math.max(from, j * destination));
      }
    } else {
      // The centre lies at (i + 0.5) · source/destination − 0.5: an integer in units of 1/(2 destination).
      const unit = 2 * destination;
      const at = Math.min(Math.max((2 * i + 1) * source - destination, 0), unit * (source - 1));
      const j = Math.floor(at / unit);
      add(j, unit - (at % unit));
      if (at % unit > 0) add(j + 1, at % unit);
    }
    taps.first.push(taps.index.length);
  }
  return taps;
}

/** Resamples the u8 rows that `rowAt` gives into the top left of side × side, padding 0; one rounding, halves up. */
function letterbox(
  widthPx: number,
  heightPx: number,
  side: number,
  rowAt: (y: number) => Uint8Array,
): Uint8Array {
  const { rw, rh } = fitLetterbox(widthPx, heightPx, side);
  const vertical = resampleTaps(heightPx, rh);
  const horizontal = resampleTaps(widthPx, rw);
  const total = vertical.total * horizontal.total;
  const out = new Uint8Array(side * side);
  const sums = new Float64Array(widthPx);
  for (let y = 0; y < rh; y++) {
    sums.fill(0);
    for (let k = vertical.first[y]; k < vertical.first[y + 1]; k++) {
      const row = rowAt(vertical.index[k]);
      const weight = vertical.weight[k];
      for (let x = 0; x < widthPx; x++) sums[x] += weight * row[x];
    }
    for (let x = 0; x < rw; x++) {
      let sum = 0;
      for (let k = horizontal.first[x]; k < horizontal.first[x + 1]; k++) {
        sum += horizontal.weight[k] * sums[horizontal.index[k]];
      }
      out[y * side + x] = Math.floor(sum / total + 0.5);
    }
  }
  return out;
}

export interface PixelFrame {
  data: Uint8Array;
  widthPx: number;
  heightPx: number;
  channels: 1 | 3 | 4;
}

/** Luma, letterbox, padding 0: image u8[h, w, channels] → u8[side, side]. */
export function letterboxGray(frame: PixelFrame, side: number): Uint8Array {
  const { data, widthPx, heightPx, channels } = frame;
  if (channels === 1) {
    return letterbox(widthPx, heightPx, side, (y) => data.subarray(y * widthPx, (y + 1) * widthPx));
  }
  const row = new Uint8Array(widthPx);
  let held = -1; // neighbouring output rows share a source row
  return letterbox(widthPx, heightPx, side, (y) => {
    if (y === held) return row;
    held = y;
    lumaOf(data, y * widthPx * channels, channels, row);
    return row;
  });
}

/**
 * Coverage of each cell of the mask grid by a bitmap (non-zero is 1): u8[h, w] → u8[side / 2, side / 2], 0–255. It is
 * letterboxed to `side` (even) as its frame is, so that both lie alike whatever the frame's shape, then 2 × 2 px become a cell;
 * the last row and column of content fill their cells.
 */
export function letterboxCoverage(
  bitmap: Uint8Array,
  widthPx: number,
  heightPx: number,
  side: number,
): Uint8Array {
  const row = new Uint8Array(widthPx);
  const pixels = letterbox(widthPx, heightPx, side, (y) => {
    for (let x = 0; x < widthPx; x++) row[x] = bitmap[y * widthPx + x] ? 255 : 0;
    return row;
  });
  const { rw, rh } = fitLetterbox(widthPx, heightPx, side);
  const half = side / 2;
  const out = new Uint8Array(half * half);
  for (let y = 0; y < rh; y += 2) {
    const a = y * side;
    const b = y + 1 < rh ? a + side : a;
    for (let x = 0; x < rw; x += 2) {
      const beside = x + 1 < rw ? x + 1 : x;
      const sum = pixels[a + x] + pixels[a + beside] + pixels[b + x] + pixels[b + beside];
      out[(y / 2) * half + x / 2] = Math.floor((sum + 2) / 4);
    }
  }
  return out;
}
