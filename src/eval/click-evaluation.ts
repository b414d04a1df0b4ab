/** Interactive segmentation of whole data sets: what `sonotrack eval` measures (paper §3.4, §4). */
import { runClicks } from './click-run.js';
import type { FirstClick } from './click-until.js';
import type { Segmenter } from './comparator.js';
import { readExample, type DataSet } from './dataset.js';
import { figuresOf, mean, median, type ClickFigures, type ObjectRecord } from './figures.js';

export interface ClickEvaluationOptions {
  /** Clicks an object. */
  clicks: number;
  first: FirstClick;
  /** Most images a set, spread evenly over it; Infinity: all. */
  maxImages: number;
  /** Called after each image. */
  onImage?: () => void;
}

export interface ObjectResult extends ObjectRecord {
  areaPx: number;
  /** x, y of each click, px; its sign and outcome stand in `clicks`. */
  points: [x: number, y: number][];
}

export interface ClickEvaluation {
  /** Over all objects of a set. */
  sets: Record<string, ClickFigures>;
  /** By set and label name, where a set has several. */
  labels: Record<string, Record<string, ClickFigures>>;
  /** The mean of the sets' mean DSC: each set weighs the same. */
  meanOfSets: { dscByClick: number[]; maxDsc: number; boxDsc: number; noc85: number };
  /** Medians, ms: encoding an image, and one prediction. */
  setImageP50Ms: number;
  predictP50Ms: number;
  objects: ObjectResult[];
}

/** The images of a set that are measured with at most `most` of them. */
export function chosenFiles({ files }: DataSet, most: number): string[] {
  if (files.length <= most) return files;
  return Array.from({ length: most }, (_, i) => files[Math.floor((i * files.length) / most)]);
}

/** Segments every object of the data sets. @throws what reading a file or the device throws */
export async function evaluateClicks(
  device: Segmenter,
  dataSets: readonly DataSet[],
  options: ClickEvaluationOptions,
): Promise<ClickEvaluation> {
  const objects: ObjectResult[] = [];
  const encodeMs: number[] = [];
  const predictMs: number[] = [];
  for (const set of dataSets) {
    for (const file of chosenFiles(set, options.maxImages)) {
      const example = await readExample(set, file);
      const image = await device.setImage(example.frame);
      encodeMs.push(image.timings.totalMs);
      for (const { label, truth } of example.objects) {
        const run = await runClicks(image, truth, options);
        predictMs.push(...run.predictMs);
        objects.push({
          set: set.name,
          id: example.id,
          label,
          areaPx: truth.areaPx,
          dsc: run.dsc,
          boxDsc: run.boxDsc,
          clicks: run.points.map((point, k) => ({ label: point.label, obeyed: run.obeyed[k] })),
          points: run.points.map(({ x, y }) => [x, y]),
        });
      }
      await image.close();
      options.onImage?.();
    }
  }
  const { sets, labels } = bySet(objects, dataSets);
  const all = Object.values(sets);
  return {
    sets,
    labels,
    meanOfSets: {
      dscByClick: Array.from({ length: options.clicks }, (_, k) =>
        mean(all.map(({ dscByClick }) => dscByClick[k])),
      ),
      maxDsc: mean(all.map(({ maxDsc }) => maxDsc)),
      boxDsc: mean(all.map(({ boxDsc }) => boxDsc)),
      noc85: mean(all.map(({ noc85 }) => noc85)),
    },
    setImageP50Ms: median(encodeMs),
    predictP50Ms: median(predictMs),
    objects,
  };
}

function bySet(
  objects: readonly ObjectResult[],
  dataSets: readonly DataSet[],
): Pick<ClickEvaluation, 'sets' | 'labels'> {
  const sets: ClickEvaluation['sets'] = {};
  const labels: ClickEvaluation['labels'] = {};
  for (const { name, labels: names } of dataSets) {
    const own = objects.filter(({ set }) => set === name);
    if (!own.length) continue;
    sets[name] = figuresOf(own);
    const values = [...new Set(own.map(({ label }) => label))].sort((a, b) => a - b);
    if (values.length < 2) continue;
    labels[name] = Object.fromEntries(
      values.map((value) => [
        names[value] ?? String(value),
        figuresOf(own.filter(({ label }) => label === value)),
      ]),
    );
  }
  return { sets, labels };
}
