/** One object, segmented by simulated clicks and by its box (paper §3.4). */
import { rangeError } from '../runtime/validate.js';
import { dice } from '../sdk/dice.js';
import { Mask } from '../sdk/mask.js';
import type { Point, Prompts } from '../sdk/types.js';
import { clickUntil, type FirstClick } from './click-until.js';
import type { SegmenterImage } from './comparator.js';

export interface ClickRun {
  /** DSC after each click. An exact mask, which leaves nothing to click, stands for the clicks left. */
  dsc: number[];
  /** DSC of the answer to the object's exact box. */
  boxDsc: number;
  points: Point[];
  /** Whether the answer to each click had the clicked pixel right. */
  obeyed: boolean[];
  /** Time of each prediction, the box's last, ms. */
  predictMs: number[];
}

/** Clicks `clicks` times, then asks with the box. The truth must not be empty. */
export async function runClicks(
  image: Pick<SegmenterImage, 'predict'>,
  truth: Mask,
  { clicks, first }: { clicks: number; first: FirstClick },
): Promise<ClickRun> {
  if (!truth.box) throw rangeError('a mask with pixels', 'truth', truth);
  const obeyed: boolean[] = [];
  const predictMs: number[] = [];
  const ask = async (prompts: Prompts): Promise<Mask> => {
    const began = performance.now();
    const answer = await image.predict(prompts);
    predictMs.push(performance.now() - began);
    return answer;
  };
  const { points, dsc } = await clickUntil(
    async (prompts) => {
      const mask = await ask(prompts);
      const { x, y, label } = prompts.points[prompts.points.length - 1];
      const pixel = Math.floor(y) * truth.widthPx + Math.floor(x);
      obeyed.push(Mask.bitmapOf(mask)[pixel] === label);
      return mask;
    },
    truth,
    { clicks, first },
  );
  const boxDsc = dice(truth, await ask({ box: truth.box }));
  const exact = dsc.at(-1) ?? 0;
  while (dsc.length < clicks) dsc.push(exact);
  return { dsc, boxDsc, points, obeyed, predictMs };
}
