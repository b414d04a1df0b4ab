/** One window of a device's measurements, as it is kept on disk and sent; windows merge into longer ones. */
import {
  decodeHistogram,
  encodeHistogram,
  newHistogram,
  percentilesOf,
  type Histogram,
} from '../live/histogram.js';
import type { LatencyReport, LatencyStage, Percentiles, SessionCounters } from '../live/types.js';
import type { DeviceHealth } from './health.js';

export interface TelemetryWindow {
  /** Wall clock, ms since 1970. */
  startMs: number;
  endMs: number;
  /** Time that was measured, s: less than from start to end where windows between are missing. */
  windowS: number;
  /** Frames with a result. */
  results: number;
  /** Frames replaced by a newer one. */
  dropped: number;
  interventions: number;
  /** Of every object on every frame; null without one. */
  quality: { min: number; mean: number; count: number } | null;
  /** Objects at the end, and how many of them ask for a click or are lost. */
  objects: { count: number; ask: number; lost: number; areaMm2: number | null };
  stages: Partial<Record<LatencyStage, Percentiles>>;
  /** HdrHistogram V2, compressed, base64; in µs. */
  histograms: Partial<Record<LatencyStage, string>>;
  /** Since the session began. */
  counters: SessionCounters;
  health: DeviceHealth;
  masks: MaskCounters;
}

/** Mask messages since the process began. */
export interface MaskCounters {
  sent: number;
  /** Held back by the rate limit. */
  limited: number;
  /** Not sent for want of a connection. */
  unsent: number;
  /** Sent with simplified shapes, or without, to fit the size budget. */
  reduced: number;
}

/** What a report says of stages, in the form that is kept. */
export function encodeStages({
  stages,
  histograms,
}: Pick<LatencyReport, 'stages' | 'histograms'>): Pick<TelemetryWindow, 'stages' | 'histograms'> {
  const encoded: TelemetryWindow['histograms'] = {};
  for (const [stage, histogram] of entries(histograms)) encoded[stage] = encodeHistogram(histogram);
  return { stages: { ...stages }, histograms: encoded };
}

/** Two or more windows, oldest first, as one. Sums, extremes and percentiles are those of all their samples. */
export function mergeWindows(windows: readonly TelemetryWindow[]): TelemetryWindow {
  const last = windows[windows.length - 1];
  const sum = (of: (window: TelemetryWindow) => number): number =>
    windows.reduce((total, window) => total + of(window), 0);
  const merged: Partial<Record<LatencyStage, Histogram>> = {};
  for (const { histograms } of windows) {
    for (const [stage, text] of entries(histograms)) {
      (merged[stage] ??= newHistogram()).add(decodeHistogram(text));
    }
  }
  const stages: TelemetryWindow['stages'] = {};
  for (const [stage, histogram] of entries(merged)) stages[stage] = percentilesOf(histogram);
  const judged = windows.flatMap(({ quality }) => quality ?? []);
  const count = judged.reduce((total, quality) => total + quality.count, 0);
  return {
    ...last,
    startMs: windows[0].startMs,
    windowS: sum(({ windowS }) => windowS),
    results: sum(({ results }) => results),
    dropped: sum(({ dropped }) => dropped),
    interventions: sum(({ interventions }) => interventions),
    quality:
      count === 0
        ? null
        : {
            min: Math.min(...judged.map(({ min }) => min)),
            mean: judged.reduce((total, q) => total + q.mean * q.count, 0) / count,
            count,
          },
    ...encodeStages({ stages, histograms: merged }),
  };
}

function entries<V>(record: Partial<Record<LatencyStage, V>>): [LatencyStage, V][] {
  return Object.entries(record) as [LatencyStage, V][];
}
