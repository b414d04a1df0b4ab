/**
 * The public types. Sizes are px; coordinates are frame px, where pixel i spans [i, i + 1) and its centre is i + 0.5.
 * Every mm value is null where the spacing is unknown, never a guess.
 */
import type { Precision } from '../runtime/bundle.js';
import type { EngineInfo } from '../runtime/engine.js';
import type { ZoomMode } from '../runtime/zoom.js';
import type { Mask } from './mask.js';

export type { Precision as ModelPrecision } from '../runtime/bundle.js';
export type { ZoomMode } from '../runtime/zoom.js';
export type { EngineInfo, ExecutionProvider } from '../runtime/engine.js';
export type { Mask } from './mask.js';

/** Millimetres per pixel along each axis. */
export interface SpacingMm {
  x: number;
  y: number;
}

/** One picture. `data` is copied before a call that takes a frame returns. */
export interface Frame {
  /** Row-major, heightPx × widthPx × channels, 8 bits a sample. */
  data: Uint8Array;
  widthPx: number;
  heightPx: number;
  /** 1 gray, 3 RGB, 4 RGBA (alpha is ignored). */
  channels: 1 | 3 | 4;
  /** Null or absent: unknown. */
  spacingMm?: SpacingMm | null;
  /** A safe integer ≥ 0. Default: a counter of the device. */
  id?: number;
  /** Monotonic capture time, ns. Default: `process.hrtime.bigint()` at the call. */
  captureNs?: bigint;
}

/** Travels, frozen, with every result, so that a mask is never shown on another frame than its own. */
export interface FrameMeta {
  readonly id: number;
  readonly captureNs: bigint;
  readonly heightPx: number;
  readonly widthPx: number;
  readonly spacingMm: Readonly<SpacingMm> | null;
}

/** A click: px, pixel centres at +0.5; label 1 foreground, 0 background (as SAM). */
export interface Point {
  x: number;
  y: number;
  label: 1 | 0;
}

/** Half-open: x1 = last column + 1, y1 = last row + 1. */
export type Box = [x0: number, y0: number, x1: number, y1: number];

export interface Prompts {
  /** All clicks so far, in the order given. Background points alone need `previous`. */
  points?: Point[];
  box?: Box;
  /** The mask that the last click answered. */
  previous?: Mask;
  /** Also return the candidates for an ambiguous prompt. Default: false. */
  multimask?: boolean;
}

/** Milliseconds; `queueMs` is the wait for the inference thread. */
export interface Timings {
  readonly queueMs: number;
  readonly preprocessMs: number;
  readonly inferenceMs: number;
  readonly postprocessMs: number;
  readonly totalMs: number;
}

/** `ask`: the estimated DSC is below the model's threshold, a click would help. `lost`: the mask is empty. */
export type TrackStatus = 'tracking' | 'ask' | 'lost';

export interface TrackedObject {
  readonly id: number;
  readonly mask: Mask;
  /** The runtime's own estimate of the object's DSC on this frame, 0–1. */
  readonly quality: number;
  readonly status: TrackStatus;
}

export interface TrackResult {
  readonly frame: FrameMeta;
  /** In ascending id; a lost object stays listed. The masks never overlap. */
  readonly objects: readonly TrackedObject[];
  readonly timings: Timings;
}

/** An object to follow: `id` a safe integer ≥ 0 of the caller's choice. */
export interface ObjectMask {
  id: number;
  mask: Mask;
}

export type EngineChoice = 'auto' | 'native' | 'onnxruntime-node';

export interface DeviceOptions {
  /** Name of a firmware profile, or the path of a profile file. Default: 'x86-cpu'. */
  profile?: string;
  /** Folder of a model bundle, or of a store of installed ones. Default: the bundle shipped with the package. */
  modelsDir?: string;
  /**
   * PEM files of ed25519 public keys. With them a bundle must be signed by one; a store cannot be used without. Default: none,
   * only hashes are checked.
   */
  trustedKeys?: string[];
  /** Default: 'auto', the native addon where it loads, else onnxruntime-node. */
  engine?: EngineChoice;
  /** Whether `predict` looks again, at a crop around the object or a mirror image. Default: what the profile says. */
  zoom?: ZoomMode;
}

export interface TrackerOptions {
  /** Most objects followed at once, 1 to the model's object slots. Default: 10. */
  maxObjects?: number;
  /** Frames kept so that a click on an earlier one can be answered, 0 to 600; two bytes a pixel each. Default: the profile's. */
  historyFrames?: number;
}

export interface CorrectOptions {
  /** The frame that was clicked on, one of the last `historyFrames`. Default: the frame last tracked. */
  frameId?: number;
}

export interface ModelInfo {
  readonly name: string;
  readonly version: string;
  readonly precision: Precision;
  /** Side of the square that a frame is letterboxed to. */
  readonly inputSizePx: number;
  /** Side of the grid that masks come out on. */
  readonly maskSizePx: number;
}

export interface DeviceInfo extends Readonly<EngineInfo> {
  readonly profile: string;
  readonly models: {
    readonly bundle: string;
    /** Id of the trusted key that signed the bundle; null where no trusted keys were given. */
    readonly signedBy: string | null;
    readonly sonosam: ModelInfo;
    readonly deaot: ModelInfo & { readonly objectSlots: number; readonly askBelow: number };
  };
  /** In words what is not as the profile wants it: a fallback engine, a provider that is missing, another precision. */
  readonly notices: readonly string[];
}

/** A calibrated part of the picture (DICOM PS3.3 C.8.5.5). */
export interface SourceRegion {
  /** Half-open, frame px. */
  box: Box;
  /** What the region shows, for instance '2d' or 'm-mode'. */
  kind: string;
  /** Null when its axes are not both lengths. */
  spacingMm: SpacingMm | null;
}

/** How frames lie in space, where the source is a volume or says how its pictures were placed (NIfTI, MetaImage). */
export interface VolumeGeometry {
  /** Slices of a volume, of which each is a frame; 1 for pictures that follow each other in time. */
  slices: number;
  /** Distance of neighbouring slices; null when unknown, or when there is one slice only. */
  sliceSpacingMm: number | null;
  /**
   * Row-major 4 × 4: (column, row, slice, 1), counted from 0 at the centre of a pixel, → mm in the patient, RAS+ (NIfTI).
   * Null when the source gives no orientation.
   */
  affine: readonly number[] | null;
}

export interface SourceInfo {
  /** What the source is, for instance 'phantom', 'image' or 'image-folder'. */
  kind: string;
  /** Null for an endless or live source. */
  frames: number | null;
  widthPx: number;
  heightPx: number;
  channels: 1 | 3 | 4;
  frameRateHz: number | null;
  spacingMm: SpacingMm | null;
  regions: SourceRegion[];
  /** DICOM modality, for instance 'US'; null when unknown. */
  modality: string | null;
  /** Absent where frames are pictures of no known place. */
  volume?: VolumeGeometry;
}

/** Yields a fresh buffer per frame; a source that ends, ends the iteration. `close` is idempotent and ends it early. */
export interface FrameSource extends AsyncIterable<Frame> {
  readonly info: SourceInfo;
  /**
   * One frame by its number, as the iteration would yield it as fast as asked; absent where the source is a stream.
   * @throws RangeError for a number outside of the source
   */
  frameAt?(index: number): Promise<Frame>;
  close(): Promise<void>;
}
