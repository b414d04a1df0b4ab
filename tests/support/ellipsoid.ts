/** A volume like ultrasound with a dark ellipsoid in bright tissue, and its truth, made for tests. */
import type { NiftiFields } from './nifti.js';
import { niftiFile } from './nifti.js';

const [W, H, SLICES] = [128, 112, 24];
const CENTRE = [66, 54, 11.5];
const RADII = [34, 26, 9];
const FIELDS: NiftiFields = {
  dims: [W, H, SLICES],
  pixDims: [1, 0.4, 0.4, 1],
  sform: { code: 1, values: [0.4, 0, 0, -20, 0, 0.4, 0, -10, 0, 0, 1, 5] },
};

export interface EllipsoidVolume {
  /** A NIfTI file of gray levels. */
  nifti: Buffer;
  /** u8[slices, h, w] of 0 and 1. */
  truth: Uint8Array;
  /** The same as a NIfTI file. */
  truthNifti: Buffer;
  slices: number;
  sliceSize: number;
  /** A click in the middle. */
  point: string;
  volumeMm3: number;
}

export function ellipsoidVolume(): EllipsoidVolume {
  const truth = new Uint8Array(W * H * SLICES);
  const gray = new Uint8Array(truth.length);
  const noise = randomOf(7);
  for (let i = 0; i < truth.length; i++) {
    const at = [i % W, Math.floor(i / W) % H, Math.floor(i / (W * H))];
    const r = Math.hypot(...at.map((v, axis) => (v - CENTRE[axis]) / RADII[axis]));
    truth[i] = r <= 1 ? 1 : 0;
    // Fully developed speckle is Rayleigh distributed: its deviation grows with its mean.
    const mean = r <= 1 ? 14 : 92;
    gray[i] = Math.min(255, mean * Math.sqrt(-2 * Math.log(1 - noise())));
  }
  return {
    nifti: niftiFile(FIELDS, smooth(gray)),
    truth,
    truthNifti: niftiFile(FIELDS, truth),
    slices: SLICES,
    sliceSize: W * H,
    point: `${CENTRE[0] + 0.5},${CENTRE[1] + 0.5}`,
    volumeMm3: truth.reduce((sum, v) => sum + v, 0) * 0.4 * 0.4,
  };
}

/** Speckle has a size: the mean over 3 × 3 px of each slice. */
function smooth(gray: Uint8Array): Uint8Array {
  const out = new Uint8Array(gray.length);
  for (let i = 0; i < gray.length; i++) {
    const [x, y] = [i % W, Math.floor(i / W) % H];
    let [sum, n] = [0, 0];
    for (let v = Math.max(0, y - 1); v <= Math.min(H - 1, y + 1); v++) {
      for (let u = Math.max(0, x - 1); u <= Math.min(W - 1, x + 1); u++) {
        sum += gray[i + (v - y) * W + u - x];
        n += 1;
      }
    }
    out[i] = sum / n;
  }
  return out;
}

/** Numbers of [0, 1): a linear congruential generator (Numerical Recipes). */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
