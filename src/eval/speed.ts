/** How fast a device is: whole calls of the SDK as a caller sees them. */
import type { Device } from '../sdk/device.js';
import { Mask } from '../sdk/mask.js';
import type { Frame, ObjectMask, Prompts } from '../sdk/types.js';
import { quantile } from './figures.js';

export interface SpeedOptions {
  /** Timed calls of each kind, ≥ 1; `WARM_UP` more before them are not counted. */
  rounds: number;
  /** Object counts to track, 1–10 each. */
  objects: readonly number[];
}

export interface CallSpeed {
  /** `setImage`, `predict` (the first click), `predict again` (with the mask before), `track N`. */
  call: string;
  calls: number;
  p50Ms: number;
  p95Ms: number;
  p99Ms: number;
}

const WARM_UP = 5;
const COLUMNS = 5;
/** Radius of an object, in widths of the frame. */
const RADIUS = 0.07;

/** Object k of up to ten: a disc, in rows of five. */
export function disc(k: number, { widthPx, heightPx }: Frame): ObjectMask {
  const x = (0.14 + 0.18 * (k % COLUMNS)) * widthPx;
  const y = (k < COLUMNS ? 0.35 : 0.7) * heightPx;
  const bitmap = new Uint8Array(widthPx * heightPx);
  for (let i = 0; i < bitmap.length; i++) {
    const distance = Math.hypot((i % widthPx) - x, Math.floor(i / widthPx) - y);
    bitmap[i] = distance < RADIUS * widthPx ? 1 : 0;
  }
  return { id: k + 1, mask: Mask.fromBitmap(bitmap, widthPx, heightPx) };
}

/** Frame `i` of an endless stream of these, at least two: there and back, so that the motion never jumps. */
export function thereAndBack<T>(frames: readonly T[], i: number): T {
  const last = frames.length - 1;
  const at = i % (2 * last);
  return frames[at <= last ? at : 2 * last - at];
}

/**
 * Times each kind of call, one after the other on one device. `frames`, at least two of one size, are gone through there and
 * back. `onCall` is told of each timed call.
 * @throws what the device throws
 */
export async function measureSpeed(
  device: Device,
  frames: readonly Frame[],
  { rounds, objects }: SpeedOptions,
  onCall: () => void = () => undefined,
): Promise<CallSpeed[]> {
  const frameAt = (i: number): Frame => thereAndBack(frames, i);
  const time = async (call: string, once: (i: number) => Promise<unknown>): Promise<CallSpeed> => {
    const ms: number[] = [];
    for (let i = 0; i < WARM_UP + rounds; i++) {
      const began = performance.now();
      await once(i);
      if (i < WARM_UP) continue;
      ms.push(performance.now() - began);
      onCall();
    }
    const [p50Ms, p95Ms, p99Ms] = [0.5, 0.95, 0.99].map((q) => quantile(ms, q));
    return { call, calls: ms.length, p50Ms, p95Ms, p99Ms };
  };

  const { widthPx, heightPx } = frames[0];
  const centre = { x: widthPx / 2, y: heightPx / 2, label: 1 } as const;
  const beside = { x: widthPx / 2, y: heightPx / 4, label: 0 } as const;
  const results: CallSpeed[] = [];
  let image = await device.setImage(frames[0]);
  const encode = async (i: number): Promise<void> => {
    image.close();
    image = await device.setImage(frameAt(i));
  };
  results.push(await time('setImage', encode));
  const mask = await image.predict({ points: [centre] });
  results.push(await time('predict', () => image.predict({ points: [centre] })));
  const again: Prompts = { points: [centre, beside], previous: mask };
  results.push(await time('predict again', () => image.predict(again)));
  image.close();
  for (const count of objects) {
    const tracker = await device.createTracker({ historyFrames: 0 });
    const marked = Array.from({ length: count }, (_, k) => disc(k, frames[0]));
    await tracker.start(frames[0], marked);
    results.push(await time(`track ${count}`, (i) => tracker.track(frameAt(i + 1))));
    await tracker.close();
  }
  return results;
}
