import { FlowPlane, readPlane, type FlowField } from './flow-plane.js';

/** Side of a patch, px. */
export const PATCH_SIZE_PX = 8;
/** From one patch to the next, px. */
const PATCH_STRIDE_PX = 4;
/** Most steps of gradient descent per patch; it ends as soon as a step does not pay. */
const DESCENT_ITERATIONS = 8;
/** How much a patch that still differs is pulled back to where it began, as if that were known to 1 / √6 px. */
const PRIOR_WEIGHT = 1;
/** Gray levels² that a patch's Hessian gets per px: where there is no texture nothing moves. */
const DAMPING = 0.5;
/** A step shorter than this ends a descent, px. */
const SHORTEST_STEP_PX = 0.01;
const AREA = PATCH_SIZE_PX ** 2;

/** Sums over a patch of its difference, of that times the derivatives, and of its square. */
const [DIFFERENCE, TIMES_X, TIMES_Y, SQUARES] = [0, 1, 2, 3];

/** Patch positions along one axis: every stride, the last flush with the border. */
const patchCount = (length: number): number =>
  Math.ceil((length - PATCH_SIZE_PX) / PATCH_STRIDE_PX) + 1;

/** NaN becomes `least`. */
const hold = (value: number, least: number, most: number): number =>
  value > least ? (value < most ? value : most) : least;

/**
 * One level of dense inverse search (Kroeger et al., ECCV 2016, section 2.1): a grid of square patches of one image, each of
 * which looks for its place in the other by inverse compositional gradient descent, and the dense flow that they add up to.
 * Patches are compared less their means, so that a change of gain is no motion. As native/core/patch_search computes it.
 */
export class PatchSearch {
  /** The margin that `from` and `to` need. */
  static readonly MARGIN = PATCH_SIZE_PX + 2;

  readonly #width: number;
  readonly #height: number;
  readonly #columns: number;
  readonly #rows: number;
  readonly #gradientX: FlowPlane;
  readonly #gradientY: FlowPlane;
  readonly #weight: FlowPlane;
  readonly #sumX: FlowPlane;
  readonly #sumY: FlowPlane;
  // Of patch [row, column], in float64, so that what is compared later is what was computed:
  /** Top left, px. */
  readonly #x: Int32Array;
  readonly #y: Int32Array;
  /** The 2 × 2 Hessian. */
  readonly #hxx: Float64Array;
  readonly #hxy: Float64Array;
  readonly #hyy: Float64Array;
  /** The gradient's sums over the patch. */
  readonly #gx: Float64Array;
  readonly #gy: Float64Array;
  /** Where the search began, px. */
  readonly #startX: Float64Array;
  readonly #startY: Float64Array;
  /** The patch's flow, px. */
  readonly #ux: Float64Array;
  readonly #uy: Float64Array;
  /** Of that flow: what it leaves, and that times the gradient. */
  readonly #cost: Float64Array;
  readonly #bx: Float64Array;
  readonly #by: Float64Array;
  /** What `#compare` found. */
  readonly #sums = new Float64Array(4);

