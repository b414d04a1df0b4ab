/** Messages ↔ bytes. What comes from outside is checked here: a message that is not well formed throws `WireError`. */
export { decodeClientMessage, encodeClientMessage } from './client-messages.js';
export { WireError } from './fields.js';
export {
  decodeIngestCredit,
  decodeIngestFrame,
  encodeIngestCredit,
  encodeIngestFrame,
} from './ingest-messages.js';
export { decodeServerMessage, encodeServerMessage } from './server-messages.js';
