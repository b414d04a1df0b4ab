/**
 * Run lengths and contours of a bitmap. Where the addon is loaded it does the work; the code here computes the same.
 */
import { loadedBinding } from './native.js';

/** COCO run lengths: column-major, runs of 0 and 1 in turn, beginning with 0 (the first may be 0 long). */
export function maskRle(bitmap: Uint8Array, widthPx: number, heightPx: number): number[] {
  const binding = loadedBinding();
  if (binding) return Array.from(binding.maskRle(bitmap, widthPx, heightPx));
  return rleOf(bitmap, widthPx, heightPx);
}

/**
 * Closed contours along the edges between pixels, frame px, corners only, the first point not repeated: x0, y0, x1, y1, ….
 * On the screen (y down) outer contours run clockwise, holes the other way; pixels that touch at a corner belong together.
 */
export function maskContours(
  bitmap: Uint8Array,
  widthPx: number,
  heightPx: number,
): Float32Array[] {
  const binding = loadedBinding();
  if (binding) return binding.maskContours(bitmap, widthPx, heightPx);
  return contoursOf(bitmap, widthPx, heightPx);
}

export function rleOf(bitmap: Uint8Array, widthPx: number, heightPx: number): number[] {
  const counts: number[] = [];
  let value = 0;
  let run = 0;
  for (let x = 0; x < widthPx; x++) {
    for (let y = 0, i = x; y < heightPx; y++, i += widthPx) {
      if ((bitmap[i] ? 1 : 0) !== value) {
        counts.push(run);
        run = 0;
        value = 1 - value;
      }
      run++;
    }
  }
  counts.push(run);
  return counts;
}

// Right, down, left, up: turning right on the screen is +1.
const STEP_X = [1, 0, -1, 0] as const;
const STEP_Y = [0, 1, 0, -1] as const;

export function contoursOf(bitmap: Uint8Array, widthPx: number, heightPx: number): Float32Array[] {
  const isSet = (x: number, y: number): boolean =>
    x >= 0 && y >= 0 && x < widthPx && y < heightPx && bitmap[y * widthPx + x] !== 0;
  const seen = new Uint8Array(bitmap.length); // top edges walked already

  /** At corner (x, y): the pixel ahead on the left hand wins, which joins pixels that touch at a corner. */
  const turn = (x: number, y: number, direction: number): number => {
    // The four pixels around a corner, clockwise from the lower right; ahead on the right hand is number `direction`.
    const around = [isSet(x, y), isSet(x - 1, y), isSet(x - 1, y - 1), isSet(x, y - 1)];
    const left = (direction + 3) % 4;
    if (around[left]) return left;
    return around[direction] ? direction : (direction + 1) % 4;
  };

  /** Walks from corner (x, y) along the top edge of its pixel with the foreground on the right hand. */
  const follow = (startX: number, startY: number): Float32Array => {
    const points: number[] = [];
    let [x, y, direction] = [startX, startY, 0];
    do {
      points.push(x, y);
      const straight = direction;
      do {
        if (direction === 0) seen[y * widthPx + x] = 1;
        x += STEP_X[direction];
        y += STEP_Y[direction];
        direction = turn(x, y, direction);
      } while (direction === straight);
    } while (x !== startX || y !== startY || direction !== 0);
    return Float32Array.from(points);
  };

  const contours: Float32Array[] = [];
  for (let y = 0; y < heightPx; y++) {
    for (let x = 0; x < widthPx; x++) {
      if (isSet(x, y) && !isSet(x, y - 1) && !seen[y * widthPx + x]) contours.push(follow(x, y));
    }
  }
  return contours;
}
