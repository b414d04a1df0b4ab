import { setTimeout as delay } from 'node:timers/promises';

/** Time as a source sees it; tests give their own. */
export interface Clock {
  /** Monotonic, ns. */
  nowNs(): bigint;
  /** Resolves after `ms`, or at once when the signal fires. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

export const SYSTEM_CLOCK: Clock = {
  nowNs: () => process.hrtime.bigint(),
  async sleep(ms, signal) {
    await delay(ms, undefined, { signal }).catch(() => undefined);
  },
};
