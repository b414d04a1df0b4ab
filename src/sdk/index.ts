/**
 * sonotrack: promptable ultrasound segmentation and contour tracking.
 *
 * The façade of the package: the sdk itself, `openSource` of io and `createSession` of live.
 */
export { Phantom, PHANTOM_LABELS, openSource } from '../io/sources/index.js';
export type { PhantomOptions, SourceOptions } from '../io/sources/index.js';
export { LATENCY_STAGES, createSession } from '../live/index.js';
export type {
  Cine,
  Click,
  DeviceLimits,
  LatencyReport,
  LatencyStage,
  LiveResult,
  ObjectLabel,
  Percentiles,
  PromptOutcome,
  Publisher,
  RecordingOptions,
  RecordingSummary,
  Session,
  SessionClock,
  SessionCounters,
  SessionDevice,
  SessionEvents,
  SessionFrame,
  SessionImage,
  SessionNotice,
  SessionOptions,
  SessionPrompt,
  SessionState,
  SessionStatus,
  SessionTracker,
} from '../live/index.js';
export { listProfiles } from '../runtime/profiles.js';
export type { FirmwareProfile, MaskTelemetry } from '../runtime/profiles.js';
export { firstClick, nextClick } from './clicks.js';
export { openDevice } from './device.js';
export type { Device } from './device.js';
export { dice } from './dice.js';
export { ERROR_CODES, ERROR_STAGES, SonotrackError } from './errors.js';
export type { ErrorCode, ErrorStage } from './errors.js';
export type { Image } from './image.js';
export { Mask } from './mask.js';
export { fractionalAreaChange, measureShape, measureVolume } from './measure/index.js';
export type {
  AreaChange,
  AreaPeak,
  Beat,
  Ellipse,
  Shape,
  ShapeMeasurement,
  VolumeSpacing,
} from './measure/index.js';
export type { Tracker } from './tracker.js';
export type {
  Box,
  CorrectOptions,
  DeviceInfo,
  DeviceOptions,
  EngineChoice,
  EngineInfo,
  ExecutionProvider,
  Frame,
  FrameMeta,
  FrameSource,
  ModelInfo,
  ModelPrecision,
  ObjectMask,
  Point,
  Prompts,
  SourceInfo,
  SourceRegion,
  SpacingMm,
  Timings,
  TrackResult,
  TrackStatus,
  TrackedObject,
  TrackerOptions,
  VolumeGeometry,
  ZoomMode,
} from './types.js';
