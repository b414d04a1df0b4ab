/**
 * The tracking state of one stream (paper §2.2): long-term references (the first and the last corrected frame), the
 * previous frame, and the object slots. Each object is anchored to the one frame where a person last said what it is: flow
 * carries its mask from there, so that a correction of one object leaves the others where they were. Each call computes first
 * and takes the new state over at its end, so that a call that fails leaves the state as it was.
 */
import type {
  EngineFrame,
  EngineMask,
  EnginePrompts,
  EngineTrackedObject,
  EngineTracker,
  EngineTracking,
} from '../engine.js';
import { SonotrackError } from '../errors.js';
import { clickedPixels, labelMask, measured, yieldToNeighbours } from '../label-map.js';
import { keepLocalChange } from '../local-change.js';
import { dscOfIou, iouOfDsc } from '../overlap.js';
import type { SerialQueue } from '../serial-queue.js';
import { channelsOf, withObject, withoutObject } from './channels.js';
import type { DeAot } from './deaot.js';
import { AnchoredFlow } from './flow/anchored-flow.js';
import { FlowGuide, type Anchored } from './flow-guide.js';
import { fitLetterbox, gridTaps, letterboxCoverage, letterboxGray } from './letterbox.js';
import { probabilitiesToLabels } from './masks.js';
import type { Feeds } from './session.js';
import type { SonoSamLite } from './sonosam.js';
import { Stopwatch } from './timings.js';

// References are the anchors of the flow.
const FIRST = 0;
const CORRECTED = 1;

/** What a tracker needs of the models; a test may stand in for them. */
export interface TrackerModels {
  sonosam: Pick<SonoSamLite, 'embeddingBytes' | 'view' | 'encode' | 'prepare' | 'decode' | 'masks'>;
  deaot: Omit<Pick<DeAot, keyof DeAot>, 'release'>;
}

/** A letterboxed frame, u8[S, S]; both models take the same. */
interface Picture {
  widthPx: number;
  heightPx: number;
  image: Uint8Array;
}

interface Reference {
  features16: Feeds[string];
  masks: Float32Array;
  memory: Float32Array;
}

interface State {
  picture: Picture;
  features16: Feeds[string];
  /** Probabilities on the frame last given. */
  masks: Float32Array;
  /** Short-term memory of the frame last given. */
  memory: Float32Array;
  references: [Reference, Reference | null];
  /** SonoSAMLite's embedding of the frame last given, from the first correction on. */
  embedding: Feeds | null;
  /** Follows the frames; a new one with each start. */
  flow: AnchoredFlow;
  /** Object id → slot, 1 … K, and anchor. */
  objects: Map<number, Anchored>;
  usedSlots: Set<number>;
}

export class FallbackTracker implements EngineTracker {
  readonly #models: TrackerModels;
  readonly #queue: SerialQueue;
  readonly #maxObjects: number;
  readonly #guide: FlowGuide;
  #state: State | null = null;
  #closed = false;

  constructor(models: TrackerModels, queue: SerialQueue, maxObjects: number) {
    this.#models = models;
    this.#queue = queue;
    this.#maxObjects = maxObjects;
    this.#guide = new FlowGuide(models.deaot.objectSlots + 1, models.deaot.maskSide);
  }

