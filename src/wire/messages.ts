/** The live server's messages as programs see them; proto/live.proto is how they travel, codec.ts is between the two. */

export const PROTOCOL = 'sonotrack.live.v1';
export const PROTOCOL_VERSION = 1;

/** How the picture of a frame travels; `none`: masks alone. */
export type PictureFormat = 'jpeg' | 'gray8' | 'none';
export type Role = 'view' | 'operate' | 'admin';
export type WireBox = [x0: number, y0: number, x1: number, y1: number];

export interface WireSpacing {
  x: number;
  y: number;
}

export interface LiveObject {
  id: number;
  status: 'tracking' | 'ask' | 'lost';
  /** The runtime's own estimate of the object's DSC on this frame, 0–1. */
  quality: number;
  areaPx: number;
  /** Null where the spacing is unknown. */
  areaMm2: number | null;
  /** Null when the mask is empty. */
  box: WireBox | null;
  /** COCO run lengths: column-major, runs of 0 and 1 in turn, beginning with 0. */
  rle: number[];
}

export interface WireTimings {
  queueMs: number;
  preprocessMs: number;
  inferenceMs: number;
  postprocessMs: number;
  totalMs: number;
}

/** One frame with its own masks, and never another's. */
export interface LiveFrame {
  id: number;
  /** Monotonic clock of the server's machine. */
  captureNs: bigint;
  widthPx: number;
  heightPx: number;
  spacingMm: WireSpacing | null;
  format: PictureFormat;
  picture: Uint8Array;
  /** Not a new frame: shown again, or its objects were changed by a prompt. */
  revised: boolean;
  /** Null when nothing was tracked on this frame. */
  timings: WireTimings | null;
  /** In ascending id. */
  objects: LiveObject[];
}

export interface WireLabel {
  id: number;
  name: string | null;
  /** '#rrggbb' */
  colour: string | null;
}

export interface LiveStatus {
  /** As of the session: see docs/explanation/live-session.md. */
  state: 'idle' | 'live' | 'frozen' | 'lost' | 'fault';
  objects: WireLabel[];
  cine: { firstId: number; lastId: number; frames: number; seconds: number } | null;
  viewedId: number | null;
  canUndo: boolean;
  catchingUp: number;
  recording: boolean;
}

export interface WirePercentiles {
  p50: number;
  p95: number;
  p99: number;
}

export interface LiveLatency {
  fps: number;
  /** ms, by stage. */
  stages: Record<string, WirePercentiles>;
  counters: Record<'received' | 'processed' | 'dropped' | 'skipped' | 'faults' | 'resets', number>;
  /** Frames that this viewer was too slow for. */
  viewerDrops: number;
}

export type ServerMessage =
  | { type: 'hello'; version: number; device: unknown; source: unknown; role: Role }
  | { type: 'frame'; frame: LiveFrame }
  | { type: 'status'; status: LiveStatus }
  | { type: 'latency'; latency: LiveLatency }
  | { type: 'notice'; kind: string; message: string }
  | { type: 'answer'; ref: number; objectId: number | null; frameId: number | null }
  | { type: 'refusal'; ref: number; code: string; message: string }
  | { type: 'pong'; clientMs: number; serverNs: bigint };

/** A click, a box or both, on the frame that the user saw. */
export interface PromptCommand {
  frameId: number;
  /** Frame px, pixel centres at +0.5; label 1 foreground, 0 background. */
  point?: { x: number; y: number; label: 0 | 1 };
  /** Half-open, frame px. */
  box?: WireBox;
  /** Null starts another object; absent: the one under the point, or another one. */
  objectId?: number | null;
}

/** What is answered or refused. */
export type Command =
  | ({ type: 'prompt' } & PromptCommand)
  | { type: 'undo' }
  | { type: 'remove'; objectId: number }
  | { type: 'label'; objectId: number; name?: string | null; colour?: string | null }
  | { type: 'freeze' }
  | { type: 'seek'; frameId: number }
  | { type: 'goLive' }
  | { type: 'startRecording' }
  | { type: 'stopRecording' };

export type ClientMessage =
  | (Command & { ref: number })
  | { type: 'subscribe'; format: PictureFormat }
  | { type: 'shown'; count: number; glassToGlassMs: number | null }
  | { type: 'ping'; clientMs: number };

/** One frame of another process, on its way to the session. */
export interface IngestFrame {
  /** Ascending; null: counted by the server. */
  id: number | null;
  /** Monotonic clock of the machine; null: the time of arrival. */
  captureNs: bigint | null;
  widthPx: number;
  heightPx: number;
  channels: 1 | 3 | 4;
  spacingMm: WireSpacing | null;
  data: Uint8Array;
}
