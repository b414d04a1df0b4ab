/** What of the picture is ultrasound: the fan, told from the still rest by its speckle. One estimate per geometry. */
import type { Frame } from '../sdk/types.js';

/** Frames looked at before the fan counts as known. */
const FRAMES = 30;
/** Change of a pixel over those frames, gray levels, from which on it is alive. */
const ALIVE = 12;
/** Neighbouring rows without a live pixel that do not yet end the fan. */
const GAP_ROWS = 8;
/** Share of the picture below which nothing was found: a still picture tells nothing. */
const LEAST_SHARE = 0.05;
/** A row's ends are taken where this share of its live pixels lies beyond: single noisy pixels do not widen the fan. */
const TRIM = 0.01;

/** For every row the span of the fan, half-open px; first = last where the row has none. */
export interface FanMask {
  readonly first: Uint16Array;
  readonly last: Uint16Array;
}

/** Whether a point (px) lies in the fan. */
export function isInFan({ first, last }: FanMask, x: number, y: number): boolean {
  const row = Math.min(Math.max(Math.floor(y), 0), first.length - 1);
  return x >= first[row] && x <= last[row];
}

/** A copy with everything outside of the fan black: names, dates and logos that are burnt into the picture. */
export function blankOutside({ data, widthPx, channels }: Frame, fan: FanMask): Uint8Array {
  const blanked = new Uint8Array(data.length);
  fan.first.forEach((first, y) => {
    const [from, to] = [first, fan.last[y]].map((x) => (y * widthPx + x) * channels);
    blanked.set(data.subarray(from, to), from);
  });
  return blanked;
}

/** Watches frames of one geometry until it knows the fan. */
export class FanEstimator {
  #lowest: Uint8Array | null = null;
  #highest: Uint8Array | null = null;
  #frames = 0;
  /** Null until enough frames were seen, and for a picture that does not move. */
  fan: FanMask | null = null;

  get isSettled(): boolean {
    return this.#frames >= FRAMES;
  }

  add({ data, widthPx, heightPx, channels }: Frame): void {
    if (this.isSettled) return;
    const count = widthPx * heightPx;
    this.#lowest ??= new Uint8Array(count).fill(255);
    this.#highest ??= new Uint8Array(count);
    for (let i = 0; i < count; i += 1) {
      const value = data[i * channels];
      if (value < this.#lowest[i]) this.#lowest[i] = value;
      if (value > this.#highest[i]) this.#highest[i] = value;
    }
    this.#frames += 1;
    if (!this.isSettled) return;
    this.fan = fanOf(this.#lowest, this.#highest, widthPx, heightPx);
    this.#lowest = this.#highest = null;
  }
}

/** Change u8[h, w] → the span of each row, made convex, over the largest run of rows that are alive. */
function fanOf(
  lowest: Uint8Array,
  highest: Uint8Array,
  width: number,
  height: number,
): FanMask | null {
  const spans: ([first: number, last: number] | null)[] = [];
  for (let y = 0; y < height; y += 1) {
    const alive: number[] = [];
    for (let x = 0; x < width; x += 1) {
      const i = y * width + x;
      if (highest[i] - lowest[i] >= ALIVE) alive.push(x);
    }
    const trim = Math.floor(TRIM * alive.length);
    spans.push(alive.length < 3 ? null : [alive[trim], alive[alive.length - 1 - trim] + 1]);
  }
  const [top, bottom] = largestRun(spans);
  const first = convexEdge(spans, [top, bottom], 0);
  const last = convexEdge(spans, [top, bottom], 1);
  const area = last.reduce((sum, x, y) => sum + x - first[y], 0);
  return area < LEAST_SHARE * width * height ? null : { first, last };
}

/** Rows [top, bottom) of the tallest block of live rows; text above or below is a block of its own. */
function largestRun(spans: readonly unknown[]): [top: number, bottom: number] {
  let best: [number, number] = [0, 0];
  let top = -1;
  let end = -1;
  const close = (): void => {
    if (top >= 0 && end - top > best[1] - best[0]) best = [top, end];
  };
  spans.forEach((span, y) => {
    if (!span) return;
    if (top < 0 || y - end > GAP_ROWS) {
      close();
      top = y;
    }
    end = y + 1;
  });
  close();
  return best;
}

/** The hull's left (side 0) or right (side 1) edge, one x per row, by the monotone chain over the rows' ends. */
function convexEdge(
  spans: readonly ([number, number] | null)[],
  [top, bottom]: [number, number],
  side: 0 | 1,
): Uint16Array {
  const sign = side === 0 ? 1 : -1;
  const chain: [y: number, x: number][] = [];
  for (let y = top; y < bottom; y += 1) {
    const span = spans[y];
    if (!span) continue;
    const point: [number, number] = [y, span[side]];
    while (chain.length >= 2) {
      const [[y0, x0], [y1, x1]] = chain.slice(-2);
      const turn = (x1 - x0) * (point[0] - y0) - (point[1] - x0) * (y1 - y0);
      if (sign * turn < 0) break;
      chain.pop();
    }
    chain.push(point);
  }
  const edge = new Uint16Array(spans.length);
  for (let i = 0; i + 1 < chain.length; i += 1) {
    const [[y0, x0], [y1, x1]] = [chain[i], chain[i + 1]];
    for (let y = y0; y <= y1; y += 1) {
      const x = x0 + ((x1 - x0) * (y - y0)) / (y1 - y0);
      edge[y] = side === 0 ? Math.floor(x) : Math.ceil(x);
    }
  }
  return edge;
}
