/**
 * Further looks (FocalClick, Chen et al. 2022; RITM, Sofiiuk et al. 2022): a first answer goes back into the decoder as the
 * previous mask; where the object is small and compact clicks are answered from a crop around it, which gives the object more
 * of the model's input; a box gets a third look, at the mirror image, and a fourth where the answer is doubtful. What follows
 * was chosen by measurement (docs/explanation/zoom.md).
 *
 * What they cost: a first click one decoder pass more, and an encoder pass for each new crop; a box two decoder passes and one
 * encoder pass more (none for the same view again), a doubtful one that may be cropped another of both.
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
import { mirrorFrame, mirrorMask, mirrorPrompts } from './mirror.js';
import { SerialQueue } from './serial-queue.js';

/** Never, for boxes, or for boxes and clicks. */
export const ZOOM_MODES = ['off', 'box', 'box-and-clicks'] as const satisfies ZoomMode[];
export type ZoomMode = 'off' | 'box' | 'box-and-clicks';

export interface ZoomPolicy {
  /** Side of the crop in which an answer to a box is corrected, in longer sides of the box. */
  boxMargin: number;
  /** Side of the crop around a mask, in longer sides of the mask. */
  clickMargin: number;
  /** Least enlargement that is worth an encoder pass. */
  leastGain: number;
  /** Side of the crop of a box's last look, in longer sides of the box. */
  lastMargin: number;
  /** Least enlargement for which the last look is at a crop: that look is encoded anew anyway. */
  lastGain: number;
  /** Below this score an answer to a box is doubtful: a crop would only elaborate what may be the wrong object. */
  leastScore: number;
  /** Least share of its box that a mask must fill: a crop hurts thin shapes. */
  leastFill: number;
}

export const ZOOM_POLICY: ZoomPolicy = {
  boxMargin: 1.8,
  clickMargin: 2,
  leastGain: 2.5,
  lastMargin: 1.4,
  lastGain: 1.25,
  leastScore: 0.65,
  leastFill: 0.35,
};

/** What is encoded beside the whole frame: a crop of it, or all of it, as it is or as a mirror shows it. */
interface View {
  crop: Crop;
  mirrored: boolean;
}

