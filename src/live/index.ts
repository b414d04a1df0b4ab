export { SESSION_DEFAULTS } from './options.js';
export { createSession } from './session.js';
export type * from './clock.js';
export type { RecordingOptions, RecordingSummary } from './recorder.js';
export { LATENCY_STAGES } from './types.js';
export type * from './types.js';
