/**
 * The paper's evaluation of tracking (§4.3): an expert, simulated by the truth, clicks until the first frame is right and then
 * only where tracking has got too far from it.
 */
import { SonotrackError } from '../runtime/errors.js';
import type { Device } from '../sdk/device.js';
import { dice } from '../sdk/dice.js';
import type { Operator } from '../sdk/follow.js';
import type { Tracker } from '../sdk/tracker.js';
import type { Frame, ObjectMask, TrackedObject, TrackResult } from '../sdk/types.js';
import { clickUntil } from './click-until.js';
import { objectsOf } from './label-objects.js';
import type { LabelMap } from './label-png.js';

/** When the expert is content on the start frame and later, and after how many clicks an object they give up on a frame. */
export const EXPERT = { startDsc: 0.95, goodDsc: 0.9, clicks: 5 } as const;

/** A correction, on the frame of this index. */
export interface Intervention {
  frame: number;
  dscBefore: number;
  clicks: number;
  dscAfter: number;
}

/** One object's way through the recording. */
export interface ObjectRun {
  label: number;
  startClicks: number;
  startDsc: number;
  /** In the order in which the frames were followed. */
  interventions: Intervention[];
  /** DSC of what was tracked, and of what stood after the expert's look, on each frame after the first that has the object. */
  trackedDsc: number[];
  finalDsc: number[];
}

/** An operator of `follow` who knows the truth: the objects are those of the start frame's label map, their ids its labels. */
export class SimulatedExpert implements Operator {
  readonly #mapAt: (index: number) => Promise<LabelMap>;
  readonly #runs = new Map<number, ObjectRun>();
  readonly #others = new Set<number>();
  readonly #corrections: number;

  /**
   * @param mapAt the truth of a frame, counted from 0, in the frame's size
   * @param corrections most clicks of one intervention; 0: only looks on
   */
  constructor(
    mapAt: (index: number) => Promise<LabelMap>,
    { corrections = EXPERT.clicks }: { corrections?: number } = {},
  ) {
    this.#mapAt = mapAt;
    this.#corrections = corrections;
  }

  /** What has happened so far, in order of the labels. */
  get runs(): readonly ObjectRun[] {
    return [...this.#runs.values()];
  }

  /** Labels that the start frame lacks, or that no click found there: nobody follows them, and they count for nothing. */
  get labelsNotFollowed(): readonly number[] {
    return [...this.#others].sort((a, b) => a - b);
  }

  /** @throws SonotrackError SOURCE_INVALID when the start frame has no object, EMPTY_MASK when clicks find none of them */
  async start(device: Device, frame: Frame, index: number): Promise<ObjectMask[]> {
    const objects = objectsOf(await this.#mapAt(index));
    if (objects.length === 0) {
      const message = `expected an object in the label map of frame ${index}, where tracking starts, but received none`;
      throw new SonotrackError('SOURCE_INVALID', 'source', message);
    }
    const image = await device.setImage(frame);
    try {
      const marked: ObjectMask[] = [];
      for (const { label, truth } of objects) {
        const { dsc, mask } = await clickUntil((prompts) => image.predict(prompts), truth, {
          clicks: EXPERT.clicks,
          dsc: EXPERT.startDsc,
        });
        if (mask.areaPx === 0) {
          this.#others.add(label);
          continue;
        }
        marked.push({ id: label, mask });
        this.#runs.set(label, {
          label,
          startClicks: dsc.length,
          startDsc: dice(truth, mask),
          interventions: [],
          trackedDsc: [],
          finalDsc: [],
        });
      }
      if (marked.length > 0) return marked;
      throw new SonotrackError(
        'EMPTY_MASK',
        'predict',
        `no click found an object on frame ${index}`,
      );
    } finally {
      await image.close();
    }
  }

  /** A frame whose truth lacks an object says nothing about it: there is no outline to compare with. */
  async review(tracker: Tracker, result: TrackResult, index: number): Promise<TrackedObject[]> {
    const objects = [...result.objects];
    for (const { label: id, truth } of objectsOf(await this.#mapAt(index))) {
      const run = this.#runs.get(id);
      if (!run) {
        this.#others.add(id);
        continue;
      }
      const at = objects.findIndex((object) => object.id === id);
      const { mask: tracked } = objects[at];
      const dscBefore = dice(truth, tracked);
      let dscAfter = dscBefore;
      if (dscBefore < EXPERT.goodDsc && this.#corrections > 0) {
        const { dsc } = await clickUntil(
          async (prompts) => {
            objects[at] = await tracker.correct(id, prompts);
            return objects[at].mask;
          },
          truth,
          { clicks: this.#corrections, dsc: EXPERT.goodDsc, answered: tracked },
        );
        dscAfter = dice(truth, objects[at].mask);
        run.interventions.push({ frame: index, dscBefore, clicks: dsc.length, dscAfter });
      }
      run.trackedDsc.push(dscBefore);
      run.finalDsc.push(dscAfter);
    }
    return objects;
  }
}