/** An encoded frame that looks again. Behaves as the image that it wraps, and owns it. */
export class ZoomImage implements EngineImage {
  readonly timings: EngineTimings;
  readonly #engine: Pick<Engine, 'setImage'>;
  readonly #whole: EngineImage;
  readonly #frame: EngineFrame;
  readonly #mode: Exclude<ZoomMode, 'off'>;
  readonly #policy: ZoomPolicy;
  /** One prediction at a time: they share the view below. */
  readonly #queue = new SerialQueue();
  #held: { view: View; image: EngineImage } | null = null;

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
    if (previous) return this.#ask(this.#cropToCorrect(previous, prompts), prompts);
    const first = await this.#whole.predict(prompts);
    if (box) return this.#answerBox(first, prompts);
    if (!first.mask.areaPx) return first;
    const found = first.mask.bitmap;
    const second = await this.#ask(this.#cropAround(found, prompts), {
      ...prompts,
      previous: found,
    });
    return { ...second, timings: sum(first.timings, second.timings) };
  }

  /**
   * More looks, each with the answer before it: at the whole frame again; at the mirror image of a crop, or of the frame where
   * a crop is hardly smaller. After a doubtful answer at the mirror image of the frame first, then at the crop as it is.
   * All this also where nothing was found yet: the crop may show what is too small for the frame.
   */
  async #answerBox(first: EnginePrediction, prompts: EnginePrompts): Promise<EnginePrediction> {
    const { widthPx, heightPx } = this.#frame;
    const { lastMargin, lastGain, leastScore } = this.#policy;
    const close = this.#cropFor(extentAsked(prompts, widthPx), lastMargin, lastGain);
    const again = (before: EnginePrediction): EnginePrompts => ({
      ...prompts,
      previous: before.mask.bitmap,
    });
    const second = await this.#whole.predict(again(first));
    const sure = second.mask.score >= leastScore;
    const all = { x0: 0, y0: 0, x1: widthPx, y1: heightPx };
    const crop = (sure && close) || all;
    const third = await this.#look({ crop, mirrored: true }, again(second));
    const looks = [first, second, third];
    if (close && !sure)
      looks.push(await this.#look({ crop: close, mirrored: false }, again(third)));
    const timings = looks.map((look) => look.timings).reduce(sum);
    return { ...looks[looks.length - 1], timings };
  }

  #ask(crop: Crop | null, prompts: EnginePrompts): Promise<EnginePrediction> {
    return crop ? this.#look({ crop, mirrored: false }, prompts) : this.#whole.predict(prompts);
  }

  #cropToCorrect(previous: Uint8Array, prompts: EnginePrompts): Crop | null {
    const { boxMargin, leastGain } = this.#policy;
    return prompts.box
      ? this.#cropFor(extentAsked(prompts, this.#frame.widthPx), boxMargin, leastGain)
      : this.#cropAround(previous, prompts);
  }

  /** The crop for correcting this mask, or null where looking closely would not pay. */
  #cropAround(mask: Uint8Array, prompts: EnginePrompts): Crop | null {
    const found = extentOf(mask, this.#frame.widthPx);
    if (!found) return null;
    const [x0, y0, x1, y1] = found.extent;
    if (found.areaPx < this.#policy.leastFill * (x1 - x0) * (y1 - y0)) return null;
    const needed = withPoints(found.extent, prompts);
    const { clickMargin, leastGain } = this.#policy;
    const { crop, mirrored } = this.#held?.view ?? {};
    // the last crop still serves: a click then costs one decoder pass
    if (crop && !mirrored && this.#pays(crop, leastGain)) {
      if (holds(crop, squareExtent(needed, this.#frame))) return crop;
    }
    return this.#cropFor(needed, clickMargin, leastGain);
  }

  #cropFor(extent: Extent, margin: number, leastGain: number): Crop | null {
    const crop = squareAround(extent, margin, this.#frame);
    return this.#pays(crop, leastGain) ? crop : null;
  }

  #pays(crop: Crop, leastGain: number): boolean {
    const { widthPx, heightPx } = this.#frame;
    return longerSide(crop) * leastGain <= Math.max(widthPx, heightPx);
  }

  async #look(view: View, prompts: EnginePrompts): Promise<EnginePrediction> {
    const { crop, mirrored } = view;
    const cropWidthPx = crop.x1 - crop.x0;
    const encoded = await this.#encode(view);
    const inside = cutPrompts(prompts, crop, this.#frame.widthPx);
    const given = mirrored ? mirrorPrompts(inside, cropWidthPx) : inside;
    const { mask, timings } = await encoded.image.predict(given);
    return {
      mask: pasteMask(mirrored ? mirrorMask(mask, cropWidthPx) : mask, crop, this.#frame),
      candidates: [],
      timings: encoded.fresh ? sum(encoded.image.timings, timings) : timings,
    };
  }

  async #encode(view: View): Promise<{ image: EngineImage; fresh: boolean }> {
    if (this.#held && same(this.#held.view, view)) return { image: this.#held.image, fresh: false };
    const cut = cutFrame(this.#frame, view.crop);
    const image = await this.#engine.setImage(view.mirrored ? mirrorFrame(cut) : cut);
    this.#forget();
    this.#held = { view, image };
    return { image, fresh: true };
  }

  #forget(): void {
    this.#held?.image.close();
    this.#held = null;
  }
}

const same = (a: View, b: View): boolean =>
  a.mirrored === b.mirrored &&
  a.crop.x0 === b.crop.x0 &&
  a.crop.y0 === b.crop.y0 &&
  a.crop.x1 === b.crop.x1 &&
  a.crop.y1 === b.crop.y1;

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
