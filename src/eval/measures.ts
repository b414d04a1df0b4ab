/** What one object's click run counts for in each figure: a figure is the mean of these over objects. */
import { intervalOfMean, type Interval } from './bootstrap.js';
import type { ObjectRecord } from './figures.js';

/** Clicks to a DSC; all clicks where it is not reached. */
export function clicksTo(dsc: readonly number[], target: number): number {
  const reached = dsc.findIndex((value) => value >= target);
  return reached === -1 ? dsc.length : reached + 1;
}

type Pick = (record: ObjectRecord) => number;

/** By name; those of the list `byClick` have one value a click. */
export const MEASURES = {
  maxDsc: ({ dsc }: ObjectRecord) => Math.max(...dsc),
  noc85: ({ dsc }: ObjectRecord) => clicksTo(dsc, 0.85),
  noc90: ({ dsc }: ObjectRecord) => clicksTo(dsc, 0.9),
  boxDsc: ({ boxDsc }: ObjectRecord) => boxDsc,
} satisfies Record<string, Pick>;

export const BY_CLICK = {
  dscByClick: (dsc: number) => dsc,
  over80ByClick: (dsc: number) => Number(dsc >= 0.8),
};

export type Intervals = Record<keyof typeof MEASURES, Interval> &
  Record<keyof typeof BY_CLICK, Interval[]>;

/** Applies `statistic` to the values of each figure. */
export function overFigures<T>(
  records: readonly ObjectRecord[],
  statistic: (pick: Pick) => T,
): Record<keyof typeof MEASURES, T> & Record<keyof typeof BY_CLICK, T[]> {
  const clicks = Array.from({ length: records[0].dsc.length }, (_, k) => k);
  const byClick = (of: (dsc: number) => number): T[] =>
    clicks.map((k) => statistic(({ dsc }) => of(dsc[k])));
  return {
    maxDsc: statistic(MEASURES.maxDsc),
    noc85: statistic(MEASURES.noc85),
    noc90: statistic(MEASURES.noc90),
    boxDsc: statistic(MEASURES.boxDsc),
    dscByClick: byClick(BY_CLICK.dscByClick),
    over80ByClick: byClick(BY_CLICK.over80ByClick),
  };
}

/** 95 % confidence intervals of the figures of these records; objects of one image are drawn together. */
export function intervalsOf(records: readonly ObjectRecord[]): Intervals {
  const groups = records.map(({ set, id }) => `${set}/${id}`);
  return overFigures(records, (pick) => intervalOfMean(records.map(pick), groups));
}
