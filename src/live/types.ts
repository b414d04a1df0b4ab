/** What a live session takes and gives. */
import type { Histogram } from 'hdr-histogram-js';
import type {
  Frame,
  FrameMeta,
  FrameSource,
  Mask,
  ObjectMask,
  Prompts,
  Timings,
  TrackedObject,
  TrackResult,
} from '../sdk/types.js';

/** The part of a device that a session uses; `openDevice` gives one. */
export interface SessionDevice {
  setImage(frame: Frame): Promise<SessionImage>;
  createTracker(options?: { maxObjects?: number }): Promise<SessionTracker>;
}

export interface SessionImage {
  predict(prompts: Prompts): Promise<Mask>;
  close(): unknown;
}

export interface SessionTracker {
  start(frame: Frame, objects: ObjectMask[]): Promise<void>;
  track(frame: Frame): Promise<TrackResult>;
  correct(id: number, prompts: Prompts): Promise<TrackedObject>;
  add(object: ObjectMask): Promise<void>;
  remove(id: number): Promise<void>;
  close(): unknown;
}

export interface SessionOptions {
  /** Frames come in by a `newest` channel: what the device is too slow for is replaced, and counted. */
  source: FrameSource;
  device: SessionDevice;
  /** Told of every result; a publisher that throws is counted, and never stops the session. Default: none. */
  publishers?: readonly Publisher[];
  /** Frames kept so that a click on an earlier one can be answered, 1–256. Default: 60. */
  historyFrames?: number;
  /** Most objects at once, 1–10. Default: 10. */
  maxObjects?: number;
  /** Time between two latency reports, 10–60,000 ms. Default: 1000. */
  latencyIntervalMs?: number;
}

/** A click on the frame that the user saw. */
export interface Click {
  frameId: number;
  /** Frame px, pixel centres at +0.5. */
  x: number;
  y: number;
  label: 1 | 0;
  /**
   * The object that the click is about; null starts another one. Absent: the object under the point; else, a foreground
   * click starts another one and a background click is about the nearest one.
   */
  objectId?: number | null;
}

export interface ClickOutcome {
  objectId: number;
  frameId: number;
  /** Frames that tracking went through again to get from the clicked one to the present: all of them, or 12 of many. */
  caughtUp: number;
}

/** One frame with its own masks, and never another's. */
export interface LiveResult {
  readonly frame: FrameMeta;
  readonly pixels: Frame;
  /** In ascending id. */
  readonly objects: readonly TrackedObject[];
  /** Null when nothing was tracked on this frame. */
  readonly timings: Timings | null;
  /** The same frame as the result before, its objects changed by a click. */
  readonly revised: boolean;
}

/** Counts since the session was created. */
export interface SessionCounters {
  /** Frames that the source delivered. */
  received: number;
  /** Frames with a result. */
  processed: number;
  /** Frames replaced by a newer one before they were taken. */
  dropped: number;
  clicks: number;
  /** Times that tracking was given up because the size of the frames changed. */
  resets: number;
  /** Times that tracking was given up because inference failed. */
  faults: number;
  /** Exceptions of publishers. */
  publisherErrors: number;
}

/** ms; `count` samples. */
export interface Percentiles {
  p50: number;
  p95: number;
  p99: number;
  max: number;
  count: number;
}

/**
 * `wait`: from the frame's arrival until the session took it; `track`: the tracker's call, of which `preprocess`,
 * `inference` and `postprocess` are parts; `total`: from arrival to the result.
 */
export const LATENCY_STAGES = [
  'wait',
  'preprocess',
  'inference',
  'postprocess',
  'track',
  'total',
] as const;
export type LatencyStage = (typeof LATENCY_STAGES)[number];

export interface LatencyReport {
  /** Span of the samples, s: since the report before. */
  readonly windowS: number;
  /** Results per second in the window. */
  readonly fps: number;
  /** Frames dropped in the window. */
  readonly dropped: number;
  /** Stages without a sample in the window are absent. */
  readonly stages: Readonly<Partial<Record<LatencyStage, Percentiles>>>;
  /** The distributions behind `stages`, µs: windows can be merged by them without error. Not to be changed. */
  readonly histograms: Readonly<Partial<Record<LatencyStage, Histogram>>>;
  readonly counters: Readonly<SessionCounters>;
}

export type SessionNotice =
  | { kind: 'reset'; reason: 'geometry'; message: string }
  | { kind: 'fault'; message: string }
  | { kind: 'ended'; message: string };

/** A receiver of results. Calls are synchronous: what takes long is queued or dropped by the publisher itself. */
export interface Publisher {
  readonly name: string;
  onResult?(result: LiveResult): void;
  onLatency?(report: LatencyReport): void;
  onNotice?(notice: SessionNotice): void;
}

export interface Session {
  readonly counters: Readonly<SessionCounters>;
  /** Settles when the source has ended or the session was closed; rejects when the source fails. */
  readonly done: Promise<void>;
  /** Resolves when the click is in the state and its result is published. */
  click(click: Click): Promise<ClickOutcome>;
  /** Stops following an object; resolves when it is out of the state. */
  remove(objectId: number): Promise<void>;
  /** Ends the session and closes the source, not the device. Idempotent. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}
