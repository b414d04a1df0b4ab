/** Size and form of one mask: what a sonographer measures with callipers, ellipse and trace. */
import { typeError, rangeError } from '../../runtime/validate.js';
import { Mask } from '../mask.js';
import type { SpacingMm } from '../types.js';
import { convexHull, feretOf } from './feret.js';

export interface Ellipse {
  /** Centre, in the unit of the shape; frame coordinates from the upper left corner. */
  centre: { x: number; y: number };
  majorAxis: number;
  minorAxis: number;
  /** From the x axis to the major axis, clockwise on the screen, −90 to 90 degrees. */
  angleDegrees: number;
  /** Of a head: its circumference. */
  circumference: number;
}

/** All lengths in one unit, areas in its square. */
export interface Shape {
  area: number;
  perimeter: number;
  /** The ellipse of the same second moments; null for an empty mask. */
  ellipse: Ellipse | null;
  /** The largest and the smallest distance of two parallels that hold the mask between them. */
  maxFeret: number;
  minFeret: number;
}

export interface ShapeMeasurement {
  px: Shape;
  /** Null when the spacing is unknown. */
  mm: Shape | null;
}

/**
 * Measures a mask. Pixels are rectangles of the given spacing, so that every length is right where x and y differ.
 *
 * @param spacingMm of the frame that the mask lies on; null when unknown
 * @throws TypeError, RangeError for a wrong argument
 * @example
 * const { mm } = measureShape(mask, frame.spacingMm ?? null);
 * console.log(mm?.ellipse?.circumference); // a head circumference, mm
 */
export function measureShape(mask: Mask, spacingMm: SpacingMm | null): ShapeMeasurement {
  if (!(mask instanceof Mask)) throw typeError('a Mask', 'mask', mask);
  if (spacingMm !== null && !(spacingMm.x > 0 && spacingMm.y > 0)) {
    throw rangeError('lengths above 0 or null', 'spacingMm', spacingMm);
  }
  return {
    px: shapeIn(mask, { x: 1, y: 1 }),
    mm: spacingMm && shapeIn(mask, spacingMm),
  };
}

function shapeIn(mask: Mask, scale: SpacingMm): Shape {
  const hull = convexHull(mask).map(({ x, y }) => ({ x: x * scale.x, y: y * scale.y }));
  const { max, min } = feretOf(hull);
  return {
    area: mask.areaPx * scale.x * scale.y,
    perimeter: croftonPerimeter(mask, scale),
    ellipse: ellipseOf(mask, scale),
    maxFeret: max,
    minFeret: min,
  };
}

/**
 * Perimeter by the Cauchy-Crofton formula in four directions (Legland, Kiêu and Devaux 2007; ITK measures likewise): how often
 * parallel lines enter the mask, weighted by their distance and by the angle that they stand for. Without the excess of a
 * staircase; of straight edges along the axes it gives about 5 % less.
 */
function croftonPerimeter(mask: Mask, scale: SpacingMm): number {
  const bits = Mask.bitmapOf(mask);
  const { widthPx: w, heightPx: h } = mask;
  const steps = [
    [1, 0],
    [1, 1],
    [0, 1],
    [-1, 1],
  ] as const;
  const angles = steps.map(([dx, dy]) => Math.atan2(dy * scale.y, dx * scale.x));
  return steps.reduce((sum, [dx, dy], k) => {
    let entries = 0;
    for (let y = 0, i = 0; y < h; y += 1) {
      for (let x = 0; x < w; x += 1, i += 1) {
        if (!bits[i]) continue;
        const [px, py] = [x - dx, y - dy];
        if (px < 0 || px >= w || py < 0 || !bits[py * w + px]) entries += 1;
      }
    }
    const distance = (scale.x * scale.y) / Math.hypot(dx * scale.x, dy * scale.y);
    const after = k + 1 < 4 ? angles[k + 1] : angles[0] + Math.PI;
    const before = k > 0 ? angles[k - 1] : angles[3] - Math.PI;
    return sum + ((after - before) / 2) * distance * entries;
  }, 0);
}

/** Moments of the pixels' areas: those of their centres, and of each pixel about its own (side² / 12). */
function ellipseOf(mask: Mask, scale: SpacingMm): Ellipse | null {
  const bits = Mask.bitmapOf(mask);
  const { widthPx: w, areaPx: n } = mask;
  if (n === 0) return null;
  let [sumX, sumY, sumXX, sumYY, sumXY] = [0, 0, 0, 0, 0];
  for (let i = 0; i < bits.length; i += 1) {
    if (!bits[i]) continue;
    const x = ((i % w) + 0.5) * scale.x;
    const y = (Math.floor(i / w) + 0.5) * scale.y;
    sumX += x;
    sumY += y;
    sumXX += x * x;
    sumYY += y * y;
    sumXY += x * y;
  }
  const centre = { x: sumX / n, y: sumY / n };
  const xx = sumXX / n - centre.x ** 2 + scale.x ** 2 / 12;
  const yy = sumYY / n - centre.y ** 2 + scale.y ** 2 / 12;
  const xy = sumXY / n - centre.x * centre.y;
  const middle = (xx + yy) / 2;
  const spread = Math.hypot((xx - yy) / 2, xy);
  const [a, b] = [2 * Math.sqrt(middle + spread), 2 * Math.sqrt(Math.max(0, middle - spread))];
  return {
    centre,
    majorAxis: 2 * a,
    minorAxis: 2 * b,
    angleDegrees: (Math.atan2(2 * xy, xx - yy) / 2) * (180 / Math.PI),
    circumference: circumferenceOf(a, b),
  };
}

/** Ramanujan's second approximation; its error is far below a pixel's for any ellipse that is measured. */
function circumferenceOf(a: number, b: number): number {
  const q = ((a - b) / (a + b)) ** 2;
  return Math.PI * (a + b) * (1 + (3 * q) / (10 + Math.sqrt(4 - 3 * q)));
}
