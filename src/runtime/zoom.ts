/**
 * The second look (FocalClick, Chen et al. 2022; RITM, Sofiiuk et al. 2022): a first answer goes back into the decoder as
 * the previous mask, and where the object is small and compact both a box and clicks are answered from a crop around it,
 * which gives the object more of the model's input. What follows was chosen by measurement (docs/explanation/zoom.md).
 */
import {
  cutFrame,
  cutPrompts,
  extentOf,
  holds,
  longerSide,
  pasteMask,
  squareAround,
  type Crop,
  type Extent,
} from './crop.js';
import type {
  Engine,
  EngineFrame,
  EngineImage,
  EnginePrediction,
  EnginePrompts,
  EngineTimings,
} from './engine.js';
import { SerialQueue } from './serial-queue.js';

/** Never, for boxes, or for boxes and clicks. */
export const ZOOM_MODES = ['off', 'box', 'box-and-clicks'] as const satisfies ZoomMode[];
export type ZoomMode = 'off' | 'box' | 'box-and-clicks';

export interface ZoomPolicy {
  /** Side of the crop around a box, in longer sides of the box. */
  boxMargin: number;
  /** Side of the crop around a mask, in longer sides of the mask. */
  clickMargin: number;
  /** Least enlargement that is worth an encoder pass. */
  leastGain: number;
  /** Least share of its box that a mask must fill: a crop hurts thin shapes. */
  leastFill: number;
}

export const ZOOM_POLICY: ZoomPolicy = {
  boxMargin: 1.8,
  clickMargin: 2,
  leastGain: 2.5,
  leastFill: 0.35,
};

/** An encoded frame that looks again. Behaves as the image that it wraps, and owns it. */
export class ZoomImage implements EngineImage {
  readonly timings: EngineTimings;
  readonly #engine: Pick<Engine, 'setImage'>;
  readonly #whole: EngineImage;
  readonly #frame: EngineFrame;
  readonly #mode: Exclude<ZoomMode, 'off'>;
  readonly #policy: ZoomPolicy;
  /** One prediction at a time: they share the crop below. */
  readonly #queue = new SerialQueue();
  #closeUp: { crop: Crop; image: EngineImage } | null = null;

  /** `frame` is taken over, not copied. */
  constructor(
    engine: Pick<Engine, 'setImage'>,
    whole: EngineImage,
    frame: EngineFrame,
    mode: Exclude<ZoomMode, 'off'>,
    policy: ZoomPolicy = ZOOM_POLICY,
  ) {
    this.#engine = engine;
    this.#whole = whole;
    this.#frame = frame;
    this.#mode = mode;
    this.#policy = policy;
    this.timings = whole.timings;
  }

  predict(prompts: EnginePrompts): Promise<EnginePrediction> {
    return this.#queue.run(() => this.#predict(prompts));
  }

