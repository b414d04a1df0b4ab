import { FlowPlane, type FlowField } from './flow-plane.js';

/** Added to the squared gradient by which a constraint is normalised, gray levels². */
const GRADIENT2 = 0.01;
/** Half the side of the window of the confidence, px. */
const RADIUS = 2;
const WINDOW_AREA = (2 * RADIUS + 1) ** 2;
/** Added to the mean squared gradient of the confidence, gray levels². */
const TEXTURE2 = 0.1;
/** How much a mismatch left by the search weakens the data terms around it; the paper has no such weight. */
const NOISE_WEIGHT = 3;

/** A linear constraint of each pixel: t + x · du + y · dv = 0, in px. */
export interface Constraint {
  x: FlowPlane;
  y: FlowPlane;
  t: FlowPlane;
}

/** What one colour of the checkerboard is held to: that gray levels, and their derivatives in x and y, stay constant. */
export interface ColourConstraints {
  gray: Constraint;
  across: Constraint;
  down: Constraint;
}

/**
 * Linearises the data terms of `FlowRefinement` about a flow: warps an image, derives, normalises each constraint by its
 * gradient (so that t is a distance), and weighs it by a confidence. As native/core/flow_constraints computes it.
 */
export class FlowConstraints {
  readonly #width: number;
  readonly #height: number;
  /** Of `from` and the warped `to`. All planes lie in one array. */
  readonly #mean: FlowPlane;
  readonly #change: FlowPlane;
  /** Derivatives of the mean. */
  readonly #gx: FlowPlane;
  readonly #gy: FlowPlane;
  readonly #confidence: FlowPlane;
  /** Sums over the rows of a window, [w + 2 · radius]. */
  readonly #textures: Float64Array;
  readonly #changes: Float64Array;
  readonly #squares: Float64Array;

  /** For images of this size with an even width. Allocates here only. */
  constructor(width: number, height: number) {
    this.#width = width;
    this.#height = height;
    [this.#mean, this.#change, this.#gx, this.#gy, this.#confidence] = FlowPlane.many(
      5,
      width,
      height,
      RADIUS,
    );
    this.#textures = new Float64Array(width + 2 * RADIUS);
    this.#changes = new Float64Array(width + 2 * RADIUS);
    this.#squares = new Float64Array(width + 2 * RADIUS);
  }

  /** About `flow` of `from` into `to`, f32[h, w] all; both images have a margin of at least 1. */
  linearise(from: FlowPlane, to: FlowPlane, flow: FlowField): void {
    this.#warp(from, to, flow);
    this.#derive();
    this.#findConfidence();
  }

  /**
   * The constraints of the pixels (2k + (row + colour) mod 2, row), element k of each row; all planes of `out` in one array.
   * They are divided by the length of their gradient, and take the confidence.
   */
  pick(colour: number, out: ColourConstraints): void {
    const { data, stride } = this.#change;
    const target = out.gray.x.data;
    const count = this.#width / 2;
    for (let y = 0; y < this.#height; y++) {
      const first = (y + colour) & 1;
      let gx = this.#gx.row(y) + first;
      let gy = this.#gy.row(y) + first;
      let change = this.#change.row(y) + first;
      let confidence = this.#confidence.row(y) + first;
      const grayX = out.gray.x.row(y);
      const grayY = out.gray.y.row(y);
      const grayT = out.gray.t.row(y);
      const acrossX = out.across.x.row(y);
      const acrossY = out.across.y.row(y);
      const acrossT = out.across.t.row(y);
      const downX = out.down.x.row(y);
      const downY = out.down.y.row(y);
      const downT = out.down.t.row(y);
      for (let k = 0; k < count; k++, gx += 2, gy += 2, change += 2, confidence += 2) {
        const ix = data[gx];
        const iy = data[gy];
        const gray = data[confidence] / Math.sqrt(ix * ix + iy * iy + GRADIENT2);
        target[grayX + k] = gray * ix;
        target[grayY + k] = gray * iy;
        target[grayT + k] = gray * data[change];

        const xx = 0.5 * (data[gx + 1] - data[gx - 1]);
        const xy = 0.5 * (data[gx + stride] - data[gx - stride]);
        const across = data[confidence] / Math.sqrt(xx * xx + xy * xy + GRADIENT2);
        target[acrossX + k] = across * xx;
        target[acrossY + k] = across * xy;
        target[acrossT + k] = across * 0.5 * (data[change + 1] - data[change - 1]);

        const yx = 0.5 * (data[gy + 1] - data[gy - 1]);
        const yy = 0.5 * (data[gy + stride] - data[gy - stride]);
        const down = data[confidence] / Math.sqrt(yx * yx + yy * yy + GRADIENT2);
        target[downX + k] = down * yx;
        target[downY + k] = down * yy;
        target[downT + k] = down * 0.5 * (data[change + stride] - data[change - stride]);
      }
    }
  }

