import { test } from 'tap';
import {
  decodeHistogram,
  encodeHistogram,
  newHistogram,
  percentilesOf,
  recordMs,
} from '../../../src/live/histogram.js';

test('percentiles of a histogram are those of the samples, to 0.1 %', async (t) => {
  const histogram = newHistogram();
  t.equal(percentilesOf(histogram), undefined);
  for (let ms = 1; ms <= 1000; ms += 1) recordMs(histogram, ms);
  const found = percentilesOf(histogram);
  for (const [name, ms] of [
    ['p50', 500],
    ['p95', 950],
    ['p99', 990],
    ['max', 1000],
  ] as const) {
    t.ok(Math.abs((found?.[name] ?? 0) - ms) <= ms / 1000, `${name} is near ${ms}`);
  }
  t.equal(found?.count, 1000);
});

test('a time below zero counts as none, one beyond an hour as an hour', async (t) => {
  const histogram = newHistogram();
  recordMs(histogram, -3);
  recordMs(histogram, 1e12);
  t.equal(histogram.minNonZeroValue > 3.59e9, true);
  t.equal(histogram.totalCount, 2);
});

test('two encoded windows merge into that of all their samples, to 0.1 %', async (t) => {
  const [first, second, both] = [newHistogram(), newHistogram(), newHistogram()];
  for (let i = 0; i < 500; i += 1) {
    const ms = (i * 7919) % 137;
    recordMs(i % 2 ? first : second, ms);
    recordMs(both, ms);
  }
  const merged = decodeHistogram(encodeHistogram(first));
  merged.add(decodeHistogram(encodeHistogram(second)));
  const [found, expected] = [percentilesOf(merged), percentilesOf(both)];
  t.equal(found?.count, 500);
  for (const name of ['p50', 'p95', 'p99', 'max'] as const) {
    const [a, b] = [found?.[name] ?? NaN, expected?.[name] ?? NaN];
    t.ok(Math.abs(a - b) <= b / 1000, `${name} is near ${b}, found ${a}`);
  }
});
