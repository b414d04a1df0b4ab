/**
 * The live session: source → newest frame → tracker → publishers, in one loop. Clicks and removals are carried out by the
 * same loop between two frames, so that the state has one writer and every result one order.
 */
import { NewestChannel } from '../runtime/channels.js';
import { SonotrackError } from '../runtime/errors.js';
import { checkInteger, checkNumber, checkObject } from '../runtime/validate.js';
import type { Frame, FrameMeta, Timings } from '../sdk/types.js';
import { FrameHistory, type FrameRecord } from './history.js';
import { LatencyMeter } from './latency.js';
import { ObjectTracking } from './object-tracking.js';
import type {
  Click,
  ClickOutcome,
  LiveResult,
  Publisher,
  Session,
  SessionCounters,
  SessionNotice,
  SessionOptions,
} from './types.js';

export const SESSION_DEFAULTS = {
  publishers: [] as readonly Publisher[],
  /** Two seconds at 30 Hz: longer than a click takes to arrive, on a busy machine too. */
  historyFrames: 60,
  maxObjects: 10,
  latencyIntervalMs: 1000,
};

interface Arrival {
  frame: Frame;
  meta: FrameMeta;
  arrivedMs: number;
}

/**
 * Starts a live session. It runs until the source ends or `close` is called; `done` tells of the end.
 *
 * @throws TypeError, RangeError for a wrong option
 * @example
 * const session = createSession({ source, device, publishers: [{ name: 'log', onResult: console.log }] });
 * await session.click({ frameId: 12, x: 210.5, y: 160.5, label: 1 });
 * await session.close();
 */
export function createSession(options: SessionOptions): Session {
  return new LiveSession(options);
}

class LiveSession implements Session {
  readonly counters: SessionCounters = {
    received: 0,
    processed: 0,
    dropped: 0,
    clicks: 0,
    resets: 0,
    faults: 0,
    publisherErrors: 0,
  };
  readonly done: Promise<void>;

  readonly #source;
  readonly #publishers;
  readonly #arrivals = new NewestChannel<Arrival>();
  readonly #commands: { run: () => Promise<void>; refuse: (error: Error) => void }[] = [];
  readonly #history: FrameHistory;
  readonly #tracking: ObjectTracking;
  readonly #meter = new LatencyMeter(() => performance.now());
  readonly #timer: NodeJS.Timeout;
  #wake: () => void = () => undefined;
  #sourceEnded = false;
  #closing = false;

  constructor(options: SessionOptions) {
    checkObject(options, 'options', ['source', 'device', ...Object.keys(SESSION_DEFAULTS)]);
    const settings = { ...SESSION_DEFAULTS, ...options };
    checkInteger(settings.historyFrames, 'historyFrames', [1, 256]);
    checkInteger(settings.maxObjects, 'maxObjects', [1, 10]);
    checkNumber(settings.latencyIntervalMs, 'latencyIntervalMs', [10, 60_000]);
    this.#source = settings.source;
    this.#publishers = settings.publishers;
    this.#history = new FrameHistory(settings.historyFrames);
    this.#tracking = new ObjectTracking(settings.device, this.#history, settings.maxObjects);
    this.#timer = setInterval(() => this.#reportLatency(), settings.latencyIntervalMs);
    this.done = this.#run(this.#receive());
    // Whoever waits for `done` is told of a failure; without a listener it must not end the process.
    this.done.catch(() => undefined);
  }

