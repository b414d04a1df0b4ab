import type { Frame, FrameMeta, TrackedObject } from '../sdk/types.js';

/** A frame that went through the session, with the objects found on it. */
export interface FrameRecord {
  readonly meta: FrameMeta;
  readonly pixels: Frame;
  objects: readonly TrackedObject[];
}

/** The cine: the latest frames, oldest first, bounded by the time they span and by the memory they take. */
export class FrameHistory {
  readonly #records: FrameRecord[] = [];
  readonly #spanNs: bigint;
  /** Takes effect with the next record. */
  maxBytes: number;

  constructor({ seconds, maxBytes }: { seconds: number; maxBytes: number }) {
    this.#spanNs = BigInt(Math.round(seconds * 1e9));
    this.maxBytes = maxBytes;
  }

  /** The latest record stays, whatever its size. */
  push(record: FrameRecord): void {
    this.#records.push(record);
    const fromNs = record.meta.captureNs - this.#spanNs;
    let bytes = this.#records.reduce((sum, held) => sum + bytesOf(held), 0);
    while (
      this.#records.length > 1 &&
      (this.#records[0].meta.captureNs < fromNs || bytes > this.maxBytes)
    ) {
      bytes -= bytesOf(this.#records[0]);
      this.#records.shift();
    }
  }

  get length(): number {
    return this.#records.length;
  }

  get oldest(): FrameRecord | undefined {
    return this.#records[0];
  }

  get latest(): FrameRecord | undefined {
    return this.#records.at(-1);
  }

  find(frameId: number): FrameRecord | undefined {
    return this.#records.find((record) => record.meta.id === frameId);
  }

  /** The last record up to `frameId`; the oldest when all are later. */
  nearest(frameId: number): FrameRecord | undefined {
    return this.#records.findLast((record) => record.meta.id <= frameId) ?? this.#records[0];
  }

  /** The records that came after `record`, oldest first. */
  after(record: FrameRecord): FrameRecord[] {
    return this.#records.slice(this.#records.indexOf(record) + 1);
  }

  [Symbol.iterator](): IterableIterator<FrameRecord> {
    return this.#records.values();
  }

  clear(): void {
    this.#records.length = 0;
  }
}

/** A mask takes a byte a pixel. */
function bytesOf({ pixels, objects }: FrameRecord): number {
  return pixels.data.byteLength + objects.length * pixels.widthPx * pixels.heightPx;
}
