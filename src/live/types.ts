/** What a live session takes and gives. */
import type {
  Box,
  Frame,
  FrameMeta,
  FrameSource,
  Mask,
  ObjectMask,
  Point,
  Prompts,
  Timings,
  TrackedObject,
  TrackResult,
} from '../sdk/types.js';
import type { SessionClock } from './clock.js';
import type { LatencyReport, SessionCounters } from './latency.js';
import type { RecordingOptions, RecordingSummary } from './recorder.js';

export { LATENCY_STAGES } from './latency.js';
export type { LatencyReport, LatencyStage, Percentiles, SessionCounters } from './latency.js';

/** The part of a device that a session uses; `openDevice` gives one. */
export interface SessionDevice {
  setImage(frame: Frame): Promise<SessionImage>;
  createTracker(options?: { maxObjects?: number; historyFrames?: number }): Promise<SessionTracker>;
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
  source: FrameSource;
  device: SessionDevice;
  /** Told of every result; a publisher that throws is counted, and never stops the session. Default: none. */
  publishers?: readonly Publisher[];
  /**
   * `newest`, for live sources: what the device is too slow for is replaced, and counted. `queue`, for files: the source
   * waits, and every frame is tracked. Default: 'newest'.
   */
  channel?: 'newest' | 'queue';
  /** Span of the cine that can be scrolled back and clicked on, 0.1–60 s. Default: 10. */
  cineSeconds?: number;
  /** Most memory of the cine, frames and masks, 1–4096 MiB; it then spans less. Default: 256. */
  cineMiB?: number;
  /** Most objects at once, 1–10. Default: 10. */
  maxObjects?: number;
  /** A call into the device that takes longer withdraws the overlay and restarts tracking, 10–60,000 ms. Default: 1000. */
  budgetMs?: number;
  /** Without a frame for this long the session is `idle`, 100–60,000 ms. Default: 1000. */
  stallMs?: number;
  /** Time between two latency reports, 10–60,000 ms. Default: 1000. */
  latencyIntervalMs?: number;
  /** Begin anew where the picture jumps. False: for a recording, which is one scene whatever it shows. Default: true. */
  sceneCuts?: boolean;
  /** Time as the session sees it. Default: the system's. */
  clock?: SessionClock;
}

/** What a session allows itself on a device; as in `SessionOptions`. */
export type DeviceLimits = Required<Pick<SessionOptions, 'budgetMs' | 'cineMiB'>>;

/**
 * `idle`: no frames come in; `live`: they do; `frozen`: the user looks at one frame of the cine; `lost`: live, but every
 * object followed is lost; `fault`: the overlay is withdrawn, because inference failed or was late.
 */
export type SessionState = 'idle' | 'live' | 'frozen' | 'lost' | 'fault';

/** How an object is called and drawn; null: the viewer's choice by its number. */
export interface ObjectLabel {
  readonly id: number;
  /** 1–40 characters. */
  readonly name: string | null;
  /** '#rrggbb'. */
  readonly colour: string | null;
}

/** Frames that can be scrolled back to, by id. */
export interface Cine {
  readonly firstId: number;
  readonly lastId: number;
  readonly frames: number;
  /** From the first to the last by their capture times. */
  readonly seconds: number;
}

export interface SessionStatus {
  readonly state: SessionState;
  /** Objects followed, in ascending id. */
  readonly objects: readonly ObjectLabel[];
  /** Null before the first frame. */
  readonly cine: Cine | null;
  /** The frame looked at while frozen. */
  readonly viewedId: number | null;
  readonly canUndo: boolean;
  /** Frames of the cine whose masks are still being renewed after a correction. */
  readonly catchingUp: number;
  readonly recording: boolean;
}

