/** Carrying images by a flow, as native/core/warp does. */

/**
 * Carries images by a flow: out(p) = image(p + flow(p)), bilinear; beyond the border the border's value is read. The places
 * are found once and serve any number of images. Allocates in its constructor only.
 */
export class Warp {
  readonly #width: number;
  readonly #height: number;
  /** From a pixel to its neighbour; 0 where there is one column, or row, only. */
  readonly #right: number;
  readonly #below: number;
  /** Of each place the index of the top left of the four pixels, and how far it lies from there. */
  readonly #first: Int32Array;
  readonly #fx: Float32Array;
  readonly #fy: Float32Array;

  constructor(width: number, height: number) {
    this.#width = width;
    this.#height = height;
    this.#right = width > 1 ? 1 : 0;
    this.#below = height > 1 ? width : 0;
    this.#first = new Int32Array(width * height);
    this.#fx = new Float32Array(width * height);
    this.#fy = new Float32Array(width * height);
  }

  /** `flowXy` f32[h, w, 2] px, x first. */
  setFlow(flowXy: Float32Array): void {
    const width = this.#width;
    const height = this.#height;
    const lastX = Math.max(width - 2, 0);
    const lastY = Math.max(height - 2, 0);
    for (let y = 0, i = 0; y < height; y++) {
      for (let x = 0; x < width; x++, i++) {
        const atX = Math.min(Math.max(x + flowXy[2 * i], 0), width - 1);
        const atY = Math.min(Math.max(y + flowXy[2 * i + 1], 0), height - 1);
        const x0 = Math.min(Math.floor(atX), lastX);
        const y0 = Math.min(Math.floor(atY), lastY);
        this.#first[i] = y0 * width + x0;
        this.#fx[i] = atX - x0;
        this.#fy[i] = atY - y0;
      }
    }
  }

  /** f32[h, w] → f32[h, w]; must not be the same. */
  carry(image: Float32Array, out: Float32Array): void {
    this.#carry(image, 1, 0, out);
  }

  /** A flow f32[h, w, 2]: its two values are carried as two images. */
  carryFlow(flowXy: Float32Array, out: Float32Array): void {
    this.#carry(flowXy, 2, 0, out);
    this.#carry(flowXy, 2, 1, out);
  }

  /** One value of the `values` that each pixel has. */
  #carry(image: Float32Array, values: number, value: number, out: Float32Array): void {
    const first = this.#first;
    const right = this.#right * values;
    const below = this.#below * values;
    for (let i = 0; i < first.length; i++) {
      const a = first[i] * values + value;
      const b = a + below;
      const top = image[a] + this.#fx[i] * (image[a + right] - image[a]);
      const bottom = image[b] + this.#fx[i] * (image[b + right] - image[b]);
      out[i * values + value] = top + this.#fy[i] * (bottom - top);
    }
  }
}

/** Means of 2 × 2 cells: f32[2h, 2w] → f32[h, w] for a half of `width` × `height`. */
export function halveImage(
  image: Float32Array,
  width: number,
  height: number,
  out: Float32Array,
): void {
  for (let y = 0, i = 0; y < height; y++) {
    let a = 4 * y * width;
    for (let x = 0; x < width; x++, i++, a += 2) {
      const b = a + 2 * width;
      out[i] = 0.25 * (image[a] + image[a + 1] + (image[b] + image[b + 1]));
    }
  }
}

/** The same for a flow f32[2h, 2w, 2] px → f32[h, w, 2] px of the half grid. */
export function halveFlow(
  flowXy: Float32Array,
  width: number,
  height: number,
  out: Float32Array,
): void {
  for (let y = 0, i = 0; y < height; y++) {
    let a = 8 * y * width;
    for (let x = 0; x < width; x++, a += 4) {
      const b = a + 4 * width;
      out[i++] = 0.125 * (flowXy[a] + flowXy[a + 2] + (flowXy[b] + flowXy[b + 2]));
      out[i++] = 0.125 * (flowXy[a + 1] + flowXy[a + 3] + (flowXy[b + 1] + flowXy[b + 3]));
    }
  }
}
