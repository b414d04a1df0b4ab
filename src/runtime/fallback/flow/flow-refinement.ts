import { FlowConstraints, type ColourConstraints, type Constraint } from './flow-constraints.js';
import { FlowPlane, type FlowField } from './flow-plane.js';

/** Sweeps over the linear system per iteration. */
const SWEEPS = 5;
/** α, weight of smoothness. Gray levels are 0–255. */
const ALPHA = 30;
/** δ, weight of constant gray levels. */
const DELTA = 5;
/** γ, weight of constant derivatives of the gray levels. */
const GAMMA = 10;
/** ε² of Ψ in the data terms, px². */
const DATA_EPSILON2 = 1e-6;
/** ε² of Ψ in the smoothness term: below such differences of neighbours it is quadratic, px². */
const SMOOTH_EPSILON2 = 0.015 ** 2;
/** Over-relaxation. */
const OMEGA = 1.6;

/** Planes of a `Colour`. */
const COLOUR_PLANES = 20;

/** Half of the pixels: pixel (2k + (row + colour) mod 2, row) is element k. */
class Colour {
  readonly constraints: ColourConstraints;
  /** The flow before. */
  readonly u0: FlowPlane;
  readonly v0: FlowPlane;
  readonly u: FlowPlane;
  readonly v: FlowPlane;
  /** Smoothness weight of the edge to the next pixel. */
  readonly right: FlowPlane;
  readonly below: FlowPlane;
  readonly a12: FlowPlane;
  readonly b1: FlowPlane;
  readonly b2: FlowPlane;
  readonly inverse1: FlowPlane;
  readonly inverse2: FlowPlane;

  constructor(planes: FlowPlane[]) {
    const constraint = (first: number): Constraint => {
      const [x, y, t] = planes.slice(first, first + 3);
      return { x, y, t };
    };
    this.constraints = { gray: constraint(0), across: constraint(3), down: constraint(6) };
    [this.u0, this.v0, this.u, this.v, this.right, this.below] = planes.slice(9);
    [this.a12, this.b1, this.b2, this.inverse1, this.inverse2] = planes.slice(15);
  }
}
/**
 * Variational refinement of one level's flow (Kroeger et al., ECCV 2016, section 2.3, after Brox et al., ECCV 2004): minimises
 * the sum over all pixels of
 *   c · (δ Ψ(E_I) + γ Ψ(E_G)) + α Ψ(E_S),  Ψ(a²) = √(a² + ε²),
 * where E_I and E_G are the squared mismatches of gray levels and of their derivatives, normalised by the local gradient, and
 * E_S = |∇u|² + |∇v|². One warp; the weights Ψ′ are renewed `iterations` times, each time followed by sweeps of red-black
 * successive over-relaxation. As native/core/flow_refinement computes it, which says what the confidence c is.
 */
export class FlowRefinement {
  /** Of a plane of one colour. */
  readonly #width: number;
  readonly #height: number;
  readonly #iterations: number;
  readonly #constraints: FlowConstraints;
  readonly #colours: readonly [Colour, Colour];
  /** Of all planes of the colours. */
  readonly #data: Float32Array;

