/** What one client may take of the server. */
export interface Limits {
  /** TCP connections at once, of all kinds. */
  connections: number;
  /** WebSockets on /stream at once. */
  viewers: number;
  /** Commands a second of a viewer, and API requests a second of all clients together. */
  commandsPerS: number;
  requestsPerS: number;
  /** Bytes of a message from a viewer, of a request's body, and of an ingested frame. */
  commandBytes: number;
  bodyBytes: number;
  ingestBytes: number;
}

export const DEFAULT_LIMITS: Limits = {
  connections: 256,
  viewers: 64,
  commandsPerS: 20,
  requestsPerS: 100,
  commandBytes: 4096,
  bodyBytes: 4096,
  ingestBytes: 32 * 2 ** 20,
};

/** Counts what happens within a second. */
export class RateLimit {
  readonly #perS: number;
  #secondMs = -Infinity;
  #count = 0;

  constructor(perS: number) {
    this.#perS = perS;
  }

  /** Counts one; false when there were too many within this second. */
  admits(nowMs: number): boolean {
    if (nowMs - this.#secondMs >= 1000) {
      this.#secondMs = nowMs;
      this.#count = 0;
    }
    this.#count += 1;
    return this.#count <= this.#perS;
  }
}