  click(click: Click): Promise<ClickOutcome> {
    return this.#command(async () => {
      const outcome = await this.#tracking.click(click);
      this.counters.clicks += 1;
      this.#republish();
      return outcome;
    });
  }

  remove(objectId: number): Promise<void> {
    return this.#command(async () => {
      await this.#tracking.remove(objectId);
      this.#republish();
    });
  }

  async close(): Promise<void> {
    this.#closing = true;
    await this.#source.close();
    this.#wake();
    await this.done.catch(() => undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Producer: never waits for the loop. */
  async #receive(): Promise<void> {
    let counter = 0;
    try {
      for await (const frame of this.#source) {
        const { widthPx, heightPx, captureNs = process.hrtime.bigint() } = frame;
        const spacingMm = frame.spacingMm ? Object.freeze({ ...frame.spacingMm }) : null;
        const id = frame.id ?? counter;
        counter = id + 1;
        this.counters.received += 1;
        this.#arrivals.put({
          frame: { ...frame, id, captureNs },
          meta: Object.freeze({ id, captureNs, heightPx, widthPx, spacingMm }),
          arrivedMs: performance.now(),
        });
        this.counters.dropped = this.#arrivals.dropped;
        this.#wake();
        if (this.#closing) return;
      }
    } finally {
      this.#sourceEnded = true;
      this.#wake();
    }
  }

  /** Consumer: a command first, then the newest frame. */
  async #run(receiving: Promise<void>): Promise<void> {
    receiving.catch(() => undefined);
    try {
      while (!this.#closing) {
        const command = this.#commands.shift();
        if (command) {
          await command.run();
        } else if (this.#arrivals.depth > 0) {
          const arrival = await this.#arrivals.take();
          if (arrival) await this.#process(arrival);
        } else if (this.#sourceEnded) {
          break;
        } else {
          await new Promise<void>((resolve) => (this.#wake = resolve));
        }
      }
      if (!this.#closing) await receiving;
      this.#notify({ kind: 'ended', message: 'the source has ended' });
    } finally {
      this.#closing = true;
      clearInterval(this.#timer);
      this.#arrivals.close();
      this.#tracking.reset();
      for (const { refuse } of this.#commands.splice(0)) refuse(closedError());
    }
  }

  async #process({ frame, meta, arrivedMs }: Arrival): Promise<void> {
    const takenMs = performance.now();
    const before = this.#history.latest?.meta;
    if (before && (before.widthPx !== meta.widthPx || before.heightPx !== meta.heightPx)) {
      this.#history.clear();
      this.#tracking.reset();
      this.counters.resets += 1;
      const message = `frames changed from ${before.widthPx} × ${before.heightPx} to ${meta.widthPx} × ${meta.heightPx} px`;
      this.#notify({ kind: 'reset', reason: 'geometry', message });
    }
    const record: FrameRecord = { meta, pixels: frame, objects: [] };
    let timings: Timings | null = null;
    try {
      timings = await this.#tracking.track(record);
    } catch (error) {
      this.#fault(error);
    }
    this.#history.push(record);
    this.counters.processed += 1;
    const now = performance.now();
    this.#meter.add({
      wait: takenMs - arrivedMs,
      total: now - arrivedMs,
      ...(timings && {
        preprocess: timings.preprocessMs,
        inference: timings.inferenceMs,
        postprocess: timings.postprocessMs,
        track: timings.totalMs,
      }),
    });
    this.#publish({ frame: meta, pixels: frame, objects: record.objects, timings, revised: false });
  }

  /** The overlay is withdrawn rather than left standing on frames that it was not found on. */
  #fault(error: unknown): void {
    this.#tracking.reset();
    this.counters.faults += 1;
    const message = error instanceof Error ? error.message : String(error);
    this.#notify({ kind: 'fault', message: `tracking was given up: ${message}` });
  }

  #republish(): void {
    const latest = this.#history.latest;
    if (!latest) return;
    const { meta, pixels, objects } = latest;
    this.#publish({ frame: meta, pixels, objects, timings: null, revised: true });
  }

  #command<T>(action: () => Promise<T>): Promise<T> {
    if (this.#closing) return Promise.reject(closedError());
    return new Promise<T>((resolve, reject) => {
      const run = async (): Promise<void> => {
        await action().then(resolve, (error: unknown) => {
          reject(error as Error);
          // A command that gave up tracking has changed what is shown.
          if (this.#tracking.takeLoss()) {
            this.#fault(error);
            this.#republish();
          }
        });
      };
      this.#commands.push({ run, refuse: reject });
      this.#wake();
    });
  }

  #publish(result: LiveResult): void {
    Object.freeze(result);
    this.#tell((publisher) => publisher.onResult?.(result));
  }

  #reportLatency(): void {
    const report = Object.freeze(this.#meter.report(this.counters));
    this.#tell((publisher) => publisher.onLatency?.(report));
  }

  #notify(notice: SessionNotice): void {
    this.#tell((publisher) => publisher.onNotice?.(notice));
  }

  #tell(call: (publisher: Publisher) => void): void {
    for (const publisher of this.#publishers) {
      try {
        call(publisher);
      } catch {
        this.counters.publisherErrors += 1;
      }
    }
  }
}

function closedError(): SonotrackError {
  return new SonotrackError('TRACKER_CLOSED', 'track', 'the session is closed');
}
