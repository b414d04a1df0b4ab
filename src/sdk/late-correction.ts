/** Corrective clicks on a frame that has gone by: answered there, then followed to the present. */
import type { Engine, EnginePrompts, EngineTracker } from '../runtime/engine.js';
import { clickedPixels, labelMask, yieldToNeighbours } from '../runtime/label-map.js';
import { keepLocalChange } from '../runtime/local-change.js';
import { dscOfIou, foundedDsc } from '../runtime/overlap.js';
import type { RecentFrame } from './recent-frames.js';

/** Frames followed at most on the way to the present: a user waits. */
const MOST_STEPS = 12;

/** A mask, empty where the object is lost, and its estimated DSC, 0–1. */
interface Estimated {
  bitmap: Uint8Array;
  quality: number;
}

/**
 * `path` leads from the frame that was clicked on to the present one, where the object's new mask lies clear of the others.
 * `correctionDoubt` is the manifest's.
 */
export async function correctLate(
  engine: Pick<Engine, 'setImage' | 'createTracker'>,
  path: readonly [RecentFrame, ...RecentFrame[]],
  id: number,
  prompts: EnginePrompts,
  correctionDoubt: number,
): Promise<Estimated> {
  const answered = await answer(engine, path[0], id, prompts);
  if (!answered.bitmap.some(Boolean)) return { ...answered, quality: 0 };
  const tracker = engine.createTracker({ maxObjects: 1 });
  try {
    const { bitmap, quality } = await follow(tracker, path, answered.bitmap);
    const present = path[path.length - 1];
    yieldToNeighbours(bitmap, present.labels, labelOf(present, id), [], present.pixels.widthPx);
    const given = foundedDsc(answered.quality, correctionDoubt);
    return { bitmap, quality: bitmap.some(Boolean) ? quality * given : 0 };
  } finally {
    tracker.close();
  }
}

/** SonoSAMLite on the clicked frame, from the mask that was tracked there unless `prompts` bring one. */
async function answer(
  engine: Pick<Engine, 'setImage'>,
  frame: RecentFrame,
  id: number,
  prompts: EnginePrompts,
): Promise<Estimated> {
  const { widthPx, heightPx } = frame.pixels;
  const own = labelOf(frame, id);
  const tracked = labelMask(frame.labels, own);
  const known = own > 0 && tracked.some(Boolean);
  const image = await engine.setImage(frame.pixels);
  try {
    const previous = prompts.previous ?? (known ? tracked : null);
    const { bitmap, score } = (await image.predict({ ...prompts, previous })).mask;
    if (previous) keepLocalChange({ bitmap, score }, prompts, previous, widthPx);
    const clicks = clickedPixels(prompts.points, widthPx, heightPx, 1);
    yieldToNeighbours(bitmap, frame.labels, own, clicks, widthPx);
    return { bitmap, quality: dscOfIou(score) };
  } finally {
    image.close();
  }
}

/** A tracker of its own takes the mask along; where the way is long, by some of its frames. */
async function follow(
  tracker: EngineTracker,
  path: readonly RecentFrame[],
  bitmap: Uint8Array,
): Promise<Estimated> {
  const way = path.length - 1;
  const steps = Math.min(way, MOST_STEPS);
  await tracker.start(path[0].pixels, [{ id: 0, bitmap }]);
  let found: Estimated = { bitmap, quality: 1 };
  for (let i = 1; i <= steps; i += 1) {
    const { objects } = await tracker.track(path[Math.ceil((i * way) / steps)].pixels);
    found = { bitmap: objects[0].mask.bitmap, quality: objects[0].quality };
  }
  return found;
}

/** 0, nobody's, where the object was not on that frame. */
const labelOf = ({ ids }: RecentFrame, id: number): number => ids.indexOf(id) + 1;
