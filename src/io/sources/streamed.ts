/** A source whose frames come one after the other only: a video, a connection. */
import type { Frame, FrameSource, SourceInfo } from '../../sdk/types.js';
import { deliver, type Playback } from './playback.js';

export class StreamedSource implements FrameSource {
  readonly info: SourceInfo;
  readonly #open: (signal: AbortSignal) => AsyncIterable<Frame>;
  readonly #playback: Playback;
  readonly #closing = new AbortController();

  /** @param open begins the frames, each in a buffer of its own; they end, and free what they use, when the signal fires */
  constructor(
    info: SourceInfo,
    open: (signal: AbortSignal) => AsyncIterable<Frame>,
    playback: Playback,
  ) {
    this.info = { ...info, frames: playback.loop ? null : info.frames };
    this.#open = open;
    this.#playback = playback;
  }

  [Symbol.asyncIterator](): AsyncGenerator<Frame, void, undefined> {
    const { signal } = this.#closing;
    return deliver(() => this.#open(signal), {
      ...this.#playback,
      frameRateHz: this.info.frameRateHz,
      signal,
    });
  }

  /** Ends every iteration. Idempotent. */
  async close(): Promise<void> {
    this.#closing.abort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
