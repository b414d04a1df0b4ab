/** A source whose frames can be read by index: order, pacing, looping and closing are the same for all of them. */
import type { Frame, FrameSource, SourceInfo } from '../../sdk/types.js';
import { SonotrackError } from '../../runtime/errors.js';
import { checkInteger } from '../../runtime/validate.js';
import { SYSTEM_CLOCK, type Clock } from './clock.js';

export interface Playback {
  /** Deliver at the frame rate, stamped with the time of delivery, instead of as fast as the consumer asks. */
  realtime: boolean;
  /** Start again at the end, for ever; frame ids go on counting. */
  loop: boolean;
  clock?: Clock;
}

export interface IndexedSourceExtras {
  /** Frees what `read` reads from. Called once. */
  close?: () => Promise<void>;
  /** Capture time of each frame, ns from the first. Default: by the frame rate. */
  timesNs?: readonly bigint[];
}

/** Rate at which a source without one is played in real time, Hz. */
export const ASSUMED_RATE_HZ = 25;

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
    return { ...frame, id: index, captureNs: this.#timeNs(index) };
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Frame, void, undefined> {
    const { realtime, loop, clock = SYSTEM_CLOCK } = this.#playback;
    const { signal } = this.#closing;
    const rateHz = this.info.frameRateHz ?? ASSUMED_RATE_HZ;
    const periodNs = 1e9 / rateHz;
    let dueNs = clock.nowNs();
    for (let id = 0; !signal.aborted; id += 1) {
      if (this.#count !== null && id >= this.#count && !loop) return;
      const frame = await this.#readUnlessClosed(this.#count === null ? id : id % this.#count);
      if (!frame) return;
      if (realtime) {
        const waitMs = Number(dueNs - clock.nowNs()) / 1e6;
        if (waitMs > 0) await clock.sleep(waitMs, signal);
        if (signal.aborted) return;
        const now = clock.nowNs();
        // A late source goes on from now: it never catches up by a burst of frames.
        dueNs = (now - dueNs > periodNs ? now : dueNs) + BigInt(Math.round(periodNs));
        yield { ...frame, id, captureNs: now };
      } else {
        yield { ...frame, id, captureNs: this.#timeNs(id) };
      }
    }
  }

  /** Null when the source was closed meanwhile, which may take the file away under the read. */
  async #readUnlessClosed(index: number): Promise<Frame | null> {
    try {
      return await this.#read(index);
    } catch (error) {
      if (this.#closing.signal.aborted) return null;
      throw error;
    }
  }

  #timeNs(id: number): bigint {
    const given = this.#extras.timesNs?.[id];
    return given ?? BigInt(Math.round((id * 1e9) / (this.info.frameRateHz ?? ASSUMED_RATE_HZ)));
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
