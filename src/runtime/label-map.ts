/** Bitmaps of a frame, and whom each of its pixels belongs to: label maps u8[h, w], 0 for nobody. */
import { extentOf } from './crop.js';
import type { EngineMask } from './engine.js';

/** Indices of the pixels that the clicks (x, y, label triples) lie in, or only those of one label: 1 foreground, 0 background. */
export function clickedPixels(
  points: Float32Array,
  widthPx: number,
  heightPx: number,
  only?: 0 | 1,
): number[] {
  const pixels: number[] = [];
  for (let i = 0; i < points.length; i += 3) {
    if (only !== undefined && points[i + 2] !== only) continue;
    const x = Math.min(Math.trunc(points[i]), widthPx - 1);
    const y = Math.min(Math.trunc(points[i + 1]), heightPx - 1);
    pixels.push(y * widthPx + x);
  }
  return pixels;
}

/**
 * Gives back the pixels that `labels` u8[h, w] hold for other objects (neither 0 nor `own`), but for each 4-connected patch
 * of them that holds one of `clicks` (pixel indices): correcting one object leaves the others alone unless the user points
 * into them. `bitmap` u8[h, w] of 0 and 1 is changed in place.
 */
export function yieldToNeighbours(
  bitmap: Uint8Array,
  labels: Uint8Array,
  own: number,
  clicks: readonly number[],
  widthPx: number,
): void {
  const WON = 2;
  const contested = (i: number): boolean => bitmap[i] === 1 && labels[i] !== 0 && labels[i] !== own;
  const open: number[] = [];
  const visit = (i: number): void => {
    if (!contested(i)) return;
    bitmap[i] = WON;
    open.push(i);
  };
  clicks.forEach(visit);
  for (let i = open.pop(); i !== undefined; i = open.pop()) {
    if (i % widthPx > 0) visit(i - 1);
    if ((i % widthPx) + 1 < widthPx) visit(i + 1);
    visit(i - widthPx);
    visit(i + widthPx);
  }
  for (let i = 0; i < bitmap.length; i++) if (bitmap[i]) bitmap[i] = contested(i) ? 0 : 1;
}

/** The pixels of one label. */
export function labelMask(labels: Uint8Array, label: number): Uint8Array {
  const bitmap = new Uint8Array(labels.length);
  for (let i = 0; i < labels.length; i++) if (labels[i] === label) bitmap[i] = 1;
  return bitmap;
}

/** Area and half-open box of a bitmap u8[h, w] of 0 and 1, which is kept, not copied. */
export function measured(bitmap: Uint8Array, widthPx: number, score: number): EngineMask {
  const found = extentOf(bitmap, widthPx);
  return { bitmap, areaPx: found?.areaPx ?? 0, box: found?.extent ?? null, score };
}
