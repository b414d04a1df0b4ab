/** Feret diameters: callipers closed on a mask from every side. */
import { Mask } from '../mask.js';

interface Position {
  x: number;
  y: number;
}

/** Corners of the convex hull of the mask's pixels (their corners, not their centres), px, in turn; empty for an empty mask. */
export function convexHull(mask: Mask): Position[] {
  const bits = Mask.bitmapOf(mask);
  const { widthPx: w, heightPx: h } = mask;
  // Of each row only its ends can be corners. Sorted by y, then x, as the monotone chain wants it.
  const ends: Position[] = [];
  const rows = Array.from({ length: h }, (_, y) => {
    const row = bits.subarray(y * w, (y + 1) * w);
    return { first: row.indexOf(1), last: row.lastIndexOf(1) + 1 };
  });
  for (let y = 0; y <= h; y += 1) {
    const beside = [rows[y - 1], rows[y]].filter((row) => row !== undefined && row.first >= 0);
    if (beside.length === 0) continue;
    ends.push({ x: Math.min(...beside.map(({ first }) => first)), y });
    ends.push({ x: Math.max(...beside.map(({ last }) => last)), y });
  }
  const half = (points: readonly Position[]): Position[] => {
    const chain: Position[] = [];
    for (const point of points) {
      while (
        chain.length >= 2 &&
        turn(chain[chain.length - 2], chain[chain.length - 1], point) <= 0
      ) {
        chain.pop();
      }
      chain.push(point);
    }
    return chain.slice(0, -1);
  };
  return [...half(ends), ...half([...ends].reverse())];
}

/** Twice the area of the triangle; its sign is the direction of the turn. */
const turn = (a: Position, b: Position, c: Position): number =>
  (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x);

/** Over the corners of a convex polygon; 0 where it has none. The smallest width has an edge along one of its parallels. */
export function feretOf(hull: readonly Position[]): { max: number; min: number } {
  if (hull.length < 3) return { max: 0, min: 0 };
  let [max, min] = [0, Infinity];
  hull.forEach((a, i) => {
    const b = hull[(i + 1) % hull.length];
    const length = Math.hypot(b.x - a.x, b.y - a.y);
    let width = 0;
    for (const point of hull) {
      max = Math.max(max, Math.hypot(point.x - a.x, point.y - a.y));
      width = Math.max(width, Math.abs(turn(a, b, point)) / length);
    }
    min = Math.min(min, width);
  });
  return { max, min };
}