  /** For images of this size, at least a patch in both directions. Allocates here only. */
  constructor(width: number, height: number) {
    this.#width = width;
    this.#height = height;
    this.#columns = patchCount(width);
    this.#rows = patchCount(height);
    [this.#gradientX, this.#gradientY] = FlowPlane.many(2, width, height, 0);
    [this.#weight, this.#sumX, this.#sumY] = FlowPlane.many(3, width, height, 0);
    const count = this.#columns * this.#rows;
    this.#x = new Int32Array(count);
    this.#y = new Int32Array(count);
    const perPatch = (): Float64Array => new Float64Array(count);
    this.#hxx = perPatch();
    this.#hxy = perPatch();
    this.#hyy = perPatch();
    this.#gx = perPatch();
    this.#gy = perPatch();
    this.#startX = perPatch();
    this.#startY = perPatch();
    this.#ux = perPatch();
    this.#uy = perPatch();
    this.#cost = perPatch();
    this.#bx = perPatch();
    this.#by = perPatch();
    for (let i = 0; i < count; i++) {
      const column = i % this.#columns;
      const row = Math.floor(i / this.#columns);
      this.#x[i] = Math.min(column * PATCH_STRIDE_PX, width - PATCH_SIZE_PX);
      this.#y[i] = Math.min(row * PATCH_STRIDE_PX, height - PATCH_SIZE_PX);
    }
  }

  /**
   * Finds each patch of `from` in `to`, both f32[h, w] with a filled margin. The search starts at `coarser`, the flow of the
   * next coarser level (half the size), or at `initial`, a flow of this level's size, where that fits better (null: none).
   * Without `coarser` it starts at no motion, and patches try what their neighbours found.
   */
  search(
    from: FlowPlane,
    to: FlowPlane,
    coarser: FlowField | null,
    initial: FlowField | null,
  ): void {
    this.#derive(from);
    this.#prepare();
    for (let i = 0; i < this.#cost.length; i++) {
      const x = this.#x[i] + 0.5 * (PATCH_SIZE_PX - 1);
      const y = this.#y[i] + 0.5 * (PATCH_SIZE_PX - 1);
      const ux = coarser ? 2 * readPlane(coarser.x, 0.5 * x - 0.25, 0.5 * y - 0.25) : 0;
      const uy = coarser ? 2 * readPlane(coarser.y, 0.5 * x - 0.25, 0.5 * y - 0.25) : 0;
      this.#cost[i] = Infinity;
      this.#consider(from, to, i, ux, uy);
      if (initial) {
        this.#consider(from, to, i, readPlane(initial.x, x, y), readPlane(initial.y, x, y));
      }
      this.#descend(from, to, i);
      if (coarser) this.#regress(i);
    }
    // At the coarsest level nothing is known before, but what a neighbour found.
    if (!coarser) this.#propagate(from, to);
  }

  /**
   * The dense flow (section 2.2): each pixel's mean over the patches that cover it, those weighted down that do not explain
   * it: by 1 / max(1, gray levels of difference).
   */
  densify(from: FlowPlane, to: FlowPlane, flow: FlowField): void {
    const sums = this.#weight.data.fill(0);
    const own = from.data;
    const source = to.data;
    const { stride } = to;
    for (let i = 0; i < this.#cost.length; i++) {
      const px = this.#x[i];
      const py = this.#y[i];
      const ux = this.#ux[i];
      const uy = this.#uy[i];
      const x = Math.floor(px + ux);
      const y = Math.floor(py + uy);
      const fx = px + ux - x;
      const fy = py + uy - y;
      for (let v = 0; v < PATCH_SIZE_PX; v++) {
        const at = to.row(y + v) + x;
        const mine = from.row(py + v) + px;
        const weight = this.#weight.row(py + v) + px;
        const sumX = this.#sumX.row(py + v) + px;
        const sumY = this.#sumY.row(py + v) + px;
        let left = source[at] + fy * (source[at + stride] - source[at]);
        for (let k = 0; k < PATCH_SIZE_PX; k++) {
          const next = at + k + 1;
          const right = source[next] + fy * (source[next + stride] - source[next]);
          const difference = left + fx * (right - left) - own[mine + k];
          const share = 1 / Math.max(Math.abs(difference), 1);
          sums[weight + k] += share;
          sums[sumX + k] += share * ux;
          sums[sumY + k] += share * uy;
          left = right;
        }
      }
    }
    const { data } = flow.x;
    const width = this.#width;
    for (let v = 0; v < this.#height; v++) {
      const weight = this.#weight.row(v);
      const sumX = this.#sumX.row(v);
      const sumY = this.#sumY.row(v);
      const flowX = flow.x.row(v);
      const flowY = flow.y.row(v);
      for (let k = 0; k < width; k++) {
        data[flowX + k] = sums[sumX + k] / sums[weight + k];
        data[flowY + k] = sums[sumY + k] / sums[weight + k];
      }
    }
  }

  /** Sobel: a derivative across, a blur along. */
  #derive(from: FlowPlane): void {
    const { data, stride } = from;
    const gradient = this.#gradientX.data;
    const width = this.#width;
    for (let y = 0; y < this.#height; y++) {
      const gx = this.#gradientX.row(y);
      const gy = this.#gradientY.row(y);
      let b = from.row(y);
      for (let x = 0; x < width; x++, b++) {
        const a = b - stride;
        const c = b + stride;
        // Both share the corners' differences.
        const falling = data[c + 1] - data[a - 1];
        const rising = data[a + 1] - data[c - 1];
        gradient[gx + x] = (falling + rising + 2 * (data[b + 1] - data[b - 1])) * 0.125;
        gradient[gy + x] = (falling - rising + 2 * (data[c] - data[a])) * 0.125;
      }
    }
  }

  /** The Hessian of each patch. */
  #prepare(): void {
    const { data } = this.#gradientX;
    for (let i = 0; i < this.#cost.length; i++) {
      let gx = 0;
      let gy = 0;
      let xx = 0;
      let xy = 0;
      let yy = 0;
      for (let v = 0; v < PATCH_SIZE_PX; v++) {
        const rowX = this.#gradientX.row(this.#y[i] + v) + this.#x[i];
        const rowY = this.#gradientY.row(this.#y[i] + v) + this.#x[i];
        for (let k = 0; k < PATCH_SIZE_PX; k++) {
          const x = data[rowX + k];
          const y = data[rowY + k];
          gx += x;
          gy += y;
          xx += x * x;
          xy += x * y;
          yy += y * y;
        }
      }
      this.#gx[i] = gx;
      this.#gy[i] = gy;
      this.#hxx[i] = xx - (gx * gx) / AREA + DAMPING * AREA;
      this.#hxy[i] = xy - (gx * gy) / AREA;
      this.#hyy[i] = yy - (gy * gy) / AREA + DAMPING * AREA;
    }
  }

  /** Patch i against `to` at (ux, uy), into `#sums`. */
  #compare(from: FlowPlane, to: FlowPlane, i: number, ux: number, uy: number): void {
    const own = from.data;
    const source = to.data;
    const gradient = this.#gradientX.data;
    const px = this.#x[i];
    const py = this.#y[i];
    const x = Math.floor(px + ux);
    const y = Math.floor(py + uy);
    const fx = px + ux - x;
    const fy = py + uy - y;
    const { stride } = to;
    let d = 0;
    let dx = 0;
    let dy = 0;
    let dd = 0;
    for (let v = 0; v < PATCH_SIZE_PX; v++) {
      const at = to.row(y + v) + x;
      const mine = from.row(py + v) + px;
      const gx = this.#gradientX.row(py + v) + px;
      const gy = this.#gradientY.row(py + v) + px;
      let left = source[at] + fy * (source[at + stride] - source[at]);
      for (let k = 0; k < PATCH_SIZE_PX; k++) {
        const next = at + k + 1;
        const right = source[next] + fy * (source[next + stride] - source[next]);
        const difference = left + fx * (right - left) - own[mine + k];
        d += difference;
        dx += difference * gradient[gx + k];
        dy += difference * gradient[gy + k];
        dd += difference * difference;
        left = right;
      }
    }
    this.#sums[DIFFERENCE] = d;
    this.#sums[TIMES_X] = dx;
    this.#sums[TIMES_Y] = dy;
    this.#sums[SQUARES] = dd;
  }

