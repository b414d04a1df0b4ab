/**
 * The click simulator of the paper (§3.4): the first click lies at the object's centroid, each next one in the middle of
 * the largest error, with the sign of that error.
 */
import { rangeError, typeError } from '../runtime/validate.js';
import { components, innermost } from './distance.js';
import { Mask } from './mask.js';
import type { Point } from './types.js';

const pixelCentre = (index: number, widthPx: number, label: 0 | 1): Point => ({
  x: (index % widthPx) + 0.5,
  y: Math.floor(index / widthPx) + 0.5,
  label,
});

/**
 * The first click on an object: the pixel of its centroid, or the object's pixel nearest to that when the centroid lies
 * outside of it. Null when the mask is empty.
 */
export function firstClick(truth: Mask): Point | null {
  const bitmap = bitmapOf(truth, 'truth');
  const w = truth.widthPx;
  let [n, cx, cy] = [0, 0, 0];
  for (let i = 0; i < bitmap.length; i++) {
    if (!bitmap[i]) continue;
    n++;
    cx += i % w;
    cy += Math.floor(i / w);
  }
  if (!n) return null;
  [cx, cy] = [cx / n, cy / n];
  let best = Math.round(cy) * w + Math.round(cx);
  if (bitmap[best]) return pixelCentre(best, w, 1);
  let near = Infinity;
  for (let i = 0; i < bitmap.length; i++) {
    if (!bitmap[i]) continue;
    const distance = ((i % w) - cx) ** 2 + (Math.floor(i / w) - cy) ** 2;
    if (distance < near) [near, best] = [distance, i];
  }
  return pixelCentre(best, w, 1);
}

/**
 * The click that follows `predicted`: the innermost pixel of the largest error component (8-connected; missed and surplus
 * pixels apart), positive where the object was missed. A pixel of `points`, the clicks so far, is not clicked again.
 * Null when nothing is left to click.
 * @throws RangeError when the masks differ in size.
 */
export function nextClick(
  truth: Mask,
  predicted: Mask,
  points: readonly Point[] = [],
): Point | null {
  const [t, p] = [bitmapOf(truth, 'truth'), bitmapOf(predicted, 'predicted')];
  const { widthPx: w, heightPx: h } = truth;
  if (predicted.widthPx !== w || predicted.heightPx !== h) {
    throw rangeError(`a mask of ${w} × ${h} px`, 'predicted', predicted);
  }
  const taken = new Set(points.map(({ x, y }) => Math.floor(y) * w + Math.floor(x)));
  const errors = [
    { label: 1 as const, wrong: t.map((v, i) => (v && !p[i] ? 1 : 0)) },
    { label: 0 as const, wrong: t.map((v, i) => (!v && p[i] ? 1 : 0)) },
  ].flatMap(({ label, wrong }) => components(wrong, w, h).map((pixels) => ({ label, pixels })));
  errors.sort((a, b) => b.pixels.length - a.pixels.length);
  for (const { label, pixels } of errors) {
    const at = innermost(pixels, w, taken);
    if (at !== null) return pixelCentre(at, w, label);
  }
  return null;
}

function bitmapOf(mask: Mask, name: string): Uint8Array {
  if (!(mask instanceof Mask)) throw typeError('a Mask', name, mask);
  return Mask.bitmapOf(mask);
}
