/** Rectangles of whole pixels cut out of a frame, and what prompts and masks are inside them. */
import type { EngineFrame, EngineMask, EnginePrompts } from './engine.js';

/** Half-open columns x0 … x1 and rows y0 … y1, inside the frame. */
export interface Crop {
  x0: number;
  y0: number;
  x1: number;
  y1: number;
}

/** Half-open; of a box or of clicks, so not always whole pixels. */
export type Extent = [x0: number, y0: number, x1: number, y1: number];

/**
 * The square around `extent`, `margin` times its longer side, moved inside the frame; where the frame is narrower than
 * the square, all of the frame.
 */
export function squareAround(
  [x0, y0, x1, y1]: Readonly<Extent>,
  margin: number,
  { widthPx, heightPx }: { widthPx: number; heightPx: number },
): Crop {
  const side = Math.ceil(margin * Math.max(x1 - x0, y1 - y0));
  const place = (low: number, high: number, size: number): [number, number] => {
    const length = Math.min(side, size);
    const start = Math.round((low + high - length) / 2);
    const inside = Math.min(Math.max(start, 0), size - length);
    return [inside, inside + length];
  };
  const [left, right] = place(x0, x1, widthPx);
  const [top, bottom] = place(y0, y1, heightPx);
  return { x0: left, y0: top, x1: right, y1: bottom };
}

export const longerSide = ({ x0, y0, x1, y1 }: Crop): number => Math.max(x1 - x0, y1 - y0);

export const holds = (outer: Crop, [x0, y0, x1, y1]: Readonly<Extent>): boolean =>
  x0 >= outer.x0 && y0 >= outer.y0 && x1 <= outer.x1 && y1 <= outer.y1;

/** A copy of the crop's pixels. */
export function cutFrame(
  { data, widthPx, channels }: EngineFrame,
  { x0, y0, x1, y1 }: Crop,
): EngineFrame {
  const [w, h] = [x1 - x0, y1 - y0];
  const out = new Uint8Array(w * h * channels);
  for (let y = 0; y < h; y++) {
    const from = ((y0 + y) * widthPx + x0) * channels;
    out.set(data.subarray(from, from + w * channels), y * w * channels);
  }
  return { data: out, widthPx: w, heightPx: h, channels };
}

/** The prompts as they read inside the crop; clicks outside of it are left out, a box is cut to it. */
export function cutPrompts(prompts: EnginePrompts, crop: Crop, widthPx: number): EnginePrompts {
  const points: number[] = [];
  for (let i = 0; i < prompts.points.length; i += 3) {
    const [x, y, label] = prompts.points.subarray(i, i + 3);
    if (!holds(crop, [x, y, x, y])) continue;
    points.push(x - crop.x0, y - crop.y0, label);
  }
  const clamp = (value: number, low: number, high: number): number =>
    Math.min(Math.max(value, low), high) - low;
  return {
    ...prompts,
    points: Float32Array.from(points),
    box:
      prompts.box &&
      prompts.box.map((v, i) => (i % 2 ? clamp(v, crop.y0, crop.y1) : clamp(v, crop.x0, crop.x1))),
    previous: prompts.previous && cutBitmap(prompts.previous, crop, widthPx),
  };
}

function cutBitmap(bitmap: Uint8Array, { x0, y0, x1, y1 }: Crop, widthPx: number): Uint8Array {
  return cutFrame({ data: bitmap, widthPx, heightPx: y1, channels: 1 }, { x0, y0, x1, y1 }).data;
}

/** A crop's mask on its frame, empty outside of the crop. */
export function pasteMask(
  mask: EngineMask,
  { x0, y0, x1, y1 }: Crop,
  { widthPx, heightPx }: { widthPx: number; heightPx: number },
): EngineMask {
  const bitmap = new Uint8Array(widthPx * heightPx);
  const w = x1 - x0;
  for (let y = y0; y < y1; y++) {
    bitmap.set(mask.bitmap.subarray((y - y0) * w, (y - y0 + 1) * w), y * widthPx + x0);
  }
  const box = mask.box;
  return {
    bitmap,
    areaPx: mask.areaPx,
    box: box && [box[0] + x0, box[1] + y0, box[2] + x0, box[3] + y0],
    score: mask.score,
  };
}

/** The extent of a bitmap's set pixels and their number; null when there are none. */
export function extentOf(
  bitmap: Uint8Array,
  widthPx: number,
): { extent: Extent; areaPx: number } | null {
  let [x0, y0, x1, y1, areaPx] = [widthPx, Infinity, 0, 0, 0];
  for (let y = 0, i = 0; i < bitmap.length; y++) {
    for (let x = 0; x < widthPx; x++, i++) {
      if (!bitmap[i]) continue;
      areaPx++;
      if (x < x0) x0 = x;
      if (x >= x1) x1 = x + 1;
      if (y < y0) y0 = y;
      y1 = y + 1;
    }
  }
  return areaPx ? { extent: [x0, y0, x1, y1], areaPx } : null;
}