  /** A patch stays in view by at least its border. */
  #holdX(i: number, ux: number): number {
    return hold(ux, -PATCH_SIZE_PX - this.#x[i], this.#width - this.#x[i]);
  }

  #holdY(i: number, uy: number): number {
    return hold(uy, -PATCH_SIZE_PX - this.#y[i], this.#height - this.#y[i]);
  }

  /** Takes (ux, uy) for patch i where that fits better than what it has; says whether it did. */
  #consider(from: FlowPlane, to: FlowPlane, i: number, ux: number, uy: number): boolean {
    const x = this.#holdX(i, ux);
    const y = this.#holdY(i, uy);
    const sums = this.#sums;
    this.#compare(from, to, i, x, y);
    const cost = sums[SQUARES] - (sums[DIFFERENCE] * sums[DIFFERENCE]) / AREA;
    if (!(cost < this.#cost[i])) return false;
    this.#ux[i] = x;
    this.#uy[i] = y;
    this.#cost[i] = cost;
    this.#bx[i] = sums[TIMES_X] - (sums[DIFFERENCE] * this.#gx[i]) / AREA;
    this.#by[i] = sums[TIMES_Y] - (sums[DIFFERENCE] * this.#gy[i]) / AREA;
    return true;
  }

  /** Gradient descent from the flow that the patch has. */
  #descend(from: FlowPlane, to: FlowPlane, i: number): void {
    const xx = this.#hxx[i];
    const xy = this.#hxy[i];
    const yy = this.#hyy[i];
    const scale = 1 / (xx * yy - xy * xy);
    const startX = this.#ux[i];
    const startY = this.#uy[i];
    const startCost = this.#cost[i];
    this.#startX[i] = startX;
    this.#startY[i] = startY;
    for (let step = 0; step <= DESCENT_ITERATIONS; step++) {
      const bx = this.#bx[i];
      const by = this.#by[i];
      const stepX = scale * (yy * bx - xy * by);
      const stepY = scale * (xx * by - xy * bx);
      if (stepX * stepX + stepY * stepY < SHORTEST_STEP_PX ** 2) return;
      const ux = this.#holdX(i, this.#ux[i] - stepX);
      const uy = this.#holdY(i, this.#uy[i] - stepY);
      const awayX = ux - startX;
      const awayY = uy - startY;
      if (awayX * awayX + awayY * awayY > AREA) {
        // A patch that runs away has lost its way (section 2.2): back to the start.
        this.#ux[i] = startX;
        this.#uy[i] = startY;
        this.#cost[i] = startCost;
        return;
      }
      if (step === DESCENT_ITERATIONS || !this.#consider(from, to, i, ux, uy)) return;
    }
  }

  /**
   * Tries each neighbour's flow, from the top left and back: a large motion that few patches found spreads to all. (At finer
   * levels this spreads errors where speckle decorrelates.)
   */
  #propagate(from: FlowPlane, to: FlowPlane): void {
    const columns = this.#columns;
    const last = this.#cost.length - 1;
    for (let step = -1; step <= 1; step += 2) {
      for (let n = 0; n <= last; n++) {
        const i = step < 0 ? n : last - n;
        const column = (i % columns) + step;
        const row = Math.floor(i / columns) + step;
        const cost = this.#cost[i];
        if (column >= 0 && column < columns) {
          this.#consider(from, to, i, this.#ux[i + step], this.#uy[i + step]);
        }
        if (row >= 0 && row < this.#rows) {
          const beside = i + step * columns;
          this.#consider(from, to, i, this.#ux[beside], this.#uy[beside]);
        }
        if (this.#cost[i] < cost) this.#descend(from, to, i);
      }
    }
  }

  /** A patch that still differs, or has little texture, keeps nearer to where it started. */
  #regress(i: number): void {
    const doubt = (PRIOR_WEIGHT * Math.max(this.#cost[i], 0)) / AREA;
    const xx = this.#hxx[i] + doubt;
    const yy = this.#hyy[i] + doubt;
    const xy = this.#hxy[i];
    const back = doubt / (xx * yy - xy * xy);
    const dx = this.#ux[i] - this.#startX[i];
    const dy = this.#uy[i] - this.#startY[i];
    this.#ux[i] -= back * (yy * dx - xy * dy);
    this.#uy[i] -= back * (xx * dy - xy * dx);
  }
}
