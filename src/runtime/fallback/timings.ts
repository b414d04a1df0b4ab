import type { EngineTimings } from '../engine.js';

/** Adds up where a call's time goes. `started()` ends the wait for the session. */
export class Stopwatch {
  readonly #called = performance.now();
  #queueMs = 0;
  #preprocessMs = 0;
  #postprocessMs = 0;

  /** Marks the start of the job; what came before it, less the preprocessing, is the wait. */
  started(): void {
    this.#queueMs = Math.max(performance.now() - this.#called - this.#preprocessMs, 0);
  }

  preprocess<T>(work: () => T): T {
    const from = performance.now();
    const value = work();
    this.#preprocessMs += performance.now() - from;
    return value;
  }

  postprocess<T>(work: () => T): T {
    const from = performance.now();
    const value = work();
    this.#postprocessMs += performance.now() - from;
    return value;
  }

  stop(): EngineTimings {
    const totalMs = performance.now() - this.#called;
    const spentMs = this.#queueMs + this.#preprocessMs + this.#postprocessMs;
    const inferenceMs = Math.max(totalMs - spentMs, 0);
    return {
      queueMs: this.#queueMs,
      preprocessMs: this.#preprocessMs,
      inferenceMs,
      postprocessMs: this.#postprocessMs,
      totalMs,
    };
  }
}
