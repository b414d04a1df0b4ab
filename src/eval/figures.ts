/** The paper's figures (§3.4) of many click runs. */

import { intervalsOf, overFigures, type Intervals } from './measures.js';

/** What the figures need of one object's run. */
export interface ObjectRecord {
  set: string;
  id: string;
  label: number;
  dsc: number[];
  boxDsc: number;
  clicks: { label: 0 | 1; obeyed: boolean }[];
}

export interface ClickFigures {
  images: number;
  objects: number;
  /** Mean DSC after 1, 2, … clicks. */
  dscByClick: number[];
  /** Share of objects with a DSC of at least 0.80 after 1, 2, … clicks. */
  over80ByClick: number[];
  /** Mean over objects of the best DSC within the clicks. */
  maxDsc: number;
  /** Mean number of clicks to a DSC of 0.85 and 0.90; all clicks where it is not reached. */
  noc85: number;
  noc90: number;
  boxDsc: number;
  /** Share of clicks whose pixel the answer has right; null without such clicks. */
  obeyedForeground: number | null;
  obeyedBackground: number | null;
  /** The largest fall of the mean DSC from one click to the next, 0 when it never falls. */
  largestFall: number;
  /** 95 % confidence intervals of the figures of the same names. */
  intervals: Intervals;
}

export const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** The value at `q`, 0–1, linear between the two nearest; NaN for none. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * q;
  const low = Math.floor(at);
  const high = Math.min(low + 1, sorted.length - 1);
  return sorted[low] + (sorted[high] - sorted[low]) * (at - low);
}

/** NaN for none. */
export const median = (values: readonly number[]): number => quantile(values, 0.5);

/** Figures over objects, each weighing the same. `records` must not be empty. */
export function figuresOf(records: readonly ObjectRecord[]): ClickFigures {
  const figures = overFigures(records, (pick) => mean(records.map(pick)));
  const obeyed = (label: 0 | 1): number | null => {
    const given = records.flatMap((record) => record.clicks.filter((c) => c.label === label));
    return given.length ? mean(given.map((click) => Number(click.obeyed))) : null;
  };
  const { dscByClick } = figures;
  return {
    images: new Set(records.map(({ set, id }) => `${set}/${id}`)).size,
    objects: records.length,
    ...figures,
    obeyedForeground: obeyed(1),
    obeyedBackground: obeyed(0),
    largestFall: dscByClick.reduce(
      (most, dsc, k) => Math.max(most, (dscByClick[k - 1] ?? 0) - dsc),
      0,
    ),
    intervals: intervalsOf(records),
  };
}
