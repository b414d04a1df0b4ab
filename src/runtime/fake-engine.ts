/**
 * An engine without models, for tests of what stands above it. It answers a click with a disc, a box with its pixels, and
 * tracks by leaving the masks where they are; every call can be held back or made to fail.
 */
import type {
  Engine,
  EngineFrame,
  EngineImage,
  EngineInfo,
  EngineMask,
  EnginePrediction,
  EnginePrompts,
  EngineTimings,
  EngineTrackedObject,
  EngineTracker,
  EngineTracking,
} from './engine.js';
import { SonotrackError } from './errors.js';
import { SerialQueue } from './serial-queue.js';

export type FakeCall =
  'setImage' | 'predict' | 'start' | 'track' | 'correct' | 'add' | 'replace' | 'remove' | 'close';

export interface FakeEngineOptions {
  /** Radius of the disc that answers a click, px. Default: 4. */
  radiusPx?: number;
  /** `quality` of tracked objects, 0–1. Default: 0.95. */
  quality?: number;
  /** Awaited before each call does its work; reject to make the call fail. Default: nothing. */
  before?: (call: FakeCall) => Promise<void> | void;
}

const TIMINGS: EngineTimings = {
  queueMs: 0,
  preprocessMs: 0,
  inferenceMs: 0,
  postprocessMs: 0,
  totalMs: 0,
};
const SCORE = 0.9;

export class FakeEngine implements Engine {
  readonly info: EngineInfo = {
    engine: 'onnxruntime-node',
    executionProvider: 'cpu',
    fellBackFrom: [],
    addonVersion: null,
    onnxruntimeVersion: '0.0.0',
  };
  /** Every call so far, in the order in which they did their work. */
  readonly calls: FakeCall[] = [];
  readonly #options: Required<FakeEngineOptions>;
  readonly #queue = new SerialQueue();
  #closing: Promise<void> | null = null;

  constructor(options: FakeEngineOptions = {}) {
    this.#options = { radiusPx: 4, quality: 0.95, before: () => undefined, ...options };
  }

  setImage(frame: EngineFrame): Promise<EngineImage> {
    const { widthPx, heightPx } = frame;
    return this.work('setImage', () => ({
      timings: TIMINGS,
      predict: (prompts: EnginePrompts) =>
        this.work('predict', () => this.predict(prompts, widthPx, heightPx)),
      close: () => undefined,
    }));
  }

  createTracker({ maxObjects }: { maxObjects: number }): EngineTracker {
    return new FakeTracker(this, maxObjects);
  }

  close(): Promise<void> {
    this.#closing ??= this.work('close', () => undefined);
    return this.#closing;
  }

  get quality(): number {
    return this.#options.quality;
  }

  /** Runs one call behind those before it. */
  work<T>(call: FakeCall, job: () => T): Promise<T> {
    return this.#queue.run(async () => {
      await this.#options.before(call);
      this.calls.push(call);
      return job();
    });
  }

  /** Discs around the foreground points and the box's pixels, on top of `previous`, less discs around the others. */
  predict(prompts: EnginePrompts, widthPx: number, heightPx: number): EnginePrediction {
    const bitmap = prompts.previous?.slice() ?? new Uint8Array(widthPx * heightPx);
    const { radiusPx } = this.#options;
    for (let i = 0; i < bitmap.length; i++) {
      const [x, y] = [(i % widthPx) + 0.5, Math.floor(i / widthPx) + 0.5];
      if (prompts.box) {
        const [x0, y0, x1, y1] = prompts.box;
        if (x > x0 && x < x1 && y > y0 && y < y1) bitmap[i] = 1;
      }
      for (let p = 0; p < prompts.points.length; p += 3) {
        const [px, py, label] = prompts.points.subarray(p, p + 3);
        if (Math.hypot(x - px, y - py) <= radiusPx) bitmap[i] = label;
      }
    }
    const mask = engineMask(bitmap, widthPx, SCORE);
    return { mask, candidates: prompts.multimask ? [mask, mask, mask] : [], timings: TIMINGS };
  }
}

