/** Objects followed through a whole recording, whoever marks and corrects them. */
import { typeError } from '../runtime/validate.js';
import type { Device } from './device.js';
import { scheduleOf, type Step } from './schedule.js';
import type { Tracker } from './tracker.js';
import type { Frame, FrameSource, ObjectMask, TrackedObject, TrackResult } from './types.js';

/** Who marks the objects, and corrects them on the way. `index` is that of the frame in its recording, from 0. */
export interface Operator {
  /** The objects on the start frame. */
  start(device: Device, frame: Frame, index: number): Promise<ObjectMask[]>;
  /** Looks at what was tracked, may correct it by `tracker.correct`, and tells what then holds. Default: all is well. */
  review?(tracker: Tracker, result: TrackResult, index: number): Promise<readonly TrackedObject[]>;
}

export interface FollowedFrame extends Pick<TrackResult, 'frame' | 'objects'> {
  /** Of the frame in its recording, counted from 0. */
  index: number;
  picture: Frame;
  /** Time of `track`; null on the start frame. */
  trackMs: number | null;
}

/**
 * Follows what `operator` marks on frame `start` through all frames of a source that ends, each yielded once, in the order of
 * `scheduleOf`. A `start` other than 0 needs a source with `frameAt`.
 * @throws what the source, the device and the operator throw
 */
export async function* follow(
  device: Device,
  source: FrameSource,
  operator: Operator,
  { start = 0 }: { start?: number } = {},
): AsyncGenerator<FollowedFrame, void, undefined> {
  const tracker = await device.createTracker({ historyFrames: 0 });
  let marked: ObjectMask[] = [];
  try {
    for await (const { kind, index, picture } of pictures(source, start)) {
      if (kind === 'track') {
        const result = await tracker.track(picture);
        const objects = (await operator.review?.(tracker, result, index)) ?? result.objects;
        yield { index, picture, frame: result.frame, objects, trackMs: result.timings.totalMs };
        continue;
      }
      if (kind === 'start') marked = await operator.start(device, picture, index);
      await tracker.start(picture, marked);
      if (kind === 'start') yield startResult(picture, marked, index);
    }
  } finally {
    await tracker.close();
  }
}

async function* pictures(
  source: FrameSource,
  start: number,
): AsyncGenerator<Step & { picture: Frame }> {
  const { frames } = source.info;
  if (frames === null) throw typeError('a source that ends', 'source', source);
  const steps = scheduleOf(frames, start);
  if (start === 0) {
    // In its own order, so that a source that is only read so will do.
    const next = steps.values();
    for await (const picture of source) {
      const { value: step } = next.next();
      if (step) yield { ...step, picture };
    }
    return;
  }
  if (!source.frameAt) throw typeError('a source with `frameAt`', 'source', source);
  for (const step of steps) yield { ...step, picture: await source.frameAt(step.index) };
}

function startResult(picture: Frame, marked: readonly ObjectMask[], index: number): FollowedFrame {
  const { id = index, captureNs = 0n, widthPx, heightPx, spacingMm = null } = picture;
  return {
    index,
    picture,
    frame: { id, captureNs, widthPx, heightPx, spacingMm },
    objects: marked.map(({ id, mask }) => ({ id, mask, quality: mask.score, status: 'tracking' })),
    trackMs: null,
  };
}
