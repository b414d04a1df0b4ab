/**
 * How far the server's clock is ahead of this one, from pings (as NTP does, RFC 5905, section 8): of the last ones that with
 * the shortest way there and back knows best, and is wrong by at most half of that way.
 */
const REMEMBERED = 8;

interface Sample {
  roundTripMs: number;
  /** Server time minus client time, ms. */
  offsetMs: number;
}

export class ClockSync {
  readonly #samples: Sample[] = [];

  /** A ping that left at `sentMs` and came back at `receivedMs` with the server's time. */
  add(sentMs: number, receivedMs: number, serverNs: bigint): void {
    const serverMs = Number(serverNs / 1000n) / 1000;
    this.#samples.push({
      roundTripMs: receivedMs - sentMs,
      offsetMs: serverMs - (sentMs + receivedMs) / 2,
    });
    if (this.#samples.length > REMEMBERED) this.#samples.shift();
  }

  reset(): void {
    this.#samples.length = 0;
  }

  /** From a time of the server's clock to `nowMs` of this one, ms; null while nothing is known. */
  ageMs(serverNs: bigint, nowMs: number): number | null {
    let best: Sample | null = null;
    for (const sample of this.#samples) {
      if (!best || sample.roundTripMs < best.roundTripMs) best = sample;
    }
    return best ? nowMs + best.offsetMs - Number(serverNs / 1000n) / 1000 : null;
  }
}
