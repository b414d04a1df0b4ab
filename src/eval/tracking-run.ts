/** One clip, followed under the eyes of the simulated expert. */
import { SonotrackError } from '../runtime/errors.js';
import type { Device } from '../sdk/device.js';
import { follow, type FollowedFrame } from '../sdk/follow.js';
import { labelsOf, openClip, type Clip } from './clips.js';
import { objectsOf, type LabelledObject } from './label-objects.js';
import { SimulatedExpert, type ObjectRun } from './simulated-expert.js';

export interface TrackingOptions {
  /** Most clicks of one intervention; 0: never correct. Default: the expert's. */
  corrections?: number;
  /** Told of each frame, with what holds on it after the expert's look, of the objects' runs so far, and of the truth. */
  onFrame?: (
    followed: FollowedFrame,
    runs: readonly ObjectRun[],
    truth: () => Promise<LabelledObject[]>,
  ) => void | Promise<void>;
}

/** An object's run through a clip of a set. */
export interface ClipRun extends ObjectRun {
  set: string;
  clip: string;
}

/** A clip's objects. */
export interface ClipResult {
  runs: ClipRun[];
  /** Labels that the first frame lacks, or that no click found there. */
  notFollowed: readonly number[];
}

/** Follows the objects of the first frame. @throws what reading a file, the expert or the device throws */
export async function runTracking(
  device: Device,
  clip: Clip,
  { corrections, onFrame }: TrackingOptions = {},
): Promise<ClipResult> {
  const source = await openClip(clip);
  try {
    const mapAt = labelsOf(clip, source);
    const expert = new SimulatedExpert(mapAt, { corrections });
    try {
      for await (const followed of follow(device, source, expert)) {
        await onFrame?.(followed, expert.runs, async () => objectsOf(await mapAt(followed.index)));
      }
    } catch (error) {
      // One clip without an answer is a result, not the end of an evaluation.
      if (!(error instanceof SonotrackError && error.code === 'EMPTY_MASK')) throw error;
    }
    const runs = expert.runs.map((run) => ({ set: clip.set, clip: clip.name, ...run }));
    return { runs, notFollowed: expert.labelsNotFollowed };
  } finally {
    await source.close();
  }
}