  /** For images of this size; the width must be even. Allocates here only. */
  constructor(width: number, height: number, iterations: number) {
    this.#width = width / 2;
    this.#height = height;
    this.#iterations = iterations;
    this.#constraints = new FlowConstraints(width, height);
    // The margin of the weights is 0 and stays 0: there is no edge across the border.
    const planes = FlowPlane.many(2 * COLOUR_PLANES, this.#width, height, 1);
    this.#colours = [new Colour(planes), new Colour(planes.slice(COLOUR_PLANES))];
    this.#data = planes[0].data;
  }

  /** Refines `flow` f32[h, w], of `from` into `to`, in place; both have a margin of at least 1. */
  refine(from: FlowPlane, to: FlowPlane, flow: FlowField): void {
    this.#constraints.linearise(from, to, flow);
    for (let colour = 0; colour < 2; colour++) {
      this.#load(colour, flow);
      this.#constraints.pick(colour, this.#colours[colour].constraints);
    }
    for (let i = 0; i < this.#iterations; i++) {
      for (const { u, v } of this.#colours) {
        // Weights are 0 across the border, but what lies there is read.
        u.fillMargin();
        v.fillMargin();
      }
      for (let colour = 0; colour < 2; colour++) this.#weigh(colour);
      for (let colour = 0; colour < 2; colour++) this.#assemble(colour);
      // All sweeps at once, each colour a row behind the one before it: every row sees the values that whole sweeps would
      // show it, and is still in the cache.
      const passes = 2 * SWEEPS;
      for (let front = 0; front < this.#height + passes - 1; front++) {
        const first = Math.max(0, front - this.#height + 1);
        const last = Math.min(passes - 1, front);
        for (let pass = first; pass <= last; pass++) this.#sweepRow(pass & 1, front - pass);
      }
    }
    for (let colour = 0; colour < 2; colour++) this.#store(colour, flow);
  }

  #load(colour: number, flow: FlowField): void {
    const own = this.#colours[colour];
    const data = this.#data;
    const source = flow.x.data;
    const count = this.#width;
    for (let y = 0; y < this.#height; y++) {
      const first = (y + colour) & 1;
      const x = flow.x.row(y) + first;
      const down = flow.y.row(y) + first;
      const u = own.u.row(y);
      const v = own.v.row(y);
      const u0 = own.u0.row(y);
      const v0 = own.v0.row(y);
      for (let k = 0; k < count; k++) {
        data[u + k] = data[u0 + k] = source[x + 2 * k];
        data[v + k] = data[v0 + k] = source[down + 2 * k];
      }
    }
  }

  #store(colour: number, flow: FlowField): void {
    const own = this.#colours[colour];
    const data = this.#data;
    const target = flow.x.data;
    const count = this.#width;
    for (let y = 0; y < this.#height; y++) {
      const first = (y + colour) & 1;
      const x = flow.x.row(y) + first;
      const down = flow.y.row(y) + first;
      const u = own.u.row(y);
      const v = own.v.row(y);
      for (let k = 0; k < count; k++) {
        target[x + 2 * k] = data[u + k];
        target[down + 2 * k] = data[v + k];
      }
    }
  }

  /** The smoothness weights of the edges to the right and below, by forward differences. */
  #weigh(colour: number): void {
    const own = this.#colours[colour];
    const other = this.#colours[1 - colour];
    const data = this.#data;
    const count = this.#width;
    for (let y = 0; y < this.#height; y++) {
      const first = (y + colour) & 1;
      const u = own.u.row(y);
      const v = own.v.row(y);
      const uRight = other.u.row(y) + first;
      const vRight = other.v.row(y) + first;
      const uBelow = other.u.row(y + 1);
      const vBelow = other.v.row(y + 1);
      const right = own.right.row(y);
      const below = own.below.row(y);
      for (let k = 0; k < count; k++) {
        const ux = data[uRight + k] - data[u + k];
        const vx = data[vRight + k] - data[v + k];
        const uy = data[uBelow + k] - data[u + k];
        const vy = data[vBelow + k] - data[v + k];
        const square = ux * ux + vx * vx + uy * uy + vy * vy;
        data[right + k] = data[below + k] = ALPHA / Math.sqrt(square + SMOOTH_EPSILON2);
      }
      if (first === 1) data[right + count - 1] = 0;
      if (y === this.#height - 1) data.fill(0, below, below + count);
    }
  }

