export { ERROR_CODES, ERROR_STAGES, SonotrackError } from '../runtime/errors.js';
export type { ErrorCode, ErrorStage } from '../runtime/errors.js';