/** A frame of the cine with its masks. */
export interface SessionFrame {
  readonly frame: FrameMeta;
  readonly objects: readonly TrackedObject[];
  /** False: a correction has outdated the masks, and they are still to be renewed. */
  readonly isCurrent: boolean;
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

/** A click, a box, or both, on the frame that the user saw. */
export interface SessionPrompt {
  frameId: number;
  point?: Point;
  box?: Box;
  /** As of a click; a box alone, without it, starts another object. */
  objectId?: number | null;
}

export interface PromptOutcome {
  objectId: number;
  frameId: number;
  /** Frames that tracking went through again to get from the frame to the present: all of them, or 12 of many. */
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
  /** Not a new frame: an earlier one is shown again, or the same one with its objects changed by a prompt. */
  readonly revised: boolean;
}

export type SessionNotice =
  | { kind: 'reset'; reason: 'geometry' | 'scene-cut'; message: string }
  | { kind: 'fault'; message: string }
  | { kind: 'restarted'; message: string }
  | { kind: 'ended'; message: string };

export interface SessionEvents {
  result: LiveResult;
  latency: LatencyReport;
  notice: SessionNotice;
  status: SessionStatus;
}

/** A receiver of results. Calls are synchronous: what takes long is queued or dropped by the publisher itself. */
export interface Publisher {
  readonly name: string;
  onResult?(result: LiveResult): void;
  onLatency?(report: LatencyReport): void;
  onNotice?(notice: SessionNotice): void;
  onStatus?(status: SessionStatus): void;
}

export interface Session {
  readonly counters: Readonly<SessionCounters>;
  readonly status: SessionStatus;
  /** The cine with its masks, oldest first. */
  readonly frames: readonly SessionFrame[];
  /** Settles when the source has ended or the session was closed; rejects when the source fails. */
  readonly done: Promise<void>;
  /** Listens; what is returned ends it. */
  on<Name extends keyof SessionEvents>(
    name: Name,
    listener: (event: SessionEvents[Name]) => void,
  ): () => void;
  /**
   * A click, answered on its own frame. Resolves when it is in the state and its result is published.
   * @throws SonotrackError FRAME_NOT_AVAILABLE, UNKNOWN_OBJECT, TOO_MANY_OBJECTS, EMPTY_MASK, INFERENCE_LATE; TypeError,
   *   RangeError (a point outside of the frame). Then the state is as before.
   */
  click(click: Click): Promise<PromptOutcome>;
  /** A click or a box; as `click`. */
  prompt(prompt: SessionPrompt): Promise<PromptOutcome>;
  /** Takes back the last prompt on its own frame. @throws SonotrackError NOTHING_TO_UNDO, FRAME_NOT_AVAILABLE */
  undo(): Promise<PromptOutcome>;
  /** Stops following an object; resolves when it is out of the state. @throws SonotrackError UNKNOWN_OBJECT */
  remove(objectId: number): Promise<void>;
  /** Names or colours an object; absent members stay. @throws SonotrackError UNKNOWN_OBJECT; TypeError, RangeError */
  label(objectId: number, label: { name?: string | null; colour?: string | null }): Promise<void>;
  /** Holds the latest frame, to be looked at and corrected. @throws SonotrackError FRAME_NOT_AVAILABLE before any frame */
  freeze(): Promise<void>;
  /** Freezes on the last frame of the cine up to this id. Resolves to the id of the frame shown. */
  seek(frameId: number): Promise<number>;
  /** Goes on with the next frame that comes in. */
  goLive(): Promise<void>;
  /** Records frames and masks. @throws SonotrackError WRITE_FAILED when the folder exists or a recording is under way */
  startRecording(options: RecordingOptions): Promise<void>;
  /** Ends the recording, which then appears under its name; null when there was none. */
  stopRecording(): Promise<RecordingSummary | null>;
  /**
   * Goes on with another device, between two frames: objects are taken up where they were found last, the cine stays. Frames
   * that come in meanwhile wait as they do for inference. Resolves when the old device is no longer used; closing both
   * devices is the caller's. When the new one cannot begin, rejects with its error, and the old one goes on.
   */
  useDevice(device: SessionDevice, limits: DeviceLimits): Promise<void>;
  /** Ends the session and closes the source, not the device. Idempotent. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}