  start(frame: EngineFrame, objects: { id: number; bitmap: Uint8Array }[]): Promise<void> {
    const { widthPx, heightPx } = frame;
    const picture = this.#picture(frame);
    const taken = objects.map(({ id, bitmap }, i) => ({
      id,
      slot: i + 1,
      empty: !bitmap.some(Boolean),
      coverage: this.#coverage(bitmap, widthPx, heightPx),
    }));
    return this.#run(async () => {
      const { deaot } = this.#models;
      checkObjects(taken, this.#maxObjects);
      const masks = channelsOf(
        new Map(taken.map(({ slot, coverage }) => [slot, coverage])),
        deaot.objectSlots + 1,
        this.#cells,
      );
      const { features16 } = await deaot.encode(picture.image);
      const memory = await deaot.memorize(features16, masks);
      const flow = new AnchoredFlow(deaot.inputSide);
      flow.start(picture.image);
      this.#state = {
        picture,
        features16,
        masks,
        memory,
        references: [{ features16, masks, memory }, null],
        embedding: null,
        flow,
        objects: new Map(taken.map(({ id, slot }) => [id, { slot, anchor: FIRST }])),
        usedSlots: new Set(taken.map(({ slot }) => slot)),
      };
    });
  }

  track(frame: EngineFrame): Promise<EngineTracking> {
    const watch = new Stopwatch();
    const picture = watch.preprocess(() => this.#picture(frame));
    return this.#run(async () => {
      watch.started();
      const { deaot } = this.#models;
      const state = this.#started();
      const { widthPx, heightPx } = picture;
      if (state.picture.widthPx !== widthPx || state.picture.heightPx !== heightPx) {
        throw new SonotrackError(
          'FRAME_GEOMETRY_CHANGED',
          'track',
          `the tracker was started on ${state.picture.widthPx} × ${state.picture.heightPx} px, ` +
            `this frame has ${widthPx} × ${heightPx} px; start() again`,
        );
      }
      const { flow } = state;
      const guide = watch.preprocess(() => {
        flow.follow(picture.image, deaot.search);
        const sources = [state.masks, ...state.references.map((reference) => reference?.masks)];
        return this.#guide.of(flow, sources, [...state.objects.values()]);
      });
      const features = await deaot.encode(picture.image);
      const { masks, quality } = await deaot.propagate({
        image: picture.image,
        ...guide,
        features,
        references: this.#references(state),
        previousMemory: state.memory,
        active: this.#active(state),
      });
      const memory = await deaot.memorize(features.features16, masks);
      const next = { ...state, picture, features16: features.features16, masks, memory };
      const objects = watch.postprocess(() => {
        const labels = this.#labels(next);
        return [...state.objects].map(([id, { slot }]) => {
          const mask = measured(labelMask(labels, slot), widthPx, 0);
          return trackedObject(id, mask, quality[slot]);
        });
      });
      this.#state = { ...next, embedding: null };
      flow.accept();
      return { objects: objects.sort((a, b) => a.id - b.id), timings: watch.stop() };
    });
  }

  correct(id: number, prompts: EnginePrompts): Promise<EngineTrackedObject> {
    const given = {
      points: prompts.points.slice(),
      box: prompts.box?.slice() ?? null,
      previous: prompts.previous?.slice() ?? null,
      multimask: false,
    };
    return this.#run(async () => {
      const { sonosam } = this.#models;
      const state = this.#started();
      const slot = this.#slot(state, id);
      const { widthPx, heightPx } = state.picture;
      const embedding = (state.embedding ??= await sonosam.encode(state.picture.image));
      const view = sonosam.view(widthPx, heightPx);
      const labels = this.#labels(state);
      const previous = given.previous ?? labelMask(labels, slot);
      const outputs = await sonosam.decode(
        embedding,
        sonosam.prepare({ ...given, previous }, view),
      );
      const { bitmap, score } = sonosam.masks(outputs, view, false).mask;
      keepLocalChange({ bitmap, score }, given, previous, widthPx);
      const clicks = clickedPixels(given.points, widthPx, heightPx, 1);
      yieldToNeighbours(bitmap, labels, slot, clicks, widthPx);
      await this.#replace(state, id, slot, bitmap);
      return trackedObject(id, measured(bitmap, widthPx, score), dscOfIou(score));
    });
  }

  add({ id, bitmap }: { id: number; bitmap: Uint8Array }): Promise<void> {
    const copy = bitmap.slice();
    return this.#run(async () => {
      const state = this.#started();
      const held = [...state.objects.keys()].map((known) => ({ id: known, empty: false }));
      checkObjects([...held, { id, empty: !copy.some(Boolean) }], this.#maxObjects);
      await this.#replace(state, id, this.#freeSlot(state), copy);
    });
  }

  replace({ id, bitmap }: { id: number; bitmap: Uint8Array }): Promise<void> {
    const copy = bitmap.slice();
    return this.#run(async () => {
      const state = this.#started();
      await this.#replace(state, id, this.#slot(state, id), copy);
    });
  }

  remove(id: number): Promise<void> {
    return this.#run(async () => {
      const { deaot } = this.#models;
      const state = this.#started();
      const slot = this.#slot(state, id);
      const without = async <R extends Reference | null>(reference: R): Promise<R> => {
        if (!reference) return reference;
        const masks = withoutObject(reference.masks, slot, this.#cells);
        const memory = await deaot.memorize(reference.features16, masks);
        return { ...reference, masks, memory };
      };
      const [first, corrected] = state.references;
      const references: State['references'] = [await without(first), await without(corrected)];
      const masks = withoutObject(state.masks, slot, this.#cells);
      const memory = await deaot.memorize(state.features16, masks);
      const objects = new Map(state.objects);
      objects.delete(id);
      this.#state = { ...state, references, masks, memory, objects };
    });
  }

  get memoryBytes(): number {
    if (!this.#state) return 0;
    const { sonosam, deaot } = this.#models;
    const masks = 4 * (deaot.objectSlots + 1) * this.#cells;
    const entry = 4 * deaot.memoryLength;
    const features = 4 * deaot.features16Length;
    const image = deaot.inputSide ** 2;
    // Counted from the start: both references, the last frame, and its embedding once it is corrected.
    return (
      (AnchoredFlow.ANCHORS + 1) * (masks + entry + features) +
      image +
      AnchoredFlow.bytes(deaot.inputSide) +
      sonosam.embeddingBytes
    );
  }

  close(): void {
    this.#closed = true;
    // The state goes with the last call in flight.
    void this.#queue.run(async () => {
      this.#state = null;
    });
  }

  /** The object's mask on the last frame is `bitmap` from here on; the frame becomes the second reference and its anchor. */
  async #replace(state: State, id: number, slot: number, bitmap: Uint8Array): Promise<void> {
    const { picture, features16 } = state;
    const coverage = this.#coverage(bitmap, picture.widthPx, picture.heightPx);
    const masks = withObject(state.masks, slot, coverage, this.#cells);
    const memory = await this.#models.deaot.memorize(features16, masks);
    this.#state = {
      ...state,
      masks,
      memory,
      references: [state.references[FIRST], { features16, masks, memory }],
      objects: new Map(state.objects).set(id, { slot, anchor: CORRECTED }),
      usedSlots: new Set(state.usedSlots).add(slot),
    };
    state.flow.setAnchor(CORRECTED);
  }

  #run<T>(job: () => Promise<T>): Promise<T> {
    if (this.#closed) return Promise.reject(closedError());
    return this.#queue.run(job);
  }

  #started(): State {
    if (this.#state) return this.#state;
    throw new SonotrackError('TRACKER_NOT_STARTED', 'track', 'call start() first');
  }

  #slot(state: State, id: number): number {
    const object = state.objects.get(id);
    if (object) return object.slot;
    const known = [...state.objects.keys()].sort((a, b) => a - b).join(', ') || 'none';
    throw new SonotrackError('UNKNOWN_OBJECT', 'track', `no object ${id}; there are: ${known}`);
  }

  /** A slot that no object has had, else one that is free: the memory of a removed object fades only with time. */
  #freeSlot(state: State): number {
    const taken = new Set([...state.objects.values()].map(({ slot }) => slot));
    const slots = Array.from({ length: this.#maxObjects }, (_, i) => i + 1);
    const free = slots.filter((slot) => !taken.has(slot));
    return free.find((slot) => !state.usedSlots.has(slot)) ?? free[0];
  }

  /** The slot that each pixel of the last frame belongs to, u8[h, w]. */
  #labels(state: State): Uint8Array {
    const { widthPx, heightPx } = state.picture;
    const { inputSide, maskSide } = this.#models.deaot;
    const taps = gridTaps(fitLetterbox(widthPx, heightPx, inputSide), maskSide);
    return probabilitiesToLabels(state.masks, this.#active(state), taps);
  }

  /** The long-term memory, f32[2, T, D]; 0 where a reference is not there. */
  #references(state: State): Float32Array {
    const length = this.#models.deaot.memoryLength;
    const references = new Float32Array(AnchoredFlow.ANCHORS * length);
    state.references.forEach((reference, i) => {
      if (reference) references.set(reference.memory, i * length);
    });
    return references;
  }

  #active(state: State): Float32Array {
    const active = new Float32Array(this.#models.deaot.objectSlots + 1);
    active[0] = 1;
    for (const { slot } of state.objects.values()) active[slot] = 1;
    return active;
  }

  #picture(frame: EngineFrame): Picture {
    const { widthPx, heightPx } = frame;
    return { widthPx, heightPx, image: letterboxGray(frame, this.#models.deaot.inputSide) };
  }

  #coverage(bitmap: Uint8Array, widthPx: number, heightPx: number): Uint8Array {
    return letterboxCoverage(bitmap, widthPx, heightPx, this.#models.deaot.inputSide);
  }

  get #cells(): number {
    return this.#models.deaot.maskSide ** 2;
  }
}

const closedError = (): SonotrackError =>
  new SonotrackError('TRACKER_CLOSED', 'track', 'the tracker is closed');

/** `estimate` is the DSC that the network expects; a lost object has an empty mask and no quality. */
function trackedObject(id: number, mask: EngineMask, estimate: number): EngineTrackedObject {
  const quality = mask.areaPx ? Math.min(Math.max(estimate, 0), 1) : 0;
  return { id, mask: { ...mask, score: iouOfDsc(quality) }, quality };
}

function checkObjects(
  objects: readonly { id: number; empty: boolean }[],
  maxObjects: number,
): void {
  const ids = new Set<number>();
  for (const { id, empty } of objects) {
    if (ids.has(id)) {
      throw new SonotrackError('DUPLICATE_OBJECT', 'track', `object ${id} is there already`);
    }
    ids.add(id);
    if (empty) throw new SonotrackError('EMPTY_MASK', 'track', `the mask of object ${id} is empty`);
  }
  if (objects.length > maxObjects) {
    throw new SonotrackError(
      'TOO_MANY_OBJECTS',
      'track',
      `${objects.length} objects, the tracker holds ${maxObjects}`,
    );
  }
}
