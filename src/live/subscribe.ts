import type { TypedEvents } from './events.js';
import type { Publisher, SessionEvents } from './types.js';

/** Gives a publisher the events that it has methods for. */
export function subscribe(events: TypedEvents<SessionEvents>, publisher: Publisher): void {
  const { onResult, onLatency, onNotice, onStatus } = publisher;
  if (onResult) events.on('result', (result) => publisher.onResult?.(result));
  if (onLatency) events.on('latency', (report) => publisher.onLatency?.(report));
  if (onNotice) events.on('notice', (notice) => publisher.onNotice?.(notice));
  if (onStatus) events.on('status', (status) => publisher.onStatus?.(status));
}
