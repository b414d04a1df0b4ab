/** Frames as they come from the source: stamped, counted, watched for changes of the scene, and put into the channel. */
import { NewestChannel, QueueChannel } from '../runtime/channels.js';
import type { Frame, FrameMeta } from '../sdk/types.js';
import type { SessionCounters } from './latency.js';
import type { SessionSettings } from './options.js';
import { Scene } from './scene.js';

/** Frames of a file that wait for the tracker. */
const QUEUE_FRAMES = 4;

export interface Arrival {
  frame: Frame;
  meta: FrameMeta;
  arrivedMs: number;
  /** Counts the cuts before this frame, those of replaced frames too. */
  scene: number;
}

interface IntakeHooks {
  /** While true frames are looked at and let go. */
  isPaused(): boolean;
  onFrame(): void;
  /** There was no frame for `stallMs`. */
  onStall(): void;
}

export class Intake {
  readonly scene = new Scene();
  /** The source has ended, or failed. */
  hasEnded = false;
  /** Frames come in, the last one within `stallMs`. */
  isFlowing = false;
  readonly #settings: SessionSettings;
  readonly #counters: SessionCounters;
  readonly #hooks: IntakeHooks;
  readonly #channel: NewestChannel<Arrival> | QueueChannel<Arrival>;
  #callOffStall: () => void = () => undefined;
  #isClosed = false;

  constructor(settings: SessionSettings, counters: SessionCounters, hooks: IntakeHooks) {
    this.#settings = settings;
    this.#counters = counters;
    this.#hooks = hooks;
    this.#channel =
      settings.channel === 'queue' ? new QueueChannel(QUEUE_FRAMES) : new NewestChannel();
  }

  get depth(): number {
    return this.#channel.depth;
  }

  take(): Promise<Arrival | undefined> {
    return this.#channel.take();
  }

  /** What a live source put in before the user looked at a frozen frame is of no use afterwards. */
  async letGo(): Promise<void> {
    while (this.#settings.channel === 'newest' && this.depth > 0) {
      await this.take();
      this.#counters.skipped += 1;
    }
  }

  /** Reads the source to its end; with the `newest` channel it never waits for the tracker. Rejects when the source fails. */
  async receive(): Promise<void> {
    let counter = 0;
    try {
      for await (const frame of this.#settings.source) {
        const { widthPx, heightPx, captureNs = process.hrtime.bigint() } = frame;
        const spacingMm = frame.spacingMm ? Object.freeze({ ...frame.spacingMm }) : null;
        const id = frame.id ?? counter;
        counter = id + 1;
        this.#counters.received += 1;
        this.#flows();
        const meta = Object.freeze({ id, captureNs, heightPx, widthPx, spacingMm });
        await this.#put({ ...frame, id, captureNs }, meta);
        if (this.#isClosed) return;
      }
    } finally {
      this.hasEnded = true;
      this.isFlowing = false;
      this.#callOffStall();
      this.#hooks.onFrame();
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#callOffStall();
    this.#channel.close();
  }

  async #put(frame: Frame, meta: FrameMeta): Promise<void> {
    const scene = this.scene.observe(frame, meta);
    // A file waits while the user looks at a frame; a live source does not.
    if (this.#hooks.isPaused() && this.#settings.channel === 'newest') {
      this.#counters.skipped += 1;
      return;
    }
    const isIn = this.#channel.put({ frame, meta, scene, arrivedMs: this.#settings.clock.nowMs() });
    this.#counters.dropped = this.#channel.dropped;
    this.#hooks.onFrame();
    if (isIn instanceof Promise) await isIn;
  }

  #flows(): void {
    this.#callOffStall();
    this.isFlowing = true;
    const { clock, stallMs } = this.#settings;
    this.#callOffStall = clock.after(stallMs, () => {
      this.isFlowing = false;
      this.#hooks.onStall();
    });
  }
}
