/** A source whose frames can be read by index. */
import { SonotrackError } from '../../runtime/errors.js';
import { checkInteger } from '../../runtime/validate.js';
import type { Frame, FrameSource, SourceInfo } from '../../sdk/types.js';
import { ASSUMED_RATE_HZ, deliver, type Playback } from './playback.js';

export interface IndexedSourceExtras {
  /** Frees what `read` reads from. Called once. */
  close?: () => Promise<void>;
  /** Capture time of each frame, ns from the first. Default: by the frame rate. */
  timesNs?: readonly bigint[];
}

export class IndexedSource implements FrameSource {
  readonly info: SourceInfo;
  readonly #read: (index: number) => Frame | Promise<Frame>;
  readonly #count: number | null;
  readonly #playback: Playback;
  readonly #extras: IndexedSourceExtras;
  readonly #closing = new AbortController();
  #closed: Promise<void> | null = null;

  /**
   * @param info what the source holds; its `frames` becomes null when it loops
   * @param read decodes frame `index` (counted from 0) into a buffer of its own
   */
  constructor(
    info: SourceInfo,
    read: (index: number) => Frame | Promise<Frame>,
    playback: Playback,
    extras: IndexedSourceExtras = {},
  ) {
    this.info = { ...info, frames: playback.loop ? null : info.frames };
    this.#count = info.frames;
    this.#read = read;
    this.#playback = playback;
    this.#extras = extras;
  }

  /** @throws RangeError for an index outside of the source, SonotrackError SOURCE_INVALID when it is closed or damaged */
  async frameAt(index: number): Promise<Frame> {
    checkInteger(index, 'index', [0, (this.#count ?? Number.MAX_SAFE_INTEGER) - 1]);
    if (this.#closing.signal.aborted) {
      throw new SonotrackError('SOURCE_INVALID', 'source', 'the source is closed');
    }
    const frame = await this.#read(index);
    const captureNs =
      this.#extras.timesNs?.[index] ??
      BigInt(Math.round((index * 1e9) / (this.info.frameRateHz ?? ASSUMED_RATE_HZ)));
    return { ...frame, id: index, captureNs };
  }

  [Symbol.asyncIterator](): AsyncGenerator<Frame, void, undefined> {
    return deliver(() => this.#frames(), {
      ...this.#playback,
      frameRateHz: this.info.frameRateHz,
      signal: this.#closing.signal,
      timeNs: (id) => this.#extras.timesNs?.[id],
    });
  }

  async *#frames(): AsyncGenerator<Frame> {
    const { signal } = this.#closing;
    for (let index = 0; index !== this.#count && !signal.aborted; index += 1) {
      yield await this.#read(index);
    }
  }

  /** Ends every iteration at its next frame and frees the file. Idempotent. */
  close(): Promise<void> {
    this.#closing.abort();
    this.#closed ??= this.#extras.close?.() ?? Promise.resolve();
    return this.#closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
