/** One object, segmented by simulated clicks and by its box (paper §3.4). */
import { firstClick, nextClick } from '../sdk/clicks.js';
import { dice } from '../sdk/dice.js';
import type { Image } from '../sdk/image.js';
import { rangeError } from '../runtime/validate.js';
import { Mask } from '../sdk/mask.js';
import type { Point } from '../sdk/types.js';

/** Where the first click goes: the object's centroid (the paper's), or its innermost pixel. */
export type FirstClick = 'centroid' | 'innermost';

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
  image: Image,
  truth: Mask,
  { clicks, first }: { clicks: number; first: FirstClick },
): Promise<ClickRun> {
  const run: Omit<ClickRun, 'boxDsc'> = { dsc: [], points: [], obeyed: [], predictMs: [] };
  const { widthPx, heightPx } = truth;
  const nothing = Mask.fromBitmap(new Uint8Array(widthPx * heightPx), widthPx, heightPx);
  let mask: Mask | undefined;
  const ask = async (prompts: Parameters<Image['predict']>[0]): Promise<Mask> => {
    const began = performance.now();
    const answer = await image.predict(prompts);
    run.predictMs.push(performance.now() - began);
    return answer;
  };
  while (run.points.length < clicks) {
    const click =
      mask || first === 'innermost'
        ? nextClick(truth, mask ?? nothing, run.points)
        : firstClick(truth);
    if (!click) break;
    run.points.push(click);
    mask = await ask({ points: [...run.points], ...(mask && { previous: mask }) });
    run.dsc.push(dice(truth, mask));
    const pixel = Math.floor(click.y) * widthPx + Math.floor(click.x);
    run.obeyed.push(Mask.bitmapOf(mask)[pixel] === click.label);
  }
  if (!mask || !truth.box) throw rangeError('a mask with pixels', 'truth', truth);
  const boxDsc = dice(truth, await ask({ box: truth.box }));
  const exact = run.dsc.at(-1) ?? 0;
  while (run.dsc.length < clicks) run.dsc.push(exact);
  return { ...run, boxDsc };
}