class FakeTracker implements EngineTracker {
  readonly #engine: FakeEngine;
  readonly #maxObjects: number;
  #frame: EngineFrame | null = null;
  #objects = new Map<number, Uint8Array>();
  #closed = false;

  constructor(engine: FakeEngine, maxObjects: number) {
    this.#engine = engine;
    this.#maxObjects = maxObjects;
  }

  start(frame: EngineFrame, objects: { id: number; bitmap: Uint8Array }[]): Promise<void> {
    return this.#engine.work('start', () => {
      const started = new Map<number, Uint8Array>();
      for (const object of objects) this.#put(started, object);
      [this.#frame, this.#objects] = [frame, started];
    });
  }

  track(frame: EngineFrame): Promise<EngineTracking> {
    return this.#engine.work('track', () => {
      this.#frame = frame;
      const ids = [...this.#objects.keys()].sort((a, b) => a - b);
      return { objects: ids.map((id) => this.#object(id)), timings: TIMINGS };
    });
  }

  correct(id: number, prompts: EnginePrompts): Promise<EngineTrackedObject> {
    return this.#engine.work('correct', () => {
      const previous = prompts.previous ?? this.#known(id);
      const { widthPx, heightPx } = this.#frame as EngineFrame;
      const { mask } = this.#engine.predict({ ...prompts, previous }, widthPx, heightPx);
      this.#objects.set(id, mask.bitmap);
      return this.#object(id);
    });
  }

  add(object: { id: number; bitmap: Uint8Array }): Promise<void> {
    return this.#engine.work('add', () => this.#put(this.#objects, object));
  }

  replace({ id, bitmap }: { id: number; bitmap: Uint8Array }): Promise<void> {
    return this.#engine.work('replace', () => {
      this.#known(id);
      this.#objects.set(id, bitmap);
    });
  }

  remove(id: number): Promise<void> {
    return this.#engine.work('remove', () => {
      this.#known(id);
      this.#objects.delete(id);
    });
  }

  get memoryBytes(): number {
    return this.#closed || !this.#frame ? 0 : this.#maxObjects;
  }

  close(): void {
    this.#closed = true;
  }

  #put(objects: Map<number, Uint8Array>, { id, bitmap }: { id: number; bitmap: Uint8Array }): void {
    const fail = (code: 'DUPLICATE_OBJECT' | 'EMPTY_MASK' | 'TOO_MANY_OBJECTS'): never => {
      throw new SonotrackError(code, 'track', `object ${id}`);
    };
    if (objects.has(id)) fail('DUPLICATE_OBJECT');
    if (!bitmap.some(Boolean)) fail('EMPTY_MASK');
    if (objects.size >= this.#maxObjects) fail('TOO_MANY_OBJECTS');
    objects.set(id, bitmap);
  }

  #known(id: number): Uint8Array {
    const bitmap = this.#objects.get(id);
    if (bitmap) return bitmap;
    throw new SonotrackError('UNKNOWN_OBJECT', 'track', `no object ${id}`);
  }

  #object(id: number): EngineTrackedObject {
    const { widthPx } = this.#frame as EngineFrame;
    const mask = engineMask(this.#known(id).slice(), widthPx, SCORE);
    return { id, mask, quality: mask.areaPx ? this.#engine.quality : 0 };
  }
}

function engineMask(bitmap: Uint8Array, widthPx: number, score: number): EngineMask {
  const set = [...bitmap.keys()].filter((i) => bitmap[i]);
  const xs = set.map((i) => i % widthPx);
  const ys = set.map((i) => Math.floor(i / widthPx));
  const least = (values: number[]): number => values.reduce((a, b) => Math.min(a, b), Infinity);
  const most = (values: number[]): number => values.reduce((a, b) => Math.max(a, b), -1);
  return {
    bitmap,
    areaPx: set.length,
    box: set.length ? [least(xs), least(ys), most(xs) + 1, most(ys) + 1] : null,
    score,
  };
}