  close(): void {
    // a prediction in flight still needs both
    void this.#queue.run(() => {
      this.#forget();
      this.#whole.close();
      return Promise.resolve();
    });
  }

  async #predict(prompts: EnginePrompts): Promise<EnginePrediction> {
    const { box, previous, multimask } = prompts;
    if (multimask || (this.#mode === 'box' && !box)) return this.#whole.predict(prompts);
    const crop = box
      ? this.#cropFor(extentAsked(prompts, this.#frame.widthPx), this.#policy.boxMargin)
      : previous && this.#cropAround(previous, prompts);
    const first = await this.#ask(crop, prompts);
    if (previous || !first.mask.areaPx) return first;
    const found = first.mask.bitmap;
    const closer = box ? crop : this.#cropAround(found, prompts);
    const second = await this.#ask(closer, { ...prompts, previous: found });
    return { ...second, timings: sum(first.timings, second.timings) };
  }

  #ask(crop: Crop | null, prompts: EnginePrompts): Promise<EnginePrediction> {
    return crop ? this.#look(crop, prompts) : this.#whole.predict(prompts);
  }

  /** The crop for correcting this mask, or null where looking closely would not pay. */
  #cropAround(mask: Uint8Array, prompts: EnginePrompts): Crop | null {
    const found = extentOf(mask, this.#frame.widthPx);
    if (!found) return null;
    const [x0, y0, x1, y1] = found.extent;
    if (found.areaPx < this.#policy.leastFill * (x1 - x0) * (y1 - y0)) return null;
    const needed = withPoints(found.extent, prompts);
    const held = this.#closeUp?.crop;
    // the last crop still serves: a click then costs one decoder pass
    if (held && holds(held, squareExtent(needed, this.#frame))) return held;
    return this.#cropFor(needed, this.#policy.clickMargin);
  }

  #cropFor(extent: Extent, margin: number): Crop | null {
    const crop = squareAround(extent, margin, this.#frame);
    return this.#pays(crop) ? crop : null;
  }

  #pays(crop: Crop): boolean {
    const { widthPx, heightPx } = this.#frame;
    return longerSide(crop) * this.#policy.leastGain <= Math.max(widthPx, heightPx);
  }

  async #look(crop: Crop, prompts: EnginePrompts): Promise<EnginePrediction> {
    const { widthPx } = this.#frame;
    const encoded = await this.#encode(crop);
    const { mask, timings } = await encoded.image.predict(cutPrompts(prompts, crop, widthPx));
    return {
      mask: pasteMask(mask, crop, this.#frame),
      candidates: [],
      timings: encoded.fresh ? sum(encoded.image.timings, timings) : timings,
    };
  }

  async #encode(crop: Crop): Promise<{ image: EngineImage; fresh: boolean }> {
    if (this.#closeUp && same(this.#closeUp.crop, crop)) {
      return { image: this.#closeUp.image, fresh: false };
    }
    const image = await this.#engine.setImage(cutFrame(this.#frame, crop));
    this.#forget();
    this.#closeUp = { crop, image };
    return { image, fresh: true };
  }

  #forget(): void {
    this.#closeUp?.image.close();
    this.#closeUp = null;
  }
}

const same = (a: Crop, b: Crop): boolean =>
  a.x0 === b.x0 && a.y0 === b.y0 && a.x1 === b.x1 && a.y1 === b.y1;

/** The box with all that the answer may hold: the previous mask and the foreground clicks. */
function extentAsked(prompts: EnginePrompts, widthPx: number): Extent {
  const [x0, y0, x1, y1] = prompts.box as Float32Array;
  const before = prompts.previous && extentOf(prompts.previous, widthPx);
  const [a0, b0, a1, b1] = before?.extent ?? [x0, y0, x1, y1];
  const both: Extent = [Math.min(x0, a0), Math.min(y0, b0), Math.max(x1, a1), Math.max(y1, b1)];
  return withPoints(both, prompts);
}

/** The extent with every foreground click in it. */
function withPoints([x0, y0, x1, y1]: Extent, { points }: EnginePrompts): Extent {
  const out: Extent = [x0, y0, x1, y1];
  for (let i = 0; i < points.length; i += 3) {
    const [x, y, label] = points.subarray(i, i + 3);
    if (label !== 1) continue;
    [out[0], out[1]] = [Math.min(out[0], x), Math.min(out[1], y)];
    [out[2], out[3]] = [Math.max(out[2], x), Math.max(out[3], y)];
  }
  return out;
}

/** What a crop must hold to be used again: the extent and a little around it. */
function squareExtent(extent: Extent, size: { widthPx: number; heightPx: number }): Extent {
  const { x0, y0, x1, y1 } = squareAround(extent, 1.15, size);
  return [x0, y0, x1, y1];
}

const sum = (a: EngineTimings, b: EngineTimings): EngineTimings => ({
  queueMs: a.queueMs + b.queueMs,
  preprocessMs: a.preprocessMs + b.preprocessMs,
  inferenceMs: a.inferenceMs + b.inferenceMs,
  postprocessMs: a.postprocessMs + b.postprocessMs,
  totalMs: a.totalMs + b.totalMs,
});
