import { newHistogram, percentilesOf, recordMs, type Histogram } from './histogram.js';
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
  return {
    p50: rank(0.5),
    p95: rank(0.95),
    p99: rank(0.99),
    max: sorted[sorted.length - 1],
    count: sorted.length,
  };
}

/** Collects the samples of one window; `report` ends it and begins the next. */
export class LatencyMeter {
  readonly #nowMs: () => number;
  #startMs: number;
  #droppedBefore = 0;
  #results = 0;
  #histograms: Partial<Record<LatencyStage, Histogram>> = {};

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
      if (value !== undefined) recordMs((this.#histograms[stage] ??= newHistogram()), value);
    }
  }

  report(counters: Readonly<SessionCounters>): LatencyReport {
    const now = this.#nowMs();
    const windowS = (now - this.#startMs) / 1000;
    const stages: Partial<Record<LatencyStage, Percentiles>> = {};
    for (const stage of LATENCY_STAGES) {
      const histogram = this.#histograms[stage];
      if (histogram) stages[stage] = percentilesOf(histogram);
    }
    const report: LatencyReport = {
      windowS,
      fps: windowS > 0 ? this.#results / windowS : 0,
      dropped: counters.dropped - this.#droppedBefore,
      stages,
      histograms: this.#histograms,
      counters: { ...counters },
    };
    this.#startMs = now;
    this.#droppedBefore = counters.dropped;
    this.#results = 0;
    this.#histograms = {};
    return report;
  }
}
