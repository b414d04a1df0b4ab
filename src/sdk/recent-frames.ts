import type { EngineFrame, EngineMask } from '../runtime/engine.js';
import { lumaOf } from '../runtime/luma.js';
import type { FrameMeta } from './types.js';

/** A frame that a tracker saw, as gray levels, and the objects on it. */
export interface RecentFrame {
  readonly meta: FrameMeta;
  readonly pixels: EngineFrame;
  /** 0, or 1 + the place in `ids` of the object that the pixel belongs to. */
  readonly labels: Uint8Array;
  readonly ids: number[];
}

interface Found {
  id: number;
  bitmap: Uint8Array;
  /** What the bitmap lies in. Default: the whole frame. */
  box?: EngineMask['box'];
}

/** The frames that a tracker saw last, oldest first, at most `capacity`: two bytes a pixel each, used again and again. */
export class RecentFrames {
  readonly #capacity: number;
  #frames: RecentFrame[] = [];
  #spare: Uint8Array[] = [];

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** Bytes that `capacity` frames of this size take. */
  bytes({ widthPx, heightPx }: { widthPx: number; heightPx: number }): number {
    return 2 * widthPx * heightPx * this.#capacity;
  }

  get oldest(): FrameMeta | undefined {
    return this.#frames.at(0)?.meta;
  }

  /** The frame's gray levels in memory of their own, as the models read them. */
  gray({ data, widthPx, heightPx, channels }: EngineFrame): EngineFrame {
    const gray = this.#buffer(widthPx * heightPx);
    if (channels === 1) gray.set(data);
    else lumaOf(data, 0, channels, gray);
    return { data: gray, widthPx, heightPx, channels: 1 };
  }

  /** `pixels` is taken over. */
  push(meta: FrameMeta, pixels: EngineFrame, objects: readonly Found[]): void {
    const labels = this.#buffer(pixels.data.length).fill(0);
    const frame = { meta, pixels, labels, ids: objects.map(({ id }) => id) };
    for (const object of objects) paint(frame, object);
    this.#frames.push(frame);
    if (this.#frames.length > this.#capacity) this.#drop(this.#frames.shift());
  }

  /** An object's mask on a frame is another one, or it is new there. */
  change(frameId: number, object: Found): void {
    const frame = this.#frames.findLast(({ meta }) => meta.id === frameId);
    if (frame) paint(frame, object);
  }

  /** An object that is followed no more, or whose id another one gets, was never there. */
  forget(id: number): void {
    for (const frame of this.#frames) {
      const label = frame.ids.indexOf(id) + 1;
      if (label === 0) continue;
      erase(frame.labels, label);
      frame.ids[label - 1] = -1;
    }
  }

  /** The frame of this id and all after it; null where it is not kept. */
  since(frameId: number): readonly [RecentFrame, ...RecentFrame[]] | null {
    const at = this.#frames.findLastIndex(({ meta }) => meta.id === frameId);
    return at < 0 ? null : (this.#frames.slice(at) as [RecentFrame, ...RecentFrame[]]);
  }

  clear(): void {
    for (const frame of this.#frames) this.#drop(frame);
    this.#frames = [];
  }

  #buffer(length: number): Uint8Array {
    const spare = this.#spare.pop();
    return spare?.length === length ? spare : new Uint8Array(length);
  }

  #drop(frame: RecentFrame | undefined): void {
    if (frame) this.#spare.push(frame.pixels.data, frame.labels);
  }
}

/** Objects on one frame do not overlap; the one painted last has the pixel. */
function paint({ pixels, labels, ids }: RecentFrame, { id, bitmap, box }: Found): void {
  const known = ids.indexOf(id) + 1;
  if (known) erase(labels, known);
  const label = known || ids.push(id);
  const { widthPx, heightPx } = pixels;
  const [x0, y0, x1, y1] = box ?? [0, 0, widthPx, heightPx];
  for (let y = y0; y < y1; y += 1) {
    for (let i = y * widthPx + x0; i < y * widthPx + x1; i += 1) if (bitmap[i]) labels[i] = label;
  }
}

function erase(labels: Uint8Array, label: number): void {
  for (let i = 0; i < labels.length; i += 1) if (labels[i] === label) labels[i] = 0;
}
