import { emptyCounters } from '../../src/live/latency.js';
import type { TelemetryWindow } from '../../src/telemetry/window.js';
import {
  encodeHistogram,
  newHistogram,
  percentilesOf,
  recordMs,
} from '../../src/live/histogram.js';

/** A window of the samples given, ms, which began at `startMs` and took a second. */
export function windowOf(samplesMs: number[], startMs = 0): TelemetryWindow {
  const total = newHistogram();
  for (const ms of samplesMs) recordMs(total, ms);
  return {
    startMs,
    endMs: startMs + 1000,
    windowS: 1,
    results: samplesMs.length,
    dropped: 1,
    interventions: 0,
    quality: { min: 0.8, mean: 0.9, count: samplesMs.length },
    objects: { count: 1, ask: 0, lost: 0, areaMm2: 12 },
    stages: { total: percentilesOf(total) },
    histograms: { total: encodeHistogram(total) },
    counters: emptyCounters(),
    health: { memoryMb: 100, temperatureC: null, thermalStep: 0 },
    masks: { sent: 0, limited: 0, unsent: 0, reduced: 0 },
  };
}
