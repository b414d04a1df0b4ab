/** The session's objects: one tracker, and clicks that are answered on the frame that the user saw. */
import { SonotrackError } from '../runtime/errors.js';
import type { Mask, ObjectMask, Point, Timings, TrackedObject } from '../sdk/types.js';
import { clickTarget } from './click-target.js';
import type { FrameHistory, FrameRecord } from './history.js';
import type { Click, ClickOutcome, SessionDevice, SessionTracker } from './types.js';

/** Frames tracked at most to get from the clicked frame to the present. */
const MOST_CATCH_UP = 12;

export class ObjectTracking {
  readonly #device: SessionDevice;
  readonly #history: FrameHistory;
  readonly #maxObjects: number;
  #tracker: SessionTracker | null = null;
  /** Objects followed now; a record of the history may still hold others. */
  readonly #ids = new Set<number>();
  /** Clicks of the correction that is under way: one object on one frame. */
  #correction: { objectId: number; frameId: number; points: Point[] } | null = null;
  #lostState = false;

  constructor(device: SessionDevice, history: FrameHistory, maxObjects: number) {
    this.#device = device;
    this.#history = history;
    this.#maxObjects = maxObjects;
  }

  /** Finds the objects on a frame and enters them into its record; null when nothing is followed. */
  async track(record: FrameRecord): Promise<Timings | null> {
    if (!this.#tracker) return null;
    const { objects, timings } = await this.#tracker.track(record.pixels);
    record.objects = objects;
    return timings;
  }

  /**
   * Answers a click on the frame it was made on, then tracks through the frames since.
   * @throws SonotrackError FRAME_NOT_AVAILABLE, UNKNOWN_OBJECT, TOO_MANY_OBJECTS, EMPTY_MASK; RangeError for a point
   *   outside of the frame. Then nothing has changed, unless `takeLoss` says so.
   */
  async click(click: Click): Promise<ClickOutcome> {
    const seen = this.#history.find(click.frameId);
    if (!seen) {
      throw new SonotrackError(
        'FRAME_NOT_AVAILABLE',
        'predict',
        `frame ${click.frameId} is not among the frames kept; click again on a newer one`,
      );
    }
    const shown = seen.objects.filter(({ id }) => this.#ids.has(id));
    const target = clickTarget(shown, click);
    if (target !== null && !this.#ids.has(target)) {
      throw new SonotrackError('UNKNOWN_OBJECT', 'predict', `there is no object ${target}`);
    }
    const objectId = target ?? this.#freeId();
    const points = this.#pointsSoFar(objectId, click);
    const isLatest = seen === this.#history.latest;
    if (isLatest && this.#tracker && target !== null) {
      const corrected = await this.#tracker.correct(objectId, { points });
      replaceObject(seen, corrected);
    } else {
      const previous = shown.find(({ id }) => id === objectId)?.mask;
      const mask = await this.#predict(seen, points, previous);
      if (isLatest && this.#tracker) {
        await this.#tracker.add({ id: objectId, mask });
        replaceObject(seen, fresh(objectId, mask));
      } else {
        await this.#restart(seen, shown, { id: objectId, mask });
      }
    }
    this.#ids.add(objectId);
    this.#correction = { objectId, frameId: click.frameId, points };
    return {
      objectId,
      frameId: click.frameId,
      caughtUp: isLatest ? 0 : this.#wayBack(seen).length,
    };
  }

  /** @throws SonotrackError UNKNOWN_OBJECT */
  async remove(objectId: number): Promise<void> {
    if (!this.#ids.has(objectId)) {
      throw new SonotrackError('UNKNOWN_OBJECT', 'track', `there is no object ${objectId}`);
    }
    await this.#tracker?.remove(objectId);
    this.#ids.delete(objectId);
    const latest = this.#history.latest;
    if (latest) latest.objects = latest.objects.filter(({ id }) => id !== objectId);
    if (this.#ids.size === 0) this.reset();
  }

  /** Stops following everything. */
  reset(): void {
    this.#tracker?.close();
    this.#tracker = null;
    this.#ids.clear();
    this.#correction = null;
    const latest = this.#history.latest;
    if (latest) latest.objects = [];
  }

  /** Whether a failed click left the tracker without a sound state; asking clears it. */
  takeLoss(): boolean {
    const lost = this.#lostState;
    this.#lostState = false;
    return lost;
  }

  /** Clicks on one frame for one object add up, as the prompts of a prediction do. */
  #pointsSoFar(objectId: number, { frameId, x, y, label }: Click): Point[] {
    const point: Point = { x, y, label };
    const going = this.#correction;
    const goesOn = going?.objectId === objectId && going.frameId === frameId;
    return goesOn ? [...going.points, point] : [point];
  }

  async #predict(seen: FrameRecord, points: Point[], previous: Mask | undefined): Promise<Mask> {
    const image = await this.#device.setImage(seen.pixels);
    try {
      const known = previous && previous.areaPx > 0 ? { previous } : {};
      const mask = await image.predict({ points, ...known });
      if (mask.areaPx > 0) return mask;
    } finally {
      await image.close();
    }
    throw new SonotrackError('EMPTY_MASK', 'predict', 'nothing was found at the click');
  }

  /** Goes back to `seen`, with the objects it showed and the changed one, and tracks forward to the latest frame. */
  async #restart(
    seen: FrameRecord,
    shown: readonly TrackedObject[],
    changed: ObjectMask,
  ): Promise<void> {
    const kept = shown.filter(({ id, mask }) => id !== changed.id && mask.areaPx > 0);
    const objects = [...kept.map(({ id, mask }) => ({ id, mask })), changed];
    try {
      this.#tracker ??= await this.#device.createTracker({ maxObjects: this.#maxObjects });
      await this.#tracker.start(seen.pixels, objects);
      replaceObject(seen, fresh(changed.id, changed.mask));
      const started = new Set(objects.map(({ id }) => id));
      for (const record of this.#wayBack(seen)) {
        const before = record.objects;
        const result = await this.#tracker.track(record.pixels);
        record.objects = result.objects;
        // Objects that were added on a later frame than the one clicked on join where they did before.
        for (const object of before) {
          const { id, mask } = object;
          if (started.has(id) || !this.#ids.has(id) || mask.areaPx === 0) continue;
          await this.#tracker.add({ id, mask });
          replaceObject(record, object);
          started.add(id);
        }
      }
      for (const id of this.#ids) if (!started.has(id)) this.#ids.delete(id);
    } catch (error) {
      this.#lostState = true;
      throw error;
    }
  }

  /** Frames from `seen` to the present, evenly thinned out where they are many: the user waits for the answer. */
  #wayBack(seen: FrameRecord): FrameRecord[] {
    const since = this.#history.after(seen);
    const count = Math.min(since.length, MOST_CATCH_UP);
    return Array.from(
      { length: count },
      (_, i) => since[Math.ceil(((i + 1) * since.length) / count) - 1],
    );
  }

  #freeId(): number {
    for (let id = 1; id <= this.#maxObjects; id += 1) if (!this.#ids.has(id)) return id;
    throw new SonotrackError(
      'TOO_MANY_OBJECTS',
      'track',
      `${this.#maxObjects} objects are followed already; remove one first`,
    );
  }
}

/** An object as the click left it, before tracking has judged it: its predicted IoU stands for its quality. */
function fresh(id: number, mask: Mask): TrackedObject {
  return { id, mask, quality: mask.score, status: 'tracking' };
}

function replaceObject(record: FrameRecord, object: TrackedObject): void {
  record.objects = [...record.objects.filter(({ id }) => id !== object.id), object].sort(
    (a, b) => a.id - b.id,
  );
}
