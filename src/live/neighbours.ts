/** What a prompt finds, clear of the objects that are outlined already. */
import { clickedPixels, measured, yieldToNeighbours } from '../runtime/label-map.js';
import { Mask } from '../sdk/mask.js';
import type { Prompts, SpacingMm, TrackedObject } from '../sdk/types.js';

/** Share of a boxed object that must be nobody's: below it, the box was drawn around something inside of another object. */
const LEAST_FREE = 0.5;

/**
 * `mask` without the pixels of `others`, but for each patch of them that a foreground click lies in: a wall is outlined around a
 * cavity that has its outline, and a click into an outlined object takes from it.
 */
export function clearOf(
  mask: Mask,
  others: readonly TrackedObject[],
  { points = [] }: Prompts,
  spacingMm: Readonly<SpacingMm> | null,
): Mask {
  const { widthPx, heightPx } = mask;
  const labels = new Uint8Array(widthPx * heightPx);
  others.forEach((other, i) => {
    const bitmap = Mask.bitmapOf(other.mask);
    for (let at = 0; at < bitmap.length; at += 1) if (bitmap[at]) labels[at] = i + 1;
  });
  const clicks = Float32Array.from(points.flatMap(({ x, y, label }) => [x, y, label]));
  const bitmap = mask.toBitmap();
  const own = 0; // its pixels are nobody's yet
  yieldToNeighbours(bitmap, labels, own, clickedPixels(clicks, widthPx, heightPx, 1), widthPx);
  const left = measured(bitmap, widthPx, mask.score);
  const least = clicks.length > 0 ? 1 : LEAST_FREE * mask.areaPx;
  return left.areaPx < least ? mask : Mask.fromEngine(left, { widthPx, heightPx, spacingMm });
}
