/** Simulated clicks on one object until it is outlined well enough (paper §3.4). */
import { firstClick, nextClick } from '../sdk/clicks.js';
import { dice } from '../sdk/dice.js';
import { Mask } from '../sdk/mask.js';
import type { Point, Prompts } from '../sdk/types.js';

/** Where the first click goes: the object's centroid (the paper's), or its innermost pixel. */
export type FirstClick = 'centroid' | 'innermost';

export interface ClickGoal {
  /** Most clicks. */
  clicks: number;
  /** Clicking ends at this DSC. Default: when nothing is left to click. */
  dsc?: number;
  /** Default: 'centroid'. Where there is an `answered` mask, every click goes where that is most wrong. */
  first?: FirstClick;
  /** The mask that stands before the first click; it goes with that as `previous`. Default: none. */
  answered?: Mask;
}

export interface Clicked {
  points: Point[];
  /** After each click. */
  dsc: number[];
  /** The last answer; `answered`, or an empty mask, when there was nothing to click. */
  mask: Mask;
}

/**
 * `ask` gets all clicks so far with the mask that the last one answered. The truth and `answered` have the size of its masks.
 */
export async function clickUntil(
  ask: (prompts: Prompts & { points: Point[] }) => Promise<Mask>,
  truth: Mask,
  { clicks, dsc: target = Infinity, first = 'centroid', answered }: ClickGoal,
): Promise<Clicked> {
  const { widthPx, heightPx } = truth;
  const nothing = Mask.fromBitmap(new Uint8Array(widthPx * heightPx), widthPx, heightPx);
  const points: Point[] = [];
  const dsc: number[] = [];
  let mask = answered;
  while (points.length < clicks && !((dsc.at(-1) ?? 0) >= target)) {
    const click =
      mask || first === 'innermost' ? nextClick(truth, mask ?? nothing, points) : firstClick(truth);
    if (!click) break;
    points.push(click);
    mask = await ask({ points: [...points], ...(mask && { previous: mask }) });
    dsc.push(dice(truth, mask));
  }
  return { points, dsc, mask: mask ?? nothing };
}
