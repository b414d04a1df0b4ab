import type { Frame } from '../../src/sdk/types.js';

/** A gray frame of zeros, with `change` over it. */
export const frame = (widthPx: number, heightPx: number, change: Partial<Frame> = {}): Frame => ({
  data: new Uint8Array(widthPx * heightPx),
  widthPx,
  heightPx,
  channels: 1,
  ...change,
});

/** A gray frame with smooth structure that moves with `phase`: deterministic, not flat, not noise. */
export function waves(widthPx: number, heightPx: number, phase = 0): Frame {
  const data = new Uint8Array(widthPx * heightPx);
  for (let i = 0; i < data.length; i++) {
    const [x, y] = [(i % widthPx) / widthPx, Math.floor(i / widthPx) / heightPx];
    data[i] = 128 + 60 * Math.sin(9 * x + phase) + 60 * Math.cos(7 * y - phase);
  }
  return { data, widthPx, heightPx, channels: 1 };
}

/** A disc's bitmap. */
export function disc(widthPx: number, heightPx: number, [cx, cy, r]: number[]): Uint8Array {
  return Uint8Array.from({ length: widthPx * heightPx }, (_, i) => {
    const [x, y] = [(i % widthPx) + 0.5, Math.floor(i / widthPx) + 0.5];
    return Math.hypot(x - cx, y - cy) <= r ? 1 : 0;
  });
}
