import type { DisFlow } from './dis-flow.js';
import { boxBlur3, LocalMatch } from './local-match.js';
import { Warp } from './warp.js';

/** A match below is taken as this: no evidence is ever infinitely bad. */
const LEAST_MATCH = 0.02;
/** Half the side of the box (three passes) that smooths what measurements are worth, px. */
const TRUST_RADIUS = 2;
/** The same of the boxes that blur the frames of a jump, one search after the other; 0: as they are. */
const JUMP_RADII = [6, 4, 2, 1, 0];
/** Gray level above which there is tissue. */
const DARK = 8;

export interface AnchoredFlowOptions {
  /** Variance that a step from frame to frame adds, px². */
  stepVariance: number;
  /** What a step adds beside that where the frames do not match: times ((1 − k) / k)³, px². */
  mismatchVariance: number;
  /** Variance of a flow measured straight into an anchor: times ((1 − k) / k)³, px². */
  anchorVariance: number;
  /** Mean match of the tissue of two frames below which the step is searched anew, from coarse to fine. */
  jumpMatch: number;
}

/** Chosen on synthetic cines of held-out patients whose speckle renews itself within a cycle. */
const DEFAULTS: AnchoredFlowOptions = {
  stepVariance: 0.005,
  mismatchVariance: 0.05,
  anchorVariance: 16,
  jumpMatch: 0.4,
};

/** What is known of the flow from one frame into one source. */
class Found {
  readonly flow: Float32Array;
  readonly match: Float32Array;
  readonly variance: Float32Array;

  constructor(cells: number) {
    this.flow = new Float32Array(2 * cells);
    this.match = new Float32Array(cells);
    this.variance = new Float32Array(cells);
  }
}

class Anchor {
  set = false;
  readonly gray: Uint8Array;
  /** Of the present frame. */
  readonly flow: Float32Array;
  readonly variance: Float32Array;
  /** Of the frame last followed. */
  readonly next: Found;

  constructor(cells: number) {
    this.gray = new Uint8Array(cells);
    this.flow = new Float32Array(2 * cells);
    this.variance = new Float32Array(cells);
    this.next = new Found(cells);
  }
}

/**
 * Where the tissue of the present frame was on earlier frames of a stream: on the frame before, and on up to `ANCHORS` frames
 * that the stream is anchored to (those whose masks a person drew).
 *
 * Flow chained from frame to frame is precise but drifts; flow measured straight into an anchor does not drift but fails while
 * the speckle has decorrelated, as between diastole and systole. Each pixel therefore keeps the flow to its anchor with a
 * variance, as a Kalman filter does: the chained flow predicts it, adding variance with every step; dense inverse search,
 * begun at the prediction, measures it; how well the anchor matches there (k, a local correlation) says how much the
 * measurement is worth. Where a beating heart comes back to its first phase, the drift is gone.
 *
 * A step over a whole contraction leaves little of the speckle that the search goes by. Where a step's frames match as badly as
 * that it is searched anew, first between frames that are blurred until only the anatomy shows, and from there between ever
 * sharper ones.
 *
 * A frame is first followed, then accepted, so that a caller whose other work fails can leave the stream where it was. The
 * same computation as native/core/anchored_flow. Allocates in its constructor only.
 *
 * @example
 * const stream = new AnchoredFlow(256);
 * stream.start(first);
 * stream.follow(second, search); // search: a DisFlow of 256 × 256 px
 * stream.accept();
 * stream.flow(1); // where the tissue of `second` was in `first`
 */
export class AnchoredFlow {
  static readonly ANCHORS = 2;
  /** The frame before, then the anchors. */
  static readonly SOURCES = 1 + AnchoredFlow.ANCHORS;

  readonly #side: number;
  readonly #options: AnchoredFlowOptions;
  #present: Uint8Array;
  #followed: Uint8Array;
  readonly #step: Found;
  readonly #anchors: Anchor[];
  readonly #warp: Warp;
  readonly #localMatch: LocalMatch;
  readonly #blurredFrom: Uint8Array;
  readonly #blurredTo: Uint8Array;
  // Scratch: gray levels of the frame and of a carried source, a predicted flow, a blur.
  readonly #frame: Float32Array;
  readonly #source: Float32Array;
  readonly #carried: Float32Array;
  readonly #predicted: Float32Array;
  readonly #blur: Float32Array;

  /** For gray frames u8[side, side]. */
  constructor(side: number, options: Partial<AnchoredFlowOptions> = {}) {
    const cells = side * side;
    this.#side = side;
    this.#options = { ...DEFAULTS, ...options };
    this.#present = new Uint8Array(cells);
    this.#followed = new Uint8Array(cells);
    this.#step = new Found(cells);
    this.#anchors = Array.from({ length: AnchoredFlow.ANCHORS }, () => new Anchor(cells));
    this.#warp = new Warp(side, side);
    this.#localMatch = new LocalMatch(side, side);
    this.#blurredFrom = new Uint8Array(cells);
    this.#blurredTo = new Uint8Array(cells);
    this.#frame = new Float32Array(cells);
    this.#source = new Float32Array(cells);
    this.#carried = new Float32Array(cells);
    this.#predicted = new Float32Array(2 * cells);
    this.#blur = new Float32Array(cells + side);
  }