  /** Fills `#mean` and `#change`. */
  #warp(from: FlowPlane, to: FlowPlane, flow: FlowField): void {
    const own = from.data;
    const source = to.data;
    const { stride } = to;
    const moved = flow.x.data;
    const { data } = this.#mean;
    const width = this.#width;
    const lastX = width - 1;
    const lastY = this.#height - 1;
    for (let y = 0; y < this.#height; y++) {
      const mine = from.row(y);
      const u = flow.x.row(y);
      const v = flow.y.row(y);
      const mean = this.#mean.row(y);
      const change = this.#change.row(y);
      for (let x = 0; x < width; x++) {
        const atX = Math.min(Math.max(0, x + moved[u + x]), lastX);
        const atY = Math.min(Math.max(0, y + moved[v + x]), lastY);
        const x0 = Math.floor(atX);
        const y0 = Math.floor(atY);
        const a = to.row(y0) + x0;
        const b = a + stride;
        const top = source[a] + (atX - x0) * (source[a + 1] - source[a]);
        const bottom = source[b] + (atX - x0) * (source[b + 1] - source[b]);
        const warped = top + (atY - y0) * (bottom - top);
        data[mean + x] = 0.5 * (warped + own[mine + x]);
        data[change + x] = warped - own[mine + x];
      }
    }
    this.#mean.fillMargin();
    this.#change.fillMargin();
  }

  /** Fills `#gx` and `#gy`: (1, −8, 0, 8, −1) / 12, as Brox et al. do. */
  #derive(): void {
    const { data, stride } = this.#mean;
    const width = this.#width;
    for (let y = 0; y < this.#height; y++) {
      const gx = this.#gx.row(y);
      const gy = this.#gy.row(y);
      let at = this.#mean.row(y);
      for (let x = 0; x < width; x++, at++) {
        const across = data[at + 1] - data[at - 1];
        const down = data[at + stride] - data[at - stride];
        data[gx + x] = (8 * across - (data[at + 2] - data[at - 2])) * (1 / 12);
        data[gy + x] = (8 * down - (data[at + 2 * stride] - data[at - 2 * stride])) * (1 / 12);
      }
    }
    this.#gx.fillMargin();
    this.#gy.fillMargin();
  }

  /** Fills `#confidence`. */
  #findConfidence(): void {
    const { data } = this.#confidence;
    const width = this.#width;
    const textures = this.#textures.fill(0);
    const changes = this.#changes.fill(0);
    const squares = this.#squares.fill(0);
    // The windows of a row are those of the row before, but for the rows that enter and leave.
    for (let v = -RADIUS; v < RADIUS; v++) this.#addRow(v, 1);
    for (let y = 0; y < this.#height; y++) {
      this.#addRow(y + RADIUS, 1);
      const confidence = this.#confidence.row(y);
      let texture = 0;
      let change = 0;
      let square = 0;
      for (let x = 0; x < 2 * RADIUS; x++) {
        texture += textures[x];
        change += changes[x];
        square += squares[x];
      }
      for (let x = 0; x < width; x++) {
        texture += textures[x + 2 * RADIUS];
        change += changes[x + 2 * RADIUS];
        square += squares[x + 2 * RADIUS];
        const mean = change / WINDOW_AREA;
        const noise = Math.max(square / WINDOW_AREA - mean * mean, 0);
        const gradient = texture / WINDOW_AREA + TEXTURE2;
        data[confidence + x] = gradient / (gradient + NOISE_WEIGHT * noise);
        texture -= textures[x];
        change -= changes[x];
        square -= squares[x];
      }
      this.#addRow(y - RADIUS, -1);
    }
  }

  /** Adds `sign` times row v, margin included, to the sums of the windows. */
  #addRow(v: number, sign: number): void {
    const { data } = this.#change;
    const textures = this.#textures;
    const changes = this.#changes;
    const squares = this.#squares;
    const gx = this.#gx.row(v) - RADIUS;
    const gy = this.#gy.row(v) - RADIUS;
    const change = this.#change.row(v) - RADIUS;
    for (let x = 0; x < textures.length; x++) {
      const across = data[gx + x];
      const down = data[gy + x];
      const difference = data[change + x];
      textures[x] += sign * (across * across + down * down);
      changes[x] += sign * difference;
      squares[x] += sign * difference * difference;
    }
  }
}
