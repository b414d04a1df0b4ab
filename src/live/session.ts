/**
 * The live session: source → channel → tracker → publishers, in one loop. Prompts and the user's other commands are carried
 * out by the same loop between two frames, so that the state has one writer and every result one order.
 */
import { SonotrackError } from '../runtime/errors.js';
import { checkInteger } from '../runtime/validate.js';
import type { Frame, FrameMeta, Timings } from '../sdk/types.js';
import { checkLabel, checkSessionPrompt, isRefusal } from './check.js';
import { CommandQueue } from './command-queue.js';
import { TypedEvents } from './events.js';
import { FrameHistory, type FrameRecord } from './history.js';
import { Intake, type Arrival } from './intake.js';
import { emptyCounters, LatencyMeter } from './latency.js';
import { ObjectTracking } from './object-tracking.js';
import { checkDeviceLimits, checkSessionOptions, type SessionSettings } from './options.js';
import { Recorder, type RecordingOptions, type RecordingSummary } from './recorder.js';
import { isSameStatus, statusOf } from './status.js';
import { subscribe } from './subscribe.js';
import type {
  Click,
  DeviceLimits,
  LiveResult,
  PromptOutcome,
  Session,
  SessionDevice,
  SessionEvents,
  SessionFrame,
  SessionOptions,
  SessionPrompt,
  SessionStatus,
} from './types.js';
import { Watchdog } from './watchdog.js';

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
  readonly counters = emptyCounters();
  readonly done: Promise<void>;

  readonly #settings: SessionSettings;
  readonly #intake: Intake;
  readonly #commands = new CommandQueue(
    () => this.#wake(),
    (error) => this.#commandFailed(error),
  );
  readonly #events = new TypedEvents<SessionEvents>(
    () => void (this.counters.publisherErrors += 1),
  );
  readonly #history: FrameHistory;
  readonly #tracking: ObjectTracking;
  readonly #meter: LatencyMeter;
  #callOffReport: () => void = () => undefined;
  #wake: () => void = () => undefined;
  #closing = false;
  /** The frame looked at while frozen; null: live. */
  #viewed: FrameRecord | null = null;
  #wasFrozen = false;
  #isFaulty = false;
  #sceneShown = 0;
  #recorder: Recorder | null = null;
  #status: SessionStatus;

  constructor(options: SessionOptions) {
    const settings = checkSessionOptions(options);
    const { clock, device, maxObjects } = settings;
    this.#settings = settings;
    this.#meter = new LatencyMeter(() => clock.nowMs());
    this.#history = new FrameHistory({
      seconds: settings.cineSeconds,
      maxBytes: settings.cineMiB * 2 ** 20,
    });
    this.#tracking = new ObjectTracking({
      device,
      history: this.#history,
      watchdog: new Watchdog(clock, settings.budgetMs),
      maxObjects,
    });
    this.#intake = new Intake(settings, this.counters, {
      isPaused: () => this.#viewed !== null,
      onFrame: () => this.#wake(),
      onStall: () => this.#tellStatus(),
    });
    this.#status = this.#currentStatus();
    for (const publisher of settings.publishers) subscribe(this.#events, publisher);
    this.#scheduleReport();
    this.done = this.#run(this.#intake.receive());
    // Whoever waits for `done` is told of a failure; without a listener it must not end the process.
    this.done.catch(() => undefined);
  }

  get status(): SessionStatus {
    return this.#status;
  }

  get frames(): readonly SessionFrame[] {
    return [...this.#history].map((record) => ({
      frame: record.meta,
      objects: record.objects,
      isCurrent: this.#tracking.isCurrent(record),
    }));
  }

  on<Name extends keyof SessionEvents>(
    name: Name,
    listener: (event: SessionEvents[Name]) => void,
  ): () => void {
    return this.#events.on(name, listener);
  }

  click({ frameId, x, y, label, objectId }: Click): Promise<PromptOutcome> {
    return this.prompt({ frameId, point: { x, y, label }, objectId });
  }

  prompt(prompt: SessionPrompt): Promise<PromptOutcome> {
    return this.#commands.enter(async () => {
      const given = checkSessionPrompt(prompt);
      const outcome = await this.#tracking.prompt(given, this.#viewed !== null);
      this.counters.clicks += 1;
      this.#isFaulty = false;
      this.#republish();
      return outcome;
    });
  }

  undo(): Promise<PromptOutcome> {
    return this.#commands.enter(async () => {
      const outcome = await this.#tracking.undo(this.#viewed !== null);
      this.#republish();
      return outcome;
    });
  }

  remove(objectId: number): Promise<void> {
    return this.#commands.enter(async () => {
      await this.#tracking.remove(objectId);
      this.#republish();
    });
  }

  label(objectId: number, label: { name?: string | null; colour?: string | null }): Promise<void> {
    return this.#commands.enter(async () => {
      this.#tracking.label(objectId, checkLabel(label));
      this.#republish();
    });
  }

  freeze(): Promise<void> {
    return this.#commands.enter(async () => {
      this.#freeze();
      this.#republish();
    });
  }

  seek(frameId: number): Promise<number> {
    return this.#commands.enter(async () => {
      checkInteger(frameId, 'frameId', [0, Number.MAX_SAFE_INTEGER]);
      this.#freeze();
      this.#viewed = this.#history.nearest(frameId) ?? this.#viewed;
      this.#republish();
      return this.#viewed?.meta.id ?? frameId;
    });
  }

  goLive(): Promise<void> {
    return this.#commands.enter(async () => {
      if (!this.#viewed) return;
      await this.#tracking.catchUpAll();
      await this.#intake.letGo();
      this.#viewed = null;
      this.#wasFrozen = true;
      this.#republish();
    });
  }

  startRecording(options: RecordingOptions): Promise<void> {
    return this.#commands.enter(async () => {
      if (this.#recorder) {
        throw new SonotrackError('WRITE_FAILED', 'write', 'a recording is under way');
      }
      this.#recorder = await Recorder.start(options);
      this.#tellStatus();
    });
  }

  stopRecording(): Promise<RecordingSummary | null> {
    return this.#commands.enter(() => this.#endRecording());
  }

  async useDevice(device: SessionDevice, limits: DeviceLimits): Promise<void> {
    const { budgetMs, cineMiB } = checkDeviceLimits(limits);
    // A device that cannot begin has changed nothing, so that its error is no fault of the session.
    const failure = await this.#commands.enter(async () => {
      try {
        await this.#tracking.useDevice(device, new Watchdog(this.#settings.clock, budgetMs));
      } catch (error) {
        return { error };
      }
      this.#history.maxBytes = cineMiB * 2 ** 20;
      this.#isFaulty = false;
      this.#republish();
      return null;
    });
    if (failure) throw failure.error;
  }

  async close(): Promise<void> {
    this.#closing = true;
    this.#commands.close();
    await this.#settings.source.close();
    this.#wake();
    await this.done.catch(() => undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Consumer: a command first, then the newest frame; while frozen, masks that a correction has outdated. */
  async #run(receiving: Promise<void>): Promise<void> {
    receiving.catch(() => undefined);
    try {
      while (!this.#closing) {
        const command = this.#commands.runNext();
        if (command) {
          await command;
        } else if (this.#viewed && this.#tracking.behind > 0) {
          await this.#catchUpOne();
        } else if (!this.#viewed && this.#intake.depth > 0) {
          const arrival = await this.#intake.take();
          if (arrival) await this.#process(arrival);
        } else if (this.#intake.hasEnded && !this.#viewed) {
          break;
        } else {
          await new Promise<void>((resolve) => (this.#wake = resolve));
        }
      }
      if (!this.#closing) await receiving;
      this.#events.emit('notice', { kind: 'ended', message: 'the source has ended' });
    } finally {
      this.#closing = true;
      this.#commands.close();
      this.#callOffReport();
      this.#intake.close();
      await this.#endRecording().catch(() => undefined);
      this.#tracking.reset();
      this.#tellStatus();
    }
  }

  async #process({ frame, meta, arrivedMs, scene }: Arrival): Promise<void> {
    const takenMs = this.#settings.clock.nowMs();
    this.#resetIfChanged(frame, meta, scene);
    const record: FrameRecord = { meta, pixels: frame, objects: [] };
    let timings: Timings | null = null;
    try {
      const tracked = await this.#tracking.track(record);
      if (tracked?.restarted) {
        this.counters.restarts += 1;
        this.#events.emit('notice', { kind: 'restarted', message: 'tracking goes on' });
      }
      if (tracked) this.#isFaulty = false;
      timings = tracked?.timings ?? null;
    } catch (error) {
      this.#fault(error);
    }
    this.#history.push(record);
    this.counters.processed += 1;
    const now = this.#settings.clock.nowMs();
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
    this.#publish(record, timings, false);
    this.#tellStatus();
  }

  /** Masks of another geometry or scene must not go on: tracking and the cine begin anew. */
  #resetIfChanged(frame: Frame, meta: FrameMeta, scene: number): void {
    const before = this.#history.latest;
    const change =
      before && this.#intake.scene.change(before, { pixels: frame, meta }, this.#wasFrozen);
    const isCut = this.#settings.sceneCuts && scene !== this.#sceneShown;
    this.#wasFrozen = false;
    this.#sceneShown = scene;
    if (!before || (!change && !isCut)) return;
    this.#history.clear();
    this.#tracking.reset();
    this.#isFaulty = false;
    this.counters.resets += 1;
    const { reason, message } = change ?? { reason: 'scene-cut', message: 'the scene changed' };
    this.#events.emit('notice', { kind: 'reset', reason, message });
  }

  /** The overlay is withdrawn rather than left standing on frames that it was not found on. */
  #fault(error: unknown): void {
    const isLate = error instanceof SonotrackError && error.code === 'INFERENCE_LATE';
    const reason = error instanceof Error ? error.message : String(error);
    const goesOn = this.#tracking.suspend();
    this.#isFaulty = true;
    this.counters.faults += 1;
    if (isLate) this.counters.late += 1;
    const message = goesOn
      ? `the overlay was withdrawn: ${reason}; tracking is restarted`
      : `tracking was given up: ${reason}`;
    this.#events.emit('notice', { kind: 'fault', message });
  }

  async #catchUpOne(): Promise<void> {
    try {
      const record = await this.#tracking.catchUpOne();
      if (record === this.#viewed) this.#publish(record, null, true);
      this.#tellStatus();
    } catch (error) {
      this.#fault(error);
      this.#republish();
    }
  }

  #freeze(): void {
    if (this.#viewed) return;
    const { latest } = this.#history;
    if (!latest) {
      throw new SonotrackError('FRAME_NOT_AVAILABLE', 'track', 'no frame has come in yet');
    }
    this.#viewed = latest;
  }

  #republish(): void {
    const record = this.#viewed ?? this.#history.latest;
    if (record) this.#publish(record, null, true);
    this.#tellStatus();
  }

  #commandFailed(error: unknown): void {
    if (isRefusal(error) || this.#tracking.isSuspended) return;
    // A command that failed midway has left the tracker somewhere on its way.
    this.#fault(error);
    this.#republish();
  }

  #publish(record: FrameRecord, timings: Timings | null, revised: boolean): void {
    const { meta, pixels } = record;
    const objects = this.#tracking.shown(record);
    const result: LiveResult = Object.freeze({ frame: meta, pixels, objects, timings, revised });
    this.#recorder?.add(result, this.#tracking.labels, this.#intake.scene.fan);
    this.#events.emit('result', result);
  }

  async #endRecording(): Promise<RecordingSummary | null> {
    const recorder = this.#recorder;
    this.#recorder = null;
    const summary = recorder ? await recorder.stop() : null;
    this.#tellStatus();
    return summary;
  }

  #scheduleReport(): void {
    this.#callOffReport = this.#settings.clock.after(this.#settings.latencyIntervalMs, () => {
      this.#events.emit('latency', Object.freeze(this.#meter.report(this.counters)));
      this.#scheduleReport();
    });
  }

  #tellStatus(): void {
    const status = this.#currentStatus();
    const before = this.#status;
    this.#status = status;
    if (isSameStatus(status, before)) return;
    this.#events.emit('status', status);
  }

  #currentStatus(): SessionStatus {
    return statusOf({
      history: this.#history,
      tracking: this.#tracking,
      viewed: this.#viewed,
      isFaulty: this.#isFaulty,
      isFlowing: this.#intake.isFlowing,
      recording: this.#recorder !== null,
    });
  }
}
