import { checkInteger, rangeError } from '../../validate.js';
import {
  flowField,
  FlowPlane,
  halvePlane,
  loadGray,
  shrinkFlow,
  writeFlow,
  type FlowField,
} from './flow-plane.js';
import { FlowRefinement } from './flow-refinement.js';
import { PATCH_SIZE_PX, PatchSearch } from './patch-search.js';

/** Times that the refinement renews its weights at full size; each halving of the image adds one. */
const REFINEMENT_ITERATIONS = 3;

/** Section 2.2: the scale at which the longer side is about 2.5 to 5 patches long, held to where a patch fits. */
function coarsestScale(width: number, height: number): number {
  const wanted = Math.log2((2 * Math.max(width, height)) / (5 * PATCH_SIZE_PX));
  const most = Math.log2(Math.min(width, height) / PATCH_SIZE_PX);
  return Math.max(0, Math.floor(Math.min(wanted, most)));
}

/** One scale of the pyramid. */
class Level {
  readonly from: FlowPlane;
  readonly to: FlowPlane;
  readonly search: PatchSearch;
  readonly refinement: FlowRefinement;
  readonly flow: FlowField;
  readonly initial: FlowField;

  constructor(width: number, height: number, scale: number) {
    this.from = new FlowPlane(width, height, PatchSearch.MARGIN);
    this.to = new FlowPlane(width, height, PatchSearch.MARGIN);
    this.search = new PatchSearch(width, height);
    this.refinement = new FlowRefinement(width, height, REFINEMENT_ITERATIONS + scale);
    this.flow = flowField(width, height);
    this.initial = flowField(width, height);
  }
}

/**
 * Dense optical flow by dense inverse search: T. Kroeger, R. Timofte, D. Dai, L. Van Gool, "Fast Optical Flow using Dense
 * Inverse Search", ECCV 2016. From the coarsest level of a pyramid to the image itself: `PatchSearch` finds sparse patches
 * from the flow of the level above and makes them dense, `FlowRefinement` refines the dense flow.
 *
 * The same computation as native/core/dis_flow with its default options, in float64 between float32 planes: the two differ
 * by rounding, and by hundredths of a pixel around a patch where that decides whether a step of its descent pays.
 * Allocates in its constructor only; deterministic.
 *
 * @example
 * const flow = new DisFlow(256, 256);
 * flow.compute(present, before, flowXy); // where the tissue of `present` was in `before`
 */
export class DisFlow {
  readonly #width: number;
  readonly #height: number;
  /** By scale; their sides are even, and at scale 0 the image is enlarged to that by repetition. */
  readonly #levels: Level[] = [];

  /** For images of this size. @throws TypeError or RangeError where a side is not an integer of at least 1 px. */
  constructor(width: number, height: number) {
    this.#width = checkInteger(width, 'width', [1, Number.MAX_SAFE_INTEGER]);
    this.#height = checkInteger(height, 'height', [1, Number.MAX_SAFE_INTEGER]);
    const coarsest = coarsestScale(width, height);
    // Every level then is exactly half of the one below, and of even width.
    const unit = 2 ** (coarsest + 1);
    const full = (side: number): number => Math.max(Math.ceil(side / unit) * unit, PATCH_SIZE_PX);
    for (let scale = 0; scale <= coarsest; scale++) {
      this.#levels.push(new Level(full(width) / 2 ** scale, full(height) / 2 ** scale, scale));
    }
  }

  /**
   * The flow f32[h, w, 2] into `flowXy`, x first, in px: from(x, y) ≈ to((x, y) + flow(x, y)). `from` and `to` are gray
   * u8[h, w]. Where `initial`, a flow like the result (say that of the frame before), fits a patch better than what the level
   * above found, the search begins there.
   * @throws RangeError for a buffer of another size.
   */
  compute(from: Uint8Array, to: Uint8Array, flowXy: Float32Array, initial?: Float32Array): void {
    const area = this.#width * this.#height;
    checkLength(from, 'from', area);
    checkLength(to, 'to', area);
    checkLength(flowXy, 'flowXy', 2 * area);
    if (initial) checkLength(initial, 'initial', 2 * area);
    const levels = this.#levels;
    loadGray(from, this.#width, this.#height, levels[0].from);
    loadGray(to, this.#width, this.#height, levels[0].to);
    for (let scale = 1; scale < levels.length; scale++) {
      halvePlane(levels[scale - 1].from, levels[scale].from);
      halvePlane(levels[scale - 1].to, levels[scale].to);
    }
    let coarser: FlowField | null = null;
    for (let scale = levels.length - 1; scale >= 0; scale--) {
      const level = levels[scale];
      if (initial) shrinkFlow(initial, this.#width, this.#height, scale, level.initial);
      level.search.search(level.from, level.to, coarser, initial ? level.initial : null);
      level.search.densify(level.from, level.to, level.flow);
      level.refinement.refine(level.from, level.to, level.flow);
      coarser = level.flow;
    }
    writeFlow(levels[0].flow, this.#width, this.#height, flowXy);
  }
}

function checkLength(value: Uint8Array | Float32Array, name: string, length: number): void {
  if (value.length !== length) throw rangeError(`${length} elements`, name, value);
}
