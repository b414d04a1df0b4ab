/** The session's objects: one tracker, and prompts that are answered on the frame that the user saw. */
import { SonotrackError } from '../runtime/errors.js';
import type { Mask, ObjectMask, Prompts, Timings, TrackedObject } from '../sdk/types.js';
import { clickTarget } from './click-target.js';
import type { FrameHistory, FrameRecord } from './history.js';
import { clearOf } from './neighbours.js';
import { PromptLog } from './prompt-log.js';
import type {
  ObjectLabel,
  PromptOutcome,
  SessionDevice,
  SessionPrompt,
  SessionTracker,
} from './types.js';
import type { Watchdog } from './watchdog.js';

/** Frames tracked at most to get from the clicked frame to the present while a user waits. */
const MOST_CATCH_UP = 12;
/** A user waits for the answer to a prompt; no overlay goes stale meanwhile, so that it may take this many budgets. */
const PROMPT_BUDGETS = 10;
/** Restarts in a row without a result between them, after which tracking is given up. */
const MOST_RESTARTS = 3;

export interface TrackingOptions {
  device: SessionDevice;
  history: FrameHistory;
  watchdog: Watchdog;
  maxObjects: number;
}

export class ObjectTracking {
  #device: SessionDevice;
  readonly #history: FrameHistory;
  #watchdog: Watchdog;
  readonly #maxObjects: number;
  #tracker: SessionTracker | null = null;
  /** The frame that the tracker saw last, and the objects that it holds. */
  #position: FrameRecord | null = null;
  readonly #held = new Set<number>();
  /** Objects followed now; a record of the history may still hold others. */
  readonly #labels = new Map<number, ObjectLabel>();
  readonly #prompts = new PromptLog();
  /** Frames after `#position` whose masks are out of date, oldest first. */
  #behind: FrameRecord[] = [];
  /** Where a failed tracker is taken up again; null: nothing failed. */
  #resumeAt: FrameRecord | null = null;
  #restarts = 0;

  constructor({ device, history, watchdog, maxObjects }: TrackingOptions) {
    this.#device = device;
    this.#history = history;
    this.#watchdog = watchdog;
    this.#maxObjects = maxObjects;
  }

