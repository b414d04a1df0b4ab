/** Probability channels f32[K+1, M, M]: channel 0 is the background, the channels of a cell sum to 1. */

// Rounded to float32 at each step, as native/models/probabilities does: what a propagation makes of the last bit can be a
// pixel.
const f32 = Math.fround;

/**
 * Channels of objects that may overlap. Each object has its coverage (u8 0–255 → 0–1); the background has what is left,
 * and where the objects sum to more than 1 each gets its share.
 */
export function channelsOf(
  coverages: ReadonlyMap<number, Uint8Array>,
  channels: number,
  cells: number,
): Float32Array {
  const masks = new Float32Array(channels * cells);
  for (let i = 0; i < cells; i++) {
    let sum = 0;
    for (const coverage of coverages.values()) sum += coverage[i];
    const scale = f32(1 / Math.max(sum, 255));
    masks[i] = Math.max(255 - sum, 0) * scale;
    for (const [slot, coverage] of coverages) masks[slot * cells + i] = coverage[i] * scale;
  }
  return masks;
}

/**
 * A copy in which `slot` has the coverage c (u8 0–255 → 0–1): what the slot had goes to the background, then every other
 * channel keeps 1 − c of what it has.
 */
export function withObject(
  masks: Float32Array,
  slot: number,
  coverage: Uint8Array,
  cells: number,
): Float32Array {
  const out = withoutObject(masks, slot, cells);
  for (let channel = 0; channel < masks.length / cells; channel++) {
    for (let i = 0; i < cells; i++) {
      const c = f32(coverage[i] / 255);
      out[channel * cells + i] = channel === slot ? c : out[channel * cells + i] * f32(1 - c);
    }
  }
  return out;
}

/** A copy in which what `slot` had belongs to the background. */
export function withoutObject(masks: Float32Array, slot: number, cells: number): Float32Array {
  const out = masks.slice();
  for (let i = 0; i < cells; i++) {
    out[i] += out[slot * cells + i];
    out[slot * cells + i] = 0;
  }
  return out;
}

/** The background becomes what the objects leave; where they sum to more than 1 each gets its share. */
export function fillBackground(masks: Float32Array, cells: number): void {
  for (let i = 0; i < cells; i++) {
    let sum = 0;
    for (let at = cells + i; at < masks.length; at += cells) sum = f32(sum + masks[at]);
    masks[i] = Math.max(1 - sum, 0);
    if (sum <= 1) continue;
    for (let at = cells + i; at < masks.length; at += cells) masks[at] /= sum;
  }
}
