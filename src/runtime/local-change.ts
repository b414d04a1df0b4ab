/**
 * What a corrective click may change of the previous mask (progressive merge: FocalClick, Chen et al. 2022). SonoSAMLite answers
 * a click with a whole mask, and now and then loses what was right elsewhere.
 */
import type { EngineMask, EnginePrompts } from './engine.js';
import { clickedPixels } from './label-map.js';

/** Predicted IoU from which an answer is taken whole. */
const SURE_SCORE = 0.85;
/** Of the area over the perimeter: a disc's diameter, twice a wall's thickness. */
const REACH = 4;

/**
 * Of an answer that the model is not sure of only the 8-connected patch, of added or of removed pixels, stays that the last
 * click lies in; and from the second click on, which is about details, only what of it is within reach. The rest of `answer`,
 * u8[h, w] of 0 and 1, is taken back. An answer to a box, or without a previous pixel, stays whole. Chosen by measurement:
 * docs/explanation/segmentation.md.
 */
export function keepLocalChange(
  answer: Pick<EngineMask, 'bitmap' | 'score'>,
  { points, box }: EnginePrompts,
  previous: Uint8Array,
  widthPx: number,
): void {
  const { bitmap, score } = answer;
  const clicks = clickedPixels(points, widthPx, bitmap.length / widthPx);
  const click = clicks.at(-1);
  if (box || click === undefined || score >= SURE_SCORE) return;
  const { area, edge } = extent(previous, widthPx);
  if (area === 0) return;
  const patch = clickedPatch(previous, bitmap, click, widthPx);
  const reach = clicks.length > 1 ? (REACH * area) / edge : Infinity;
  for (let i = 0; i < patch.length; i++) {
    const dx = (i % widthPx) - (click % widthPx);
    const dy = Math.floor(i / widthPx) - Math.floor(click / widthPx);
    if (!patch[i] || dx * dx + dy * dy > reach * reach) bitmap[i] = previous[i];
  }
}

/** `edge` counts the pixels of which one of the four neighbours is not in the mask. */
function extent(bitmap: Uint8Array, widthPx: number): { area: number; edge: number } {
  let [area, edge] = [0, 0];
  for (let i = 0; i < bitmap.length; i++) {
    if (!bitmap[i]) continue;
    area += 1;
    const x = i % widthPx;
    const sides = [x > 0 && bitmap[i - 1], x + 1 < widthPx && bitmap[i + 1]];
    if (![...sides, bitmap[i - widthPx], bitmap[i + widthPx]].every(Boolean)) edge += 1;
  }
  return { area, edge };
}

/** 1 for the pixels that are connected to the click by pixels that changed in the same direction. */
function clickedPatch(
  before: Uint8Array,
  after: Uint8Array,
  click: number,
  widthPx: number,
): Uint8Array {
  const heightPx = after.length / widthPx;
  const value = after[click];
  const found = new Uint8Array(after.length);
  const open: number[] = [];
  const visit = (i: number): void => {
    if (found[i] || after[i] !== value || before[i] === value) return;
    found[i] = 1;
    open.push(i);
  };
  visit(click);
  for (let i = open.pop(); i !== undefined; i = open.pop()) {
    const [x, y] = [i % widthPx, Math.floor(i / widthPx)];
    for (let v = Math.max(y - 1, 0); v <= Math.min(y + 1, heightPx - 1); v++) {
      for (let u = Math.max(x - 1, 0); u <= Math.min(x + 1, widthPx - 1); u++)
        visit(v * widthPx + u);
    }
  }
  return found;
}
