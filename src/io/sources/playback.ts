/** How frames are delivered: numbered, stamped and, where wanted, at their rate. The same for all sources. */
import type { Frame } from '../../sdk/types.js';
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

export interface Delivery extends Playback {
  frameRateHz: number | null;
  /** Fires when the source is closed: the delivery ends. */
  signal: AbortSignal;
  /** Capture time of a frame that has none, ns. Default: by the frame rate. */
  timeNs?: (id: number) => bigint | undefined;
}

/**
 * `open` begins the frames anew, at each round of a loop. A frame that fails once the source is closed ends the delivery
 * quietly: closing may take the file away under a read.
 */
export async function* deliver(
  open: () => AsyncIterable<Frame>,
  { realtime, loop, frameRateHz, signal, timeNs, clock = SYSTEM_CLOCK }: Delivery,
): AsyncGenerator<Frame, void, undefined> {
  const rateHz = frameRateHz ?? ASSUMED_RATE_HZ;
  const periodNs = 1e9 / rateHz;
  let dueNs = clock.nowNs();
  let id = 0;
  try {
    do {
      const before = id;
      for await (const frame of open()) {
        if (signal.aborted) return;
        if (realtime) {
          const waitMs = Number(dueNs - clock.nowNs()) / 1e6;
          if (waitMs > 0) await clock.sleep(waitMs, signal);
          if (signal.aborted) return;
          const now = clock.nowNs();
          // A late source goes on from now: it never catches up by a burst of frames.
          dueNs = (now - dueNs > periodNs ? now : dueNs) + BigInt(Math.round(periodNs));
          yield { ...frame, id, captureNs: now };
        } else {
          const captureNs =
            frame.captureNs ?? timeNs?.(id) ?? BigInt(Math.round((id * 1e9) / rateHz));
          yield { ...frame, id, captureNs };
        }
        id += 1;
      }
      if (id === before) return; // an empty round would never end
    } while (loop && !signal.aborted);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
