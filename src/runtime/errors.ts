/**
 * The one class of domain failures. Misuse of an argument is a TypeError (the kind) or a RangeError (the value) instead.
 */

/** Every code that a `SonotrackError` can carry; documented in docs/reference/errors.md. */
export const ERROR_CODES = [
  'DEVICE_CLOSED',
  'IMAGE_CLOSED',
  'TRACKER_CLOSED',
  'ENGINE_UNAVAILABLE',
  'PROVIDER_UNAVAILABLE',
  'PROFILE_NOT_FOUND',
  'PROFILE_INVALID',
  'MODEL_NOT_FOUND',
  'MODEL_MANIFEST_INVALID',
  'MODEL_UNSUPPORTED',
  'MODEL_FILE_MISSING',
  'MODEL_FILE_TRUNCATED',
  'MODEL_FILE_ALTERED',
  'MODEL_UNSIGNED',
  'MODEL_UNTRUSTED',
  'MODEL_KEY_INVALID',
  'MODEL_STORE_BUSY',
  'MODEL_REJECTED',
  'MODEL_LOAD_FAILED',
  'INFERENCE_FAILED',
  'INFERENCE_LATE',
  'TRACKER_NOT_STARTED',
  'FRAME_GEOMETRY_CHANGED',
  'FRAME_NOT_AVAILABLE',
  'UNKNOWN_OBJECT',
  'DUPLICATE_OBJECT',
  'TOO_MANY_OBJECTS',
  'EMPTY_MASK',
  'NOTHING_TO_UNDO',
  'SOURCE_NOT_FOUND',
  'SOURCE_UNSUPPORTED',
  'SOURCE_INVALID',
  'WRITE_FAILED',
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

/** Where in the data's way the failure happened. */
export const ERROR_STAGES = [
  'profile',
  'models',
  'engine',
  'source',
  'encode',
  'predict',
  'track',
  'write',
] as const;

export type ErrorStage = (typeof ERROR_STAGES)[number];

/**
 * A domain failure with a stable `code`, the `stage` it happened in and, where another error led to it, its `cause`.
 * @example
 * try { await device.setImage(frame); } catch (error) {
 *   if (error instanceof SonotrackError && error.code === 'DEVICE_CLOSED') reconnect();
 * }
 */
export class SonotrackError extends Error {
  override readonly name = 'SonotrackError';
  readonly code: ErrorCode;
  readonly stage: ErrorStage;

  constructor(code: ErrorCode, stage: ErrorStage, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
    this.stage = stage;
  }
}

export function isErrorCode(value: unknown): value is ErrorCode {
  return (ERROR_CODES as readonly unknown[]).includes(value);
}
