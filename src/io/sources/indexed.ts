/** A source whose frames can be read by index: order, pacing, looping and closing are the same for all of them. */
import type { Frame, FrameSource, SourceInfo } from '../../sdk/types.js';
import { SYSTEM_CLOCK, type Clock } from './clock.js';

export interface Playback {
  /** Deliver at the frame rate, stamped with the time of delivery, instead of as fast as the consumer asks. */
  realtime: boolean;
  /** Start again at the end, for ever; frame ids go on counting. */
  loop: boolean;
  clock?: Clock;
}

/** Rate at which a source without one is played in real time, Hz. */
export const ASSUMED_RATE_HZ = 25;

export class IndexedSource implements FrameSource {
  readonly info: SourceInfo;
  readonly #read: (index: number) => Frame | Promise<Frame>;
  readonly #count: number | null;
  readonly #playback: Playback;
  readonly #closing = new AbortController();

  /**
   * @param info what the source holds; its `frames` becomes null when it loops
   * @param read decodes frame `index` (counted from 0) into a buffer of its own
   */
  constructor(
    info: SourceInfo,
    read: (index: number) => Frame | Promise<Frame>,
    playback: Playback,
  ) {
    this.info = { ...info, frames: playback.loop ? null : info.frames };
    this.#count = info.frames;
    this.#read = read;
    this.#playback = playback;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Frame, void, undefined> {
    const { realtime, loop, clock = SYSTEM_CLOCK } = this.#playback;
    const { signal } = this.#closing;
    const rateHz = this.info.frameRateHz ?? ASSUMED_RATE_HZ;
    const periodNs = 1e9 / rateHz;
    let dueNs = clock.nowNs();
    for (let id = 0; !signal.aborted; id += 1) {
      if (this.#count !== null && id >= this.#count && !loop) return;
      const frame = await this.#read(this.#count === null ? id : id % this.#count);
      if (realtime) {
        const waitMs = Number(dueNs - clock.nowNs()) / 1e6;
        if (waitMs > 0) await clock.sleep(waitMs, signal);
        if (signal.aborted) return;
        const now = clock.nowNs();
        // A late source goes on from now: it never catches up by a burst of frames.
        dueNs = (now - dueNs > periodNs ? now : dueNs) + BigInt(Math.round(periodNs));
        yield { ...frame, id, captureNs: now };
      } else {
        yield { ...frame, id, captureNs: BigInt(Math.round((id * 1e9) / rateHz)) };
      }
    }
  }

  /** Ends every iteration at its next frame. Idempotent. */
  async close(): Promise<void> {
    this.#closing.abort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
