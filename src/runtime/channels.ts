/**
 * Channels that join two stages. The class's name states the policy: `NewestChannel` replaces (live), `QueueChannel` is
 * bounded and makes the producer wait (files). Every replaced value is counted.
 */

/** One producer, one consumer; iteration ends when the channel is closed and empty. */
export interface Channel<T> extends AsyncIterable<T> {
  /** Values that were given and never taken. */
  readonly dropped: number;
  /** Values that wait. */
  readonly depth: number;
  /** The next value; undefined once the channel is closed and empty. */
  take(): Promise<T | undefined>;
  /** No more values are accepted; those that wait can still be taken. Idempotent. */
  close(): void;
}

type Taker<T> = (value: T | undefined) => void;

abstract class BaseChannel<T> implements Channel<T> {
  protected readonly waiting: T[] = [];
  protected takers: Taker<T>[] = [];
  protected closed = false;
  #dropped = 0;

  get dropped(): number {
    return this.#dropped;
  }

  get depth(): number {
    return this.waiting.length;
  }

  async take(): Promise<T | undefined> {
    if (this.waiting.length) {
      const value = this.waiting.shift();
      this.taken();
      return value;
    }
    if (this.closed) return undefined;
    return new Promise((resolve) => this.takers.push(resolve));
  }

  close(): void {
    this.closed = true;
    for (const taker of this.takers.splice(0)) taker(undefined);
  }

  async *[Symbol.asyncIterator](): AsyncIterator<T> {
    while (true) {
      const value = await this.take();
      if (value === undefined) return;
      yield value;
    }
  }

  protected drop(count: number): void {
    this.#dropped += count;
  }

  /** A value left the channel. */
  protected taken(): void {}

  /** Hands the value to a taker that waits; false when there is none. */
  protected handOver(value: T): boolean {
    const taker = this.takers.shift();
    taker?.(value);
    return taker !== undefined;
  }
}

/** Holds one value: a newer one replaces it. For live frames, where a late mask is worth less than none. */
export class NewestChannel<T> extends BaseChannel<T> {
  /** Never waits. Gives the value that was replaced or refused (closed), which is counted as dropped. */
  put(value: T): T | undefined {
    if (this.closed) {
      this.drop(1);
      return value;
    }
    if (this.handOver(value)) return undefined;
    const replaced = this.waiting.splice(0)[0];
    this.waiting.push(value);
    if (replaced !== undefined) this.drop(1);
    return replaced;
  }
}

/** Holds up to `capacity` values; then `put` waits. For files, where no frame may be lost. */
export class QueueChannel<T> extends BaseChannel<T> {
  readonly #capacity: number;
  #producers: (() => void)[] = [];

  /** @param capacity an integer ≥ 1 */
  constructor(capacity: number) {
    super();
    if (!Number.isSafeInteger(capacity) || capacity < 1) {
      throw new RangeError(
        `expected an integer ≥ 1 for \`capacity\` but received ${capacity} (${typeof capacity})`,
      );
    }
    this.#capacity = capacity;
  }

  /** Settles when the value is in; false when the channel was closed before that, and the value counted as dropped. */
  async put(value: T): Promise<boolean> {
    while (!this.closed && this.waiting.length >= this.#capacity) {
      await new Promise<void>((resolve) => this.#producers.push(resolve));
    }
    if (this.closed) {
      this.drop(1);
      return false;
    }
    if (!this.handOver(value)) this.waiting.push(value);
    return true;
  }

  override close(): void {
    super.close();
    for (const producer of this.#producers.splice(0)) producer();
  }

  protected override taken(): void {
    this.#producers.shift()?.();
  }
}
