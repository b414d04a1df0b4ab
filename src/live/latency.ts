import { newHistogram, percentilesOf, recordMs, type Histogram } from './histogram.js';

/** Counts since the session was created. */
export interface SessionCounters {
  /** Frames that the source delivered. */
  received: number;
  /** Frames with a result. */
  processed: number;
  /** Frames replaced by a newer one before they were taken. */
  dropped: number;
  /** Frames that came in while the user looked at a frozen one. */
  skipped: number;
  /** Clicks and boxes answered. */
  clicks: number;
  /** Times that tracking was given up because the geometry or the scene changed. */
  resets: number;
  /** Times that the overlay was withdrawn because inference failed or was late. */
  faults: number;
  /** Of the faults, those where inference was late. */
  late: number;
  /** Times that tracking was restarted after a fault. */
  restarts: number;
  /** Exceptions of publishers and listeners. */
  publisherErrors: number;
}

/** All 0. */
export const emptyCounters = (): SessionCounters => ({
  received: 0,
  processed: 0,
  dropped: 0,
  skipped: 0,
  clicks: 0,
  resets: 0,
  faults: 0,
  late: 0,
  restarts: 0,
  publisherErrors: 0,
});

/** ms; `count` samples. */
export interface Percentiles {
  p50: number;
  p95: number;
  p99: number;
  max: number;
  count: number;
}

/**
 * `wait`: from the frame's arrival until the session took it; `track`: the tracker's call, of which `preprocess`,
 * `inference` and `postprocess` are parts; `total`: from arrival to the result.
 */
export const LATENCY_STAGES = [
  'wait',
  'preprocess',
  'inference',
  'postprocess',
  'track',
  'total',
] as const;
export type LatencyStage = (typeof LATENCY_STAGES)[number];

export interface LatencyReport {
  /** Span of the samples, s: since the report before. */
  readonly windowS: number;
  /** Results per second in the window. */
  readonly fps: number;
  /** Frames dropped in the window. */
  readonly dropped: number;
  /** Stages without a sample in the window are absent. */
  readonly stages: Readonly<Partial<Record<LatencyStage, Percentiles>>>;
  /** The distributions behind `stages`, µs: windows can be merged by them without error. Not to be changed. */
  readonly histograms: Readonly<Partial<Record<LatencyStage, Histogram>>>;
  readonly counters: Readonly<SessionCounters>;
}

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
