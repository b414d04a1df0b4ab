export { createSession, SESSION_DEFAULTS } from './session.js';
export { LATENCY_STAGES } from './types.js';
export type * from './types.js';
