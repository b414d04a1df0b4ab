/** Fractional area change: by how much of itself a chamber shrinks from its fullest to its emptiest. */
import { typeError } from '../../runtime/validate.js';

export interface AreaPeak {
  /** Number of the frame in the series. */
  frame: number;
  area: number;
}

export interface Beat {
  /** The largest area, and the smallest one that follows. */
  diastole: AreaPeak;
  systole: AreaPeak;
  /** (diastole − systole) / diastole, 0–1. */
  fraction: number;
}

export interface AreaChange {
  /** The largest and the smallest area of the whole series. */
  largest: AreaPeak;
  smallest: AreaPeak;
  fraction: number;
  /** Each largest area with the smallest after it, in order. */
  beats: Beat[];
}

/** A turn counts as a peak when the area changes by this share of the whole range before it turns back. */
export const PEAK_SHARE = 0.4;

/**
 * Areas of a cine in any one unit, null or 0 where the structure is not seen. The ratio needs no calibration.
 * @returns null when no frame has an area
 * @throws TypeError when an area is neither a number ≥ 0 nor null
 * @example
 * fractionalAreaChange([20, 15, 10, 16, 20])?.fraction; // 0.5
 */
export function fractionalAreaChange(areas: readonly (number | null)[]): AreaChange | null {
  const seen: AreaPeak[] = [];
  areas.forEach((area, frame) => {
    if (area !== null && !(area >= 0))
      throw typeError('a number ≥ 0 or null', `areas[${frame}]`, area);
    if (area) seen.push({ frame, area });
  });
  if (seen.length === 0) return null;
  const largest = seen.reduce((a, b) => (b.area > a.area ? b : a));
  const smallest = seen.reduce((a, b) => (b.area < a.area ? b : a));
  const fraction = (largest.area - smallest.area) / largest.area;
  return { largest, smallest, fraction, beats: beatsOf(seen, largest.area - smallest.area) };
}

/** Follows the series up and down; small turns, as from a trembling outline, are passed over. */
function beatsOf(seen: readonly AreaPeak[], range: number): Beat[] {
  const beats: Beat[] = [];
  const least = PEAK_SHARE * range;
  if (least === 0) return beats;
  let [high, low] = [seen[0], seen[0]];
  let diastole: AreaPeak | null = null;
  let falling: boolean | null = null;
  const close = (systole: AreaPeak): void => {
    if (!diastole) return;
    const fraction = (diastole.area - systole.area) / diastole.area;
    beats.push({ diastole, systole, fraction });
    diastole = null;
  };
  for (const point of seen) {
    if (point.area > high.area) high = point;
    if (point.area < low.area) low = point;
    if (falling !== true && high.area - point.area >= least) {
      [diastole, falling, low] = [high, true, point];
    } else if (falling !== false && point.area - low.area >= least) {
      close(low);
      [falling, high] = [false, point];
    }
  }
  if (falling) close(low);
  return beats;
}