  /** A stream begins with this frame, as anchor 0. */
  start(gray: Uint8Array): void {
    this.#present.set(gray);
    for (const anchor of this.#anchors) anchor.set = false;
    this.setAnchor(0);
  }

  /** The frame last accepted becomes anchor `index`, in place of what was there. */
  setAnchor(index: number): void {
    const anchor = this.#anchors[index];
    anchor.set = true;
    anchor.gray.set(this.#present);
    anchor.flow.fill(0);
    anchor.variance.fill(0);
  }

  /** Finds the flow of the next frame into all sources; `start` must have been called. */
  follow(gray: Uint8Array, search: DisFlow): void {
    const { stepVariance, mismatchVariance, jumpMatch } = this.#options;
    this.#followed.set(gray);
    this.#frame.set(gray);
    const { flow, match, variance } = this.#step;
    search.compute(gray, this.#present, flow);
    this.#match(this.#present, flow, match);
    if (meanOverTissue(match, gray) < jumpMatch) this.#searchJump(gray, search);
    for (let i = 0; i < match.length; i++) {
      variance[i] = stepVariance + mismatchVariance * doubt(match[i]);
    }
    for (const anchor of this.#anchors) if (anchor.set) this.#followAnchor(gray, search, anchor);
  }

  /** The frame last followed is the present one from here on. */
  accept(): void {
    [this.#present, this.#followed] = [this.#followed, this.#present];
    for (const anchor of this.#anchors) {
      if (!anchor.set) continue;
      anchor.flow.set(anchor.next.flow);
      anchor.variance.set(anchor.next.variance);
    }
  }

  /** Whether source `i` is there: the frame before always. */
  known(i: number): boolean {
    return i === 0 || this.#anchors[i - 1].set;
  }

  /** Of the frame last followed into source `i`: f32[side, side, 2] px, x first; overwritten by the next. */
  flow(i: number): Float32Array {
    return this.#found(i).flow;
  }

  /** How well source `i`, carried by that flow, matches the frame: f32[side, side], −1 to 1. */
  match(i: number): Float32Array {
    return this.#found(i).match;
  }

  /** Variance of that flow, px², f32[side, side]; of the frame before: what the step adds. */
  variance(i: number): Float32Array {
    return this.#found(i).variance;
  }

  /** Bytes of one for frames of this side. */
  static bytes(side: number): number {
    // Frames and anchors' pictures in bytes; in floats the step, the anchors, the places of a warp and the scratch.
    const floats = 4 + AnchoredFlow.ANCHORS * (3 + 4) + 3 + 3 + 2 + 1;
    const cells = side * side;
    return (
      cells * (4 + AnchoredFlow.ANCHORS) + Float32Array.BYTES_PER_ELEMENT * (cells * floats + side)
    );
  }

  #found(i: number): Found {
    return i === 0 ? this.#step : this.#anchors[i - 1].next;
  }

  #match(source: Uint8Array, flowXy: Float32Array, match: Float32Array): void {
    this.#source.set(source);
    this.#warp.setFlow(flowXy);
    this.#warp.carry(this.#source, this.#carried);
    this.#localMatch.compute(this.#frame, this.#carried, match);
  }

  /** The step between blurred frames, then ever sharper ones. */
  #searchJump(gray: Uint8Array, search: DisFlow): void {
    const { flow, match } = this.#step;
    let initial: Float32Array | undefined;
    for (const radius of JUMP_RADII) {
      this.#blurred(gray, radius, this.#blurredFrom);
      this.#blurred(this.#present, radius, this.#blurredTo);
      search.compute(this.#blurredFrom, this.#blurredTo, flow, initial);
      this.#predicted.set(flow);
      initial = this.#predicted;
    }
    this.#match(this.#present, flow, match);
  }

  #blurred(gray: Uint8Array, radius: number, out: Uint8Array): void {
    const side = this.#side;
    this.#source.set(gray);
    if (radius > 0) boxBlur3(side, side, radius, this.#source, this.#blur);
    for (let i = 0; i < out.length; i++) out[i] = this.#source[i] + 0.5;
  }

  #followAnchor(gray: Uint8Array, search: DisFlow, anchor: Anchor): void {
    const predicted = this.#predicted;
    const { flow, match, variance } = anchor.next;
    // Predict: the flow that the tissue had on the frame before, on top of this step's.
    this.#warp.setFlow(this.#step.flow);
    this.#warp.carryFlow(anchor.flow, predicted);
    this.#warp.carry(anchor.variance, variance);
    for (let i = 0; i < predicted.length; i++) predicted[i] += this.#step.flow[i];
    for (let i = 0; i < variance.length; i++) variance[i] += this.#step.variance[i];
    // Measure.
    search.compute(gray, anchor.gray, flow, predicted);
    this.#match(anchor.gray, flow, match);
    boxBlur3(this.#side, this.#side, TRUST_RADIUS, match, this.#blur);
    // Update: `flow` is the measurement until here.
    for (let i = 0; i < variance.length; i++) {
      const before = variance[i];
      const gain = before / (before + this.#options.anchorVariance * doubt(match[i]));
      for (let k = 2 * i; k < 2 * i + 2; k++) {
        flow[k] = predicted[k] + gain * (flow[k] - predicted[k]);
      }
      variance[i] = (1 - gain) * before;
    }
    this.#match(anchor.gray, flow, match);
  }
}

/** The mean of `match` over the tissue of `gray`; 1 where there is none. */
function meanOverTissue(match: Float32Array, gray: Uint8Array): number {
  let [sum, count] = [0, 0];
  for (let i = 0; i < match.length; i++) {
    if (gray[i] <= DARK) continue;
    sum += match[i];
    count += 1;
  }
  return count > 0 ? sum / count : 1;
}

/** ((1 − k) / k)³: 0 for a perfect match k, 1 at 0.5. */
function doubt(match: number): number {
  const k = Math.min(Math.max(match, LEAST_MATCH), 1);
  return ((1 - k) / k) ** 3;
}
