import type {
  Engine,
  EnginePrompts,
  EngineTrackedObject,
  EngineTracker,
} from '../runtime/engine.js';
import { SonotrackError } from '../runtime/errors.js';
import { measured } from '../runtime/label-map.js';
import { dscOfIou, foundedDsc, iouOfDsc } from '../runtime/overlap.js';
import { checkInteger, checkObject, typeError } from '../runtime/validate.js';
import { CallOrder } from './call-order.js';
import { checkFrame, checkObjectId, checkObjectMask, checkPrompts } from './check.js';
import type { DeviceState } from './device-state.js';
import { correctLate } from './late-correction.js';
import { Mask } from './mask.js';
import { RecentFrames } from './recent-frames.js';
import type {
  CorrectOptions,
  Frame,
  FrameMeta,
  ObjectMask,
  Prompts,
  TrackResult,
  TrackedObject,
} from './types.js';

/**
 * Follows objects through a stream, frame by frame, made by `device.createTracker`. Calls act in the order in which they
 * are made, on the frame last given to `start` or `track`; none needs to wait for the one before.
 */
export class Tracker {
  /** Most objects followed at once. */
  readonly maxObjects: number;
  readonly #engine: Pick<Engine, 'setImage' | 'createTracker'>;
  readonly #tracker: EngineTracker;
  readonly #device: DeviceState;
  readonly #askBelow: number;
  readonly #correctionDoubt: number;
  readonly #order = new CallOrder();
  /** Null: only the frame last given can be corrected. */
  readonly #recent: RecentFrames | null;
  /**
   * By object: the estimated DSC of the mask that it was last given. The engine only knows how well that mask was followed
   * since; a mask that was poor from the start is no better for being followed well.
   */
  #givenQuality = new Map<number, number>();
  #last: FrameMeta | null = null;
  #closed = false;

  /** @internal Use `device.createTracker`. */
  constructor(
    engine: Pick<Engine, 'setImage' | 'createTracker'>,
    device: DeviceState,
    options: {
      maxObjects: number;
      askBelow: number;
      historyFrames: number;
      correctionDoubt: number;
    },
  ) {
    const { maxObjects, askBelow, historyFrames, correctionDoubt } = options;
    this.#engine = engine;
    this.#tracker = engine.createTracker({ maxObjects });
    this.#device = device;
    this.#askBelow = askBelow;
    this.#correctionDoubt = correctionDoubt;
    this.#recent = historyFrames > 0 ? new RecentFrames(historyFrames) : null;
    this.maxObjects = maxObjects;
  }

