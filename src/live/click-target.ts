import type { Point, TrackedObject } from '../sdk/types.js';

/** The object that a click is about, of those on the frame that the user saw; null: a new one. See `Click.objectId`. */
export function clickTarget(objects: readonly TrackedObject[], click: Point): number | null {
  const under = objects.find(({ mask }) => {
    const x = Math.min(Math.floor(click.x), mask.widthPx - 1);
    const y = Math.min(Math.floor(click.y), mask.heightPx - 1);
    return mask.toBitmap()[y * mask.widthPx + x] === 1;
  });
  if (under) return under.id;
  if (click.label === 1) return null;
  let nearest: number | null = null;
  let least = Infinity;
  for (const { id, mask } of objects) {
    if (!mask.box) continue;
    const [x0, y0, x1, y1] = mask.box;
    const distance = Math.hypot(
      Math.max(x0 - click.x, 0, click.x - x1),
      Math.max(y0 - click.y, 0, click.y - y1),
    );
    if (distance < least) [nearest, least] = [id, distance];
  }
  return nearest;
}
