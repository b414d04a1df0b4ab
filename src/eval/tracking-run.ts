/** One clip, tracked under supervision as in the paper (§3.4): clicks where the tracked contour falls below a DSC of 0.90. */
import { firstClick, nextClick } from '../sdk/clicks.js';
import type { Device } from '../sdk/device.js';
import { dice } from '../sdk/dice.js';
import { Mask } from '../sdk/mask.js';
import type { Point, Prompts } from '../sdk/types.js';
import { readClipFrame, type Clip } from './clips.js';

/** The paper's threshold of an intervention. */
export const INTERVENE_BELOW = 0.9;

export interface TrackingOptions {
  /** Clicks that start an object end at this DSC or number. */
  start: { dsc: number; clicks: number };
  /** Most clicks of one intervention; 0: never correct. */
  corrections: number;
  onFrame?: () => void;
}

export const TRACKING_DEFAULTS = { start: { dsc: 0.95, clicks: 5 }, corrections: 5 } as const;

export interface Intervention {
  frame: number;
  /** 0.90 minus the DSC that made it necessary. */
  drop: number;
  clicks: number;
  /** Whether 0.90 was reached. */
  settled: boolean;
}

export interface TrackingRecord {
  set: string;
  clip: string;
  label: number;
  frames: number;
  startClicks: number;
  startDsc: number;
  /** DSC of each frame after the first that has the object, as tracked. */
  tracked: number[];
  /** The same after corrections. */
  final: number[];
  interventions: Intervention[];
}

/** Follows the objects of the first frame. @throws what reading a file or the device throws */
export async function runTracking(
  device: Device,
  clip: Clip,
  options: TrackingOptions,
): Promise<TrackingRecord[]> {
  const first = await readClipFrame(clip, clip.files[0]);
  const records = new Map<number, TrackingRecord>();
  const masks: { id: number; mask: Mask }[] = [];
  const image = await device.setImage(first.frame);
  for (const { label, truth } of first.objects) {
    const run = await clickUntil(truth, options.start, null, (prompts) => image.predict(prompts));
    if (!run.mask || run.mask.areaPx === 0) continue;
    masks.push({ id: label, mask: run.mask });
    records.set(label, {
      set: clip.set,
      clip: clip.name,
      label,
      frames: clip.files.length,
      startClicks: run.clicks,
      startDsc: dice(truth, run.mask),
      tracked: [],
      final: [],
      interventions: [],
    });
  }
  await image.close();
  if (masks.length === 0) return [];
  const tracker = await device.createTracker({ maxObjects: Math.max(10, masks.length) });
  try {
    await tracker.start(first.frame, masks);
    options.onFrame?.();
    for (const [index, file] of clip.files.entries()) {
      if (index === 0) continue;
      const { frame, objects } = await readClipFrame(clip, file);
      const result = await tracker.track(frame);
      for (const { label, truth } of objects) {
        const record = records.get(label);
        const mask = result.objects.find(({ id }) => id === label)?.mask;
        if (!record || !mask) continue;
        const dsc = dice(truth, mask);
        record.tracked.push(dsc);
        if (dsc >= INTERVENE_BELOW || options.corrections === 0) {
          record.final.push(dsc);
          continue;
        }
        const limit = { dsc: INTERVENE_BELOW, clicks: options.corrections };
        const run = await clickUntil(truth, limit, mask, async (prompts) => {
          return (await tracker.correct(label, prompts)).mask;
        });
        const after = run.mask ? dice(truth, run.mask) : dsc;
        record.final.push(after);
        record.interventions.push({
          frame: index,
          drop: INTERVENE_BELOW - dsc,
          clicks: run.clicks,
          settled: after >= INTERVENE_BELOW,
        });
      }
      options.onFrame?.();
    }
  } finally {
    await tracker.close();
  }
  return [...records.values()];
}

/** Clicks until the DSC or the number is reached, from nothing or from a mask. */
async function clickUntil(
  truth: Mask,
  limit: { dsc: number; clicks: number },
  from: Mask | null,
  ask: (prompts: Prompts) => Promise<Mask>,
): Promise<{ mask: Mask | null; clicks: number }> {
  const points: Point[] = [];
  let mask = from;
  while (points.length < limit.clicks) {
    if (mask && points.length > 0 && dice(truth, mask) >= limit.dsc) break;
    const click = mask ? nextClick(truth, mask, points) : firstClick(truth);
    if (!click) break;
    points.push(click);
    mask = await ask({ points: [...points], ...(mask && { previous: mask }) });
  }
  return { mask, clicks: points.length };
}
