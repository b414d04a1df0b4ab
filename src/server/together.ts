import type { Publisher } from '../live/types.js';

/** Several publishers as one, told in their order. */
export function together(name: string, publishers: readonly Publisher[]): Publisher {
  const each = (tell: (publisher: Publisher) => void): void => publishers.forEach(tell);
  return {
    name,
    onResult: (result) => each((publisher) => publisher.onResult?.(result)),
    onLatency: (report) => each((publisher) => publisher.onLatency?.(report)),
    onNotice: (notice) => each((publisher) => publisher.onNotice?.(notice)),
    onStatus: (status) => each((publisher) => publisher.onStatus?.(status)),
  };
}