  /** In ascending id. */
  get labels(): ObjectLabel[] {
    return [...this.#labels.values()].sort((a, b) => a.id - b.id);
  }

  get canUndo(): boolean {
    return this.#prompts.last !== undefined;
  }

  get behind(): number {
    return this.#behind.length;
  }

  /** A fault left objects that wait for the tracker to be restarted. */
  get isSuspended(): boolean {
    return this.#resumeAt !== null;
  }

  /** What may be shown on a frame: nothing after a fault, or while its masks are out of date. */
  shown(record: FrameRecord): readonly TrackedObject[] {
    return this.isCurrent(record) ? record.objects : [];
  }

  isCurrent(record: FrameRecord): boolean {
    return !this.#resumeAt && !this.#behind.includes(record);
  }

  /**
   * Finds the objects on the next frame and enters them into its record. Null when nothing is followed, or while a late
   * call blocks the device; `restarted` when the tracker had failed and was taken up again.
   */
  async track(record: FrameRecord): Promise<{ timings: Timings; restarted: boolean } | null> {
    if (this.#labels.size === 0 || this.#watchdog.isBlocked) return null;
    const restarted = this.#resumeAt !== null;
    if (this.#resumeAt) {
      const { objects } = this.#resumeAt;
      await this.#begin(
        this.#resumeAt,
        objects.filter(({ mask }) => mask.areaPx > 0),
      );
      this.#resumeAt = null;
    }
    if (!this.#tracker) return null;
    const { objects, timings } = await this.#watchdog.guard(this.#tracker.track(record.pixels));
    record.objects = objects;
    this.#position = record;
    this.#restarts = 0;
    return { timings, restarted };
  }

  /**
   * Answers a prompt on the frame it was made on, then tracks through the frames since: at once, or, when the user looks
   * at a frozen frame, as `catchUpOne` is called.
   */
  async prompt(prompt: SessionPrompt, frozen: boolean): Promise<PromptOutcome> {
    this.#assertAnswering();
    const seen = this.#find(prompt.frameId);
    if (this.#behind.includes(seen)) await this.#catchUp(seen);
    const shown = seen.objects.filter(({ id }) => this.#labels.has(id));
    const target = promptTarget(shown, prompt);
    if (target !== null && !this.#labels.has(target)) throw unknownObject(target);
    const objectId = target ?? this.#freeId();
    const correction = this.#prompts.with(objectId, prompt);
    const before = shown.find(({ id }) => id === objectId)?.mask ?? null;
    const { points, box } = correction;
    const prompts = { points, ...(box && { box }) };
    if (seen === this.#position && this.#tracker && this.#held.has(objectId)) {
      const corrected = await this.#watchdog.guard(
        this.#tracker.correct(objectId, prompts),
        PROMPT_BUDGETS,
      );
      replaceObject(seen, corrected);
      if (frozen) this.#behind = this.#history.after(seen);
    } else {
      const found = await this.#predict(seen, prompts, before);
      const others = shown.filter(({ id }) => id !== objectId);
      const mask = clearOf(found, others, prompts, seen.meta.spacingMm);
      if (seen === this.#position && this.#tracker && this.#behind.length === 0) {
        await this.#watchdog.guard(this.#tracker.add({ id: objectId, mask }));
        this.#held.add(objectId);
        replaceObject(seen, fresh(objectId, mask));
      } else {
        await this.#goBack(seen, shown, { id: objectId, mask });
      }
    }
    if (!this.#labels.has(objectId)) {
      this.#labels.set(objectId, { id: objectId, name: null, colour: null });
    }
    this.#prompts.add(correction, before);
    const caughtUp = frozen ? 0 : await this.#catchUp();
    return { objectId, frameId: seen.meta.id, caughtUp };
  }

  /** Takes the last prompt back. @throws SonotrackError NOTHING_TO_UNDO, FRAME_NOT_AVAILABLE */
  async undo(frozen: boolean): Promise<PromptOutcome> {
    this.#assertAnswering();
    const { last } = this.#prompts;
    if (!last) throw new SonotrackError('NOTHING_TO_UNDO', 'predict', 'there is no prompt to undo');
    const { objectId, frameId, before } = last;
    if (!before || before.areaPx === 0) {
      await this.remove(objectId);
      return { objectId, frameId, caughtUp: 0 };
    }
    const seen = this.#find(frameId);
    if (this.#behind.includes(seen)) await this.#catchUp(seen);
    await this.#goBack(seen, seen.objects, { id: objectId, mask: before });
    this.#prompts.takeBack();
    return { objectId, frameId, caughtUp: frozen ? 0 : await this.#catchUp() };
  }

  /** @throws SonotrackError UNKNOWN_OBJECT */
  async remove(objectId: number): Promise<void> {
    if (!this.#labels.has(objectId)) throw unknownObject(objectId);
    if (this.#tracker && this.#held.has(objectId)) {
      await this.#watchdog.guard(this.#tracker.remove(objectId));
    }
    this.#forget(objectId);
    if (this.#labels.size === 0) this.reset();
  }

  /** @throws SonotrackError UNKNOWN_OBJECT */
  label(objectId: number, change: Partial<Omit<ObjectLabel, 'id'>>): void {
    const label = this.#labels.get(objectId);
    if (!label) throw unknownObject(objectId);
    this.#labels.set(objectId, { ...label, ...change });
  }

  /** Renews the masks of one frame that a correction has outdated. */
  async catchUpOne(): Promise<FrameRecord> {
    const record = this.#behind[0];
    await this.#advance(record);
    this.#behind.shift();
    if (this.#behind.length === 0) this.#settle();
    return record;
  }

  /** Gets the tracker to the present, so that it can go on with new frames. */
  async catchUpAll(): Promise<void> {
    await this.#catchUp();
  }

  /** A call failed or was late: nothing is shown until the tracker is restarted. False: it failed too often, and is reset. */
  suspend(): boolean {
    const at = this.#position ?? this.#resumeAt;
    this.#restarts += 1;
    if (!at || this.#restarts > MOST_RESTARTS || !this.#history.find(at.meta.id)) {
      this.reset();
      return false;
    }
    this.#close();
    this.#behind = [];
    this.#resumeAt = at;
    return true;
  }

  /**
   * Goes on with another device, from the frame that the tracker saw last. When that device cannot begin, all stays with the
   * one before, and its error is thrown.
   */
  async useDevice(device: SessionDevice, watchdog: Watchdog): Promise<void> {
    const at = this.#position ?? this.#resumeAt;
    const objects = (at?.objects ?? []).filter(
      ({ id, mask }) => this.#labels.has(id) && mask.areaPx > 0,
    );
    const tracker = at && (await this.#startTracker(device, watchdog, at, objects));
    this.#close();
    this.#device = device;
    this.#watchdog = watchdog;
    this.#resumeAt = null;
    if (!tracker) return;
    this.#tracker = tracker;
    this.#position = at;
    for (const { id } of objects) this.#held.add(id);
  }

  /** Stops following everything. */
  reset(): void {
    this.#close();
    this.#behind = [];
    this.#resumeAt = null;
    this.#restarts = 0;
    this.#labels.clear();
    this.#prompts.clear();
    for (const record of this.#history) record.objects = [];
  }

  async #startTracker(
    device: SessionDevice,
    watchdog: Watchdog,
    record: FrameRecord,
    objects: readonly ObjectMask[],
  ): Promise<SessionTracker> {
    const tracker = await this.#createTracker(device);
    try {
      const started = objects.map(({ id, mask }) => ({ id, mask }));
      await watchdog.guard(tracker.start(record.pixels, started), PROMPT_BUDGETS);
      return tracker;
    } catch (error) {
      void Promise.resolve(tracker.close()).catch(() => undefined);
      throw error;
    }
  }

  #createTracker(device: SessionDevice): Promise<SessionTracker> {
    // The session keeps the history itself.
    return device.createTracker({ maxObjects: this.#maxObjects, historyFrames: 0 });
  }

  #close(): void {
    // A late call still settles; what it gives is nobody's any more.
    void Promise.resolve(this.#tracker?.close()).catch(() => undefined);
    this.#tracker = null;
    this.#position = null;
    this.#held.clear();
  }

  #assertAnswering(): void {
    if (!this.#watchdog.isBlocked) return;
    throw new SonotrackError('INFERENCE_LATE', 'predict', 'inference does not answer at present');
  }

  #find(frameId: number): FrameRecord {
    const record = this.#history.find(frameId);
    if (record) return record;
    throw new SonotrackError(
      'FRAME_NOT_AVAILABLE',
      'predict',
      `frame ${frameId} is not among the frames kept; use a newer one`,
    );
  }

  async #predict(seen: FrameRecord, prompts: Prompts, previous: Mask | null): Promise<Mask> {
    const image = await this.#watchdog.guard(this.#device.setImage(seen.pixels), PROMPT_BUDGETS);
    try {
      const known = previous && previous.areaPx > 0 ? { previous } : {};
      const mask = await this.#watchdog.guard(
        image.predict({ ...prompts, ...known }),
        PROMPT_BUDGETS,
      );
      if (mask.areaPx > 0) return mask;
    } finally {
      await image.close();
    }
    throw new SonotrackError('EMPTY_MASK', 'predict', 'nothing was found at the prompt');
  }

  /** Takes the tracker back to `seen`, with the objects it showed and the changed one; what came since is out of date. */
  async #goBack(
    seen: FrameRecord,
    shown: readonly TrackedObject[],
    changed: ObjectMask,
  ): Promise<void> {
    const kept = shown.filter(({ id, mask }) => id !== changed.id && mask.areaPx > 0);
    await this.#begin(seen, [...kept, changed]);
    replaceObject(seen, fresh(changed.id, changed.mask));
    this.#resumeAt = null;
    this.#behind = this.#history.after(seen);
  }

  async #begin(record: FrameRecord, objects: readonly ObjectMask[]): Promise<void> {
    this.#tracker ??= await this.#createTracker(this.#device);
    const started = objects.map(({ id, mask }) => ({ id, mask }));
    await this.#watchdog.guard(this.#tracker.start(record.pixels, started), PROMPT_BUDGETS);
    this.#position = record;
    this.#held.clear();
    for (const { id } of objects) this.#held.add(id);
  }

  /** Tracks up to `until` (default: the present), evenly thinned out where there is much. Gives the number of frames. */
  async #catchUp(until?: FrameRecord): Promise<number> {
    const end = until ? this.#behind.indexOf(until) + 1 : this.#behind.length;
    const way = this.#behind.slice(0, end);
    const count = Math.min(way.length, MOST_CATCH_UP);
    for (let i = 1; i <= count; i += 1) {
      await this.#advance(way[Math.ceil((i * way.length) / count) - 1]);
    }
    this.#behind = this.#behind.slice(end);
    if (this.#behind.length === 0) this.#settle();
    return count;
  }

  async #advance(record: FrameRecord): Promise<void> {
    if (!this.#tracker) return;
    const before = record.objects;
    const result = await this.#watchdog.guard(this.#tracker.track(record.pixels));
    record.objects = result.objects;
    this.#position = record;
    // Objects that were added on a later frame than the one gone back to join where they did before.
    for (const object of before) {
      const { id, mask } = object;
      if (this.#held.has(id) || !this.#labels.has(id) || mask.areaPx === 0) continue;
      await this.#watchdog.guard(this.#tracker.add({ id, mask }));
      replaceObject(record, object);
      this.#held.add(id);
    }
  }

  /** At the present: what the tracker does not hold is no longer followed. */
  #settle(): void {
    for (const id of [...this.#labels.keys()]) if (!this.#held.has(id)) this.#forget(id);
  }

  #forget(objectId: number): void {
    this.#held.delete(objectId);
    this.#labels.delete(objectId);
    this.#prompts.forget(objectId);
    for (const record of this.#history) {
      record.objects = record.objects.filter(({ id }) => id !== objectId);
    }
  }

  #freeId(): number {
    for (let id = 1; id <= this.#maxObjects; id += 1) if (!this.#labels.has(id)) return id;
    throw new SonotrackError(
      'TOO_MANY_OBJECTS',
      'track',
      `${this.#maxObjects} objects are followed already; remove one first`,
    );
  }
}

function promptTarget(
  shown: readonly TrackedObject[],
  { point, objectId }: SessionPrompt,
): number | null {
  if (objectId !== undefined) return objectId;
  return point ? clickTarget(shown, point) : null;
}

function unknownObject(id: number): SonotrackError {
  return new SonotrackError('UNKNOWN_OBJECT', 'track', `there is no object ${id}`);
}

/** An object as the prompt left it, before tracking has judged it: its predicted IoU stands for its quality. */
function fresh(id: number, mask: Mask): TrackedObject {
  return { id, mask, quality: mask.score, status: 'tracking' };
}

function replaceObject(record: FrameRecord, object: TrackedObject): void {
  record.objects = [...record.objects.filter(({ id }) => id !== object.id), object].sort(
    (a, b) => a.id - b.id,
  );
}
