/** What quantisation may cost before a bundle is promoted: measured on every data set against the same weights in FP32. */
import type { ClickFigures } from './figures.js';

/** Most loss of mean DSC at any click (1 is a hundred points), and most clicks more to a DSC of 0.85. */
export const GATE = { dsc: 0.005, clicks: 0.2 } as const;

export interface GateLoss {
  /** The largest fall of the mean DSC at one number of clicks; negative when it rose everywhere. */
  dsc: number;
  /** After which click that was. */
  atClick: number;
  /** Clicks more to a DSC of 0.85. */
  clicks: number;
  /** Fall of the DSC from a box. */
  boxDsc: number;
  passed: boolean;
}

export interface GateResult {
  bound: typeof GATE;
  sets: Record<string, GateLoss>;
  passed: boolean;
}

type Gated = Pick<ClickFigures, 'dscByClick' | 'noc85' | 'boxDsc'>;

/** What `candidate` loses against `baseline`, by set. Both must have the same sets and numbers of clicks. */
export function gateOf(
  baseline: Record<string, Gated>,
  candidate: Record<string, Gated>,
): GateResult {
  const sets: Record<string, GateLoss> = {};
  for (const [name, before] of Object.entries(baseline)) {
    const after = candidate[name];
    const losses = before.dscByClick.map((dsc, k) => dsc - after.dscByClick[k]);
    const dsc = Math.max(...losses);
    const clicks = after.noc85 - before.noc85;
    sets[name] = {
      dsc,
      atClick: losses.indexOf(dsc) + 1,
      clicks,
      boxDsc: before.boxDsc - after.boxDsc,
      passed: dsc <= GATE.dsc && clicks <= GATE.clicks,
    };
  }
  return { bound: GATE, sets, passed: Object.values(sets).every(({ passed }) => passed) };
}
