/** Time as the session sees it; tests give their own. */
export interface SessionClock {
  /** Monotonic, ms. */
  nowMs(): number;
  /** Calls back once after `ms`; what it returns calls it off. */
  after(ms: number, call: () => void): () => void;
}

export const SYSTEM_CLOCK: SessionClock = {
  nowMs: () => performance.now(),
  after(ms, call) {
    const timer = setTimeout(call, ms);
    return () => clearTimeout(timer);
  },
};
