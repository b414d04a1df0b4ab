import {
  LATENCY_STAGES,
  type LatencyReport,
  type LatencyStage,
  type Percentiles,
  type SessionCounters,
} from './types.js';

/** Percentiles by nearest rank; the samples need not be sorted. Undefined for none. */
export function percentiles(samples: readonly number[]): Percentiles | undefined {
  if (samples.length === 0) return undefined;
  const sorted = [...samples].sort((a, b) => a - b);
  const rank = (share: number): number => sorted[Math.ceil(share * sorted.length) - 1];
  return { p50: rank(0.5), p95: rank(0.95), p99: rank(0.99), count: sorted.length };
}

/** Collects the samples of one window; `report` ends it and begins the next. */
export class LatencyMeter {
  readonly #nowMs: () => number;
  #startMs: number;
  #droppedBefore = 0;
  #results = 0;
  #samples = emptySamples();

  /** @param nowMs a monotonic clock */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
    this.#startMs = nowMs();
  }

  /** A result, with the times of the stages that it went through, ms. */
  add(stages: Partial<Record<LatencyStage, number>>): void {
    this.#results += 1;
    for (const stage of LATENCY_STAGES) {
      const value = stages[stage];
      if (value !== undefined) this.#samples[stage].push(value);
    }
  }

  report(counters: Readonly<SessionCounters>): LatencyReport {
    const now = this.#nowMs();
    const windowS = (now - this.#startMs) / 1000;
    const stages: Partial<Record<LatencyStage, Percentiles>> = {};
    for (const stage of LATENCY_STAGES) {
      const found = percentiles(this.#samples[stage]);
      if (found) stages[stage] = found;
    }
    const report: LatencyReport = {
      windowS,
      fps: windowS > 0 ? this.#results / windowS : 0,
      dropped: counters.dropped - this.#droppedBefore,
      stages,
      counters: { ...counters },
    };
    this.#startMs = now;
    this.#droppedBefore = counters.dropped;
    this.#results = 0;
    this.#samples = emptySamples();
    return report;
  }
}

function emptySamples(): Record<LatencyStage, number[]> {
  return { wait: [], preprocess: [], inference: [], postprocess: [], track: [], total: [] };
}
