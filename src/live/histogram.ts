/** Latency distributions: HdrHistogram in whole µs, three significant digits (values are off by at most 0.1 %). */
import {
  build,
  decodeFromCompressedBase64,
  encodeIntoCompressedBase64,
  type Histogram,
} from 'hdr-histogram-js';
import type { Percentiles } from './types.js';

export type { Histogram } from 'hdr-histogram-js';

/** Longer times are recorded as this one, µs: an hour. */
const MOST_US = 3.6e9;

export function newHistogram(): Histogram {
  return build({ autoResize: true, numberOfSignificantValueDigits: 3, bitBucketSize: 32 });
}

/** Records a time in ms; negative ones count as none. */
export function recordMs(histogram: Histogram, ms: number): void {
  histogram.recordValue(Math.min(MOST_US, Math.max(0, Math.round(ms * 1000))));
}

/** ms; undefined for a histogram without a sample. */
export function percentilesOf(histogram: Histogram): Percentiles | undefined {
  if (histogram.totalCount === 0) return undefined;
  const ms = (share: number): number => histogram.getValueAtPercentile(share) / 1000;
  return {
    p50: ms(50),
    p95: ms(95),
    p99: ms(99),
    max: histogram.maxValue / 1000,
    count: histogram.totalCount,
  };
}

/** The V2 compressed form, base64: what every HdrHistogram library reads. */
export const encodeHistogram = (histogram: Histogram): string =>
  encodeIntoCompressedBase64(histogram);

/** @throws Error for a text that is no histogram */
export const decodeHistogram = (text: string): Histogram =>
  decodeFromCompressedBase64(text, 32, false) as Histogram;