  /** The 2 × 2 system of each pixel, with its diagonal inverted. */
  #assemble(colour: number): void {
    const own = this.#colours[colour];
    const other = this.#colours[1 - colour];
    const { gray, across, down } = own.constraints;
    const data = this.#data;
    const count = this.#width;
    for (let y = 0; y < this.#height; y++) {
      const grayX = gray.x.row(y);
      const grayY = gray.y.row(y);
      const grayT = gray.t.row(y);
      const acrossX = across.x.row(y);
      const acrossY = across.y.row(y);
      const acrossT = across.t.row(y);
      const downX = down.x.row(y);
      const downY = down.y.row(y);
      const downT = down.t.row(y);
      const u = own.u.row(y);
      const v = own.v.row(y);
      const u0 = own.u0.row(y);
      const v0 = own.v0.row(y);
      const right = own.right.row(y);
      const below = own.below.row(y);
      const left = other.right.row(y) + ((y + colour) & 1) - 1;
      const above = other.below.row(y - 1);
      const a12 = own.a12.row(y);
      const b1 = own.b1.row(y);
      const b2 = own.b2.row(y);
      const inverse1 = own.inverse1.row(y);
      const inverse2 = own.inverse2.row(y);
      for (let k = 0; k < count; k++) {
        const uk = data[u0 + k];
        const vk = data[v0 + k];
        const du = data[u + k] - uk;
        const dv = data[v + k] - vk;
        const ix = data[grayX + k];
        const iy = data[grayY + k];
        const it = data[grayT + k];
        const ax = data[acrossX + k];
        const ay = data[acrossY + k];
        const at = data[acrossT + k];
        const dx = data[downX + k];
        const dy = data[downY + k];
        const dt = data[downT + k];
        const i = it + ix * du + iy * dv;
        const a = at + ax * du + ay * dv;
        const d = dt + dx * du + dy * dv;
        const wi = DELTA / Math.sqrt(i * i + DATA_EPSILON2);
        const wg = GAMMA / Math.sqrt(a * a + d * d + DATA_EPSILON2);
        const a11 = wi * ix * ix + wg * (ax * ax + dx * dx);
        const a22 = wi * iy * iy + wg * (ay * ay + dy * dy);
        const cross = wi * ix * iy + wg * (ax * ay + dx * dy);
        const t1 = wi * ix * it + wg * (ax * at + dx * dt);
        const t2 = wi * iy * it + wg * (ay * at + dy * dt);
        const edges = data[right + k] + data[left + k] + data[below + k] + data[above + k];
        data[a12 + k] = cross;
        // In terms of the whole flow rather than of its change.
        data[b1 + k] = a11 * uk + cross * vk - t1;
        data[b2 + k] = cross * uk + a22 * vk - t2;
        data[inverse1 + k] = OMEGA / (a11 + edges);
        data[inverse2 + k] = OMEGA / (a22 + edges);
      }
    }
  }

  /** One step of red-black successive over-relaxation for one row. */
  #sweepRow(colour: number, y: number): void {
    const own = this.#colours[colour];
    const other = this.#colours[1 - colour];
    const data = this.#data;
    const count = this.#width;
    const first = (y + colour) & 1;
    const u = own.u.row(y);
    const v = own.v.row(y);
    const uRight = other.u.row(y) + first;
    const vRight = other.v.row(y) + first;
    const uAbove = other.u.row(y - 1);
    const vAbove = other.v.row(y - 1);
    const uBelow = other.u.row(y + 1);
    const vBelow = other.v.row(y + 1);
    const right = own.right.row(y);
    const below = own.below.row(y);
    const left = other.right.row(y) + first - 1;
    const above = other.below.row(y - 1);
    const a12 = own.a12.row(y);
    const b1 = own.b1.row(y);
    const b2 = own.b2.row(y);
    const inverse1 = own.inverse1.row(y);
    const inverse2 = own.inverse2.row(y);
    let uLeft = data[uRight - 1];
    let vLeft = data[vRight - 1];
    for (let k = 0; k < count; k++) {
      const toRight = data[right + k];
      const toLeft = data[left + k];
      const toBelow = data[below + k];
      const toAbove = data[above + k];
      const uNext = data[uRight + k];
      const vNext = data[vRight + k];
      const sumU =
        toRight * uNext + toLeft * uLeft + toBelow * data[uBelow + k] + toAbove * data[uAbove + k];
      const sumV =
        toRight * vNext + toLeft * vLeft + toBelow * data[vBelow + k] + toAbove * data[vAbove + k];
      uLeft = uNext;
      vLeft = vNext;
      const cross = data[a12 + k];
      const oldV = data[v + k];
      const newU =
        (1 - OMEGA) * data[u + k] + data[inverse1 + k] * (sumU + data[b1 + k] - cross * oldV);
      data[u + k] = newU;
      data[v + k] = (1 - OMEGA) * oldV + data[inverse2 + k] * (sumV + data[b2 + k] - cross * newU);
    }
  }
}
