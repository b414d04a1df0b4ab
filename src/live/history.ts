import type { Frame, FrameMeta, TrackedObject } from '../sdk/types.js';

/** A frame that went through the session, with the objects found on it. */
export interface FrameRecord {
  readonly meta: FrameMeta;
  readonly pixels: Frame;
  objects: readonly TrackedObject[];
}

/** The latest frames, oldest first; bounded. */
export class FrameHistory {
  readonly #records: FrameRecord[] = [];
  readonly #capacity: number;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  push(record: FrameRecord): void {
    this.#records.push(record);
    if (this.#records.length > this.#capacity) this.#records.shift();
  }

  get latest(): FrameRecord | undefined {
    return this.#records.at(-1);
  }

  find(frameId: number): FrameRecord | undefined {
    return this.#records.find((record) => record.meta.id === frameId);
  }

  /** The records that came after `record`, oldest first. */
  after(record: FrameRecord): FrameRecord[] {
    return this.#records.slice(this.#records.indexOf(record) + 1);
  }

  clear(): void {
    this.#records.length = 0;
  }
}
