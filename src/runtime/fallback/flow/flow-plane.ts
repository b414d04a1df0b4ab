/** Images and flows of one level of the pyramid, as native/core/flow_plane holds them. */

/**
 * An image f32[h, w] with a margin of `pad` px on all sides, which `fillMargin` fills. Planes may lie in one array: a loop over
 * many planes is faster when the indices differ rather than the arrays.
 */
export class FlowPlane {
  readonly width: number;
  readonly height: number;
  readonly pad: number;
  /** Elements of `data` from one row to the next. */
  readonly stride: number;
  /** Perhaps shared with other planes. */
  readonly data: Float32Array;
  readonly #first: number;

  /** The plane that is number `index` of those of this size in `data`. */
  constructor(
    width: number,
    height: number,
    pad: number,
    data = new Float32Array((width + 2 * pad) * (height + 2 * pad)),
    index = 0,
  ) {
    this.width = width;
    this.height = height;
    this.pad = pad;
    this.stride = width + 2 * pad;
    this.data = data;
    this.#first = (index * (height + 2 * pad) + pad) * this.stride + pad;
  }

  /** Planes in one array. */
  static many(count: number, width: number, height: number, pad: number): FlowPlane[] {
    const data = new Float32Array(count * (width + 2 * pad) * (height + 2 * pad));
    return Array.from(
      { length: count },
      (_, index) => new FlowPlane(width, height, pad, data, index),
    );
  }

  /** Index in `data` of pixel 0 of row y, −pad ≤ y < h + pad; columns −pad to w + pad − 1 may be read. */
  row(y: number): number {
    return this.#first + y * this.stride;
  }

  /** Repeats the border pixels into the margin. */
  fillMargin(): void {
    const { width, height, pad, stride, data } = this;
    for (let y = 0; y < height; y++) {
      const first = this.row(y);
      const last = first + width - 1;
      for (let x = 1; x <= pad; x++) {
        data[first - x] = data[first];
        data[last + x] = data[last];
      }
    }
    const top = this.row(0) - pad;
    const bottom = this.row(height - 1) - pad;
    for (let y = 1; y <= pad; y++) {
      data.copyWithin(top - y * stride, top, top + stride);
      data.copyWithin(bottom + y * stride, bottom, bottom + stride);
    }
  }
}

/** u8[h, w] into the top left of a plane that is at least as large; the border repeats. */
export function loadGray(gray: Uint8Array, width: number, height: number, plane: FlowPlane): void {
  const { data } = plane;
  for (let y = 0; y < plane.height; y++) {
    const from = Math.min(y, height - 1) * width;
    const to = plane.row(y);
    for (let x = 0; x < width; x++) data[to + x] = gray[from + x];
    data.fill(data[to + width - 1], to + width, to + plane.width);
  }
  plane.fillMargin();
}

/** Means of 2 × 2 px: f32[2h, 2w] → f32[h, w], margin filled. */
export function halvePlane(source: FlowPlane, half: FlowPlane): void {
  const { data, stride } = source;
  for (let y = 0; y < half.height; y++) {
    const to = half.row(y);
    let a = source.row(2 * y);
    for (let x = 0; x < half.width; x++, a += 2) {
      const b = a + stride;
      half.data[to + x] = 0.25 * (data[a] + data[a + 1] + (data[b] + data[b + 1]));
    }
  }
  half.fillMargin();
}

/** A flow of one level: x and y in px of that level's grid, f32[h, w] each, in one array. */
export interface FlowField {
  x: FlowPlane;
  y: FlowPlane;
}

export function flowField(width: number, height: number): FlowField {
  const [x, y] = FlowPlane.many(2, width, height, 0);
  return { x, y };
}

/** Bilinear read at (x, y) in pixel indices, held to the image. */
export function readPlane(plane: FlowPlane, x: number, y: number): number {
  const { width, height, data } = plane;
  const atX = Math.min(Math.max(x, 0), width - 1);
  const atY = Math.min(Math.max(y, 0), height - 1);
  const x0 = Math.min(Math.floor(atX), Math.max(width - 2, 0));
  const y0 = Math.min(Math.floor(atY), Math.max(height - 2, 0));
  const x1 = Math.min(x0 + 1, width - 1);
  const a = plane.row(y0);
  const b = plane.row(Math.min(y0 + 1, height - 1));
  const top = data[a + x0] + (atX - x0) * (data[a + x1] - data[a + x0]);
  const bottom = data[b + x0] + (atX - x0) * (data[b + x1] - data[b + x0]);
  return top + (atY - y0) * (bottom - top);
}

/** The top left f32[h, w, 2] of a flow, x first. */
export function writeFlow(flow: FlowField, width: number, height: number, out: Float32Array): void {
  const { data } = flow.x;
  for (let v = 0, i = 0; v < height; v++) {
    const x = flow.x.row(v);
    const y = flow.y.row(v);
    for (let u = 0; u < width; u++, i += 2) {
      out[i] = data[x + u];
      out[i + 1] = data[y + u];
    }
  }
}

/** The mean of f32[h, w, 2] over each 2^`scale` px square, in px of the level's grid. */
export function shrinkFlow(
  flowXy: Float32Array,
  width: number,
  height: number,
  scale: number,
  flow: FlowField,
): void {
  const step = 2 ** scale;
  for (let y = 0; y < flow.x.height; y++) {
    // The grid may reach beyond the image: there the nearest square counts.
    const y0 = Math.min(y, Math.floor((height - 1) / step)) * step;
    const y1 = Math.min(y0 + step, height);
    for (let x = 0; x < flow.x.width; x++) {
      const x0 = Math.min(x, Math.floor((width - 1) / step)) * step;
      const x1 = Math.min(x0 + step, width);
      let sumX = 0;
      let sumY = 0;
      for (let v = y0; v < y1; v++) {
        for (let i = 2 * (v * width + x0); i < 2 * (v * width + x1); i += 2) {
          sumX += flowXy[i];
          sumY += flowXy[i + 1];
        }
      }
      const weight = 1 / ((x1 - x0) * (y1 - y0) * step);
      flow.x.data[flow.x.row(y) + x] = sumX * weight;
      flow.y.data[flow.y.row(y) + x] = sumY * weight;
    }
  }
}
