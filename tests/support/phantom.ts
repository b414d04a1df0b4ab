import { Phantom } from '../../src/io/sources/index.js';

/** The middle of a structure (a label of `PHANTOM_LABELS`) on a frame of the phantom, px. */
export function centreOf(
  phantom: Phantom,
  index: number,
  label: number,
): { x: number; y: number; areaPx: number } {
  let [x, y, areaPx] = [0, 0, 0];
  phantom.truth(index).forEach((value, i) => {
    if (value !== label) return;
    x += (i % phantom.widthPx) + 0.5;
    y += Math.floor(i / phantom.widthPx) + 0.5;
    areaPx += 1;
  });
  return { x: x / areaPx, y: y / areaPx, areaPx };
}