  /**
   * Begins anew on this frame with these objects, whose masks may overlap.
   * @throws TypeError, RangeError; SonotrackError EMPTY_MASK, DUPLICATE_OBJECT, TOO_MANY_OBJECTS, TRACKER_CLOSED,
   *   DEVICE_CLOSED, INFERENCE_FAILED.
   */
  async start(frame: Frame, objects: ObjectMask[]): Promise<void> {
    const { frame: pixels, meta } = checkFrame(frame, this.#device.nextFrameId);
    if (!Array.isArray(objects)) {
      throw typeError('an array of { id, mask }', 'objects', objects);
    }
    const given = objects.map((object, i) => checkObjectMask(object, `objects[${i}]`, meta));
    this.#assertOpen();
    const qualities = objects.map(({ id, mask }) => [id, dscOfIou(mask.score)] as const);
    const kept = this.#recent?.gray(pixels) ?? pixels;
    await this.#advance(meta, () => this.#tracker.start(kept, given));
    this.#recent?.clear();
    this.#recent?.push(meta, kept, given);
    this.#givenQuality = new Map(qualities);
  }

  /**
   * Finds the objects on the next frame, which has the size of the first.
   * @throws TypeError, RangeError; SonotrackError TRACKER_NOT_STARTED, FRAME_GEOMETRY_CHANGED, TRACKER_CLOSED,
   *   DEVICE_CLOSED, INFERENCE_FAILED.
   */
  async track(frame: Frame): Promise<TrackResult> {
    const { frame: pixels, meta } = checkFrame(frame, this.#device.nextFrameId);
    this.#assertOpen();
    const { widthPx, heightPx } = this.#lastFrame();
    if (meta.widthPx !== widthPx || meta.heightPx !== heightPx) {
      throw new SonotrackError(
        'FRAME_GEOMETRY_CHANGED',
        'track',
        `the tracker was started on ${widthPx} × ${heightPx} px, ` +
          `this frame has ${meta.widthPx} × ${meta.heightPx} px; start() again`,
      );
    }
    const kept = this.#recent?.gray(pixels) ?? pixels;
    const { objects, timings } = await this.#advance(meta, () => this.#tracker.track(kept));
    this.#recent?.push(
      meta,
      kept,
      objects.map(({ id, mask }) => ({ id, ...mask })),
    );
    const scaled = objects.map(({ id, mask, quality }) => ({
      id,
      mask,
      quality: quality * (this.#givenQuality.get(id) ?? 1),
    }));
    return { frame: meta, objects: scaled.map((object) => this.#result(object, meta)), timings };
  }

  /**
   * Corrective clicks on the frame last given, or on the one of `frameId`, which must be among the last `historyFrames`: the
   * clicks are answered there, and the object is followed from there to the frame last given. `prompts` hold all clicks of
   * the present correction, the newest last; `previous` is the mask tracked on that frame unless given. Unless the model is sure
   * of its answer, the mask changes where the newest click lies. Gives the object on the frame last given; tracking goes on from
   * it. Calls made meanwhile wait.
   * @throws TypeError, RangeError; SonotrackError UNKNOWN_OBJECT, FRAME_NOT_AVAILABLE, TRACKER_NOT_STARTED,
   *   TRACKER_CLOSED, DEVICE_CLOSED, INFERENCE_FAILED.
   */
  async correct(
    id: number,
    prompts: Prompts,
    options: CorrectOptions = {},
  ): Promise<TrackedObject> {
    checkObjectId(id, 'id');
    const { frameId } = checkObject(options, 'options', ['frameId']);
    if (frameId !== undefined) checkInteger(frameId, 'frameId', [0, Number.MAX_SAFE_INTEGER]);
    this.#assertOpen();
    const meta = this.#lastFrame();
    const given = checkPrompts(prompts, meta, true);
    if (frameId !== undefined && frameId !== meta.id) {
      return this.#order.steps(() => this.#correctLate(id, given, frameId as number));
    }
    const corrected = await this.#order.run(() => this.#tracker.correct(id, given));
    this.#recent?.change(meta.id, { id, ...corrected.mask });
    const quality = foundedDsc(corrected.quality, this.#correctionDoubt);
    this.#givenQuality.set(id, quality);
    return this.#result({ ...corrected, quality }, meta);
  }

  /**
   * Follows one more object, whose mask lies on the frame last given.
   * @throws TypeError, RangeError; SonotrackError EMPTY_MASK, DUPLICATE_OBJECT, TOO_MANY_OBJECTS, TRACKER_NOT_STARTED,
   *   TRACKER_CLOSED, DEVICE_CLOSED, INFERENCE_FAILED.
   */
  async add(object: ObjectMask): Promise<void> {
    this.#assertOpen();
    const meta = this.#lastFrame();
    const given = checkObjectMask(object, 'object', meta);
    const quality = dscOfIou(object.mask.score);
    await this.#order.run(() => this.#tracker.add(given));
    this.#recent?.change(meta.id, given);
    this.#givenQuality.set(given.id, quality);
  }

  /** Forgets an object. @throws SonotrackError UNKNOWN_OBJECT, TRACKER_NOT_STARTED, TRACKER_CLOSED, DEVICE_CLOSED. */
  async remove(id: number): Promise<void> {
    checkObjectId(id, 'id');
    this.#assertOpen();
    this.#lastFrame();
    await this.#order.run(() => this.#tracker.remove(id));
    this.#recent?.forget(id);
    this.#givenQuality.delete(id);
  }

  /** Bytes of tracking state and of the frames kept; constant after `start`. */
  get memoryBytes(): number {
    const kept = this.#last && this.#recent?.bytes(this.#last);
    return this.#tracker.memoryBytes + (kept ?? 0);
  }

  /** Frees the state; calls in flight still settle. Idempotent. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#tracker.close();
    this.#recent?.clear();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Later calls act on `meta` at once; when this one fails and none came after it, on the frame before again. */
  async #advance<T>(meta: FrameMeta, call: () => Promise<T>): Promise<T> {
    const before = this.#last;
    this.#last = meta;
    try {
      return await this.#order.run(call);
    } catch (error) {
      if (this.#last === meta) this.#last = before;
      throw error;
    }
  }

  async #correctLate(id: number, given: EnginePrompts, frameId: number): Promise<TrackedObject> {
    const path = this.#recent?.since(frameId);
    if (!path) {
      const kept = this.#recent?.oldest?.id ?? this.#lastFrame().id;
      throw new SonotrackError(
        'FRAME_NOT_AVAILABLE',
        'track',
        `frame ${frameId} is not kept; the oldest frame that is: ${kept}`,
      );
    }
    if (!this.#givenQuality.has(id)) {
      throw new SonotrackError('UNKNOWN_OBJECT', 'track', `object ${id} is not tracked`);
    }
    const { meta } = path[path.length - 1];
    const { bitmap, quality } = await this.#device.during(
      correctLate(this.#engine, path, id, given, this.#correctionDoubt),
    );
    await this.#tracker.replace({ id, bitmap });
    this.#recent?.change(meta.id, { id, bitmap });
    this.#givenQuality.set(id, quality);
    return this.#result({ id, mask: measured(bitmap, meta.widthPx, 0), quality }, meta);
  }

  #assertOpen(): void {
    this.#device.assertOpen('track');
    if (this.#closed) throw new SonotrackError('TRACKER_CLOSED', 'track', 'the tracker is closed');
  }

  #lastFrame(): FrameMeta {
    if (this.#last) return this.#last;
    throw new SonotrackError('TRACKER_NOT_STARTED', 'track', 'call start() first');
  }

  #result({ id, mask, quality }: EngineTrackedObject, meta: FrameMeta): TrackedObject {
    const status = !mask.areaPx ? 'lost' : quality < this.#askBelow ? 'ask' : 'tracking';
    return {
      id,
      mask: Mask.fromEngine({ ...mask, score: iouOfDsc(quality) }, meta),
      quality,
      status,
    };
  }
}
