/** `sonotrack/client`: a live server's frames, masks and commands, for browsers and for Node. */
export {
  CommandError,
  connect,
  type ClientEvents,
  type ClientOptions,
  type ClientSocket,
  type CommandOutcome,
  type ConnectionState,
  type LiveClient,
  type ServerInfo,
} from './client.js';
export { decodeRle } from './rle.js';
export type {
  LiveFrame,
  LiveLatency,
  LiveObject,
  LiveStatus,
  PictureFormat,
  PromptCommand,
  Role,
  WireBox,
  WireLabel,
  WirePercentiles,
  WireSpacing,
  WireTimings,
} from '../wire/messages.js';
