import { test } from 'tap';
import { emptyCounters, LatencyMeter, percentiles } from '../../../src/live/latency.js';

const COUNTERS = emptyCounters();

test('percentiles are nearest ranks of the sorted samples', async (t) => {
  t.same(percentiles([30, 10, 20]), { p50: 20, p95: 30, p99: 30, max: 30, count: 3 });
  const hundred = Array.from({ length: 100 }, (_, i) => 100 - i);
  t.same(percentiles(hundred), { p50: 50, p95: 95, p99: 99, max: 100, count: 100 });
  t.same(percentiles([7]), { p50: 7, p95: 7, p99: 7, max: 7, count: 1 });
  t.equal(percentiles([]), undefined);
});

test('a report covers its own window: rate, drops and stages begin anew with each', async (t) => {
  let now = 0;
  const meter = new LatencyMeter(() => now);
  meter.add({ wait: 1, total: 5 });
  meter.add({ wait: 3, total: 9 });
  now = 500;
  const first = meter.report({ ...COUNTERS, dropped: 4 });
  t.equal(first.windowS, 0.5);
  t.equal(first.fps, 4);
  t.equal(first.dropped, 4);
  t.equal(first.stages.total?.count, 2);
  for (const [name, ms] of [
    ['p50', 5],
    ['p95', 9],
    ['p99', 9],
    ['max', 9],
  ] as const) {
    const found = first.stages.total?.[name] ?? NaN;
    t.ok(Math.abs(found - ms) <= ms / 1000, `${name} is ${ms} ms to 0.1 %, found ${found}`);
  }
  t.equal(first.histograms.total?.totalCount, 2);
  t.notOk(first.stages.track, 'a stage without a sample is absent');

  now = 1500;
  const second = meter.report({ ...COUNTERS, dropped: 5 });
  t.equal(second.fps, 0);
  t.equal(second.dropped, 1);
  t.same(second.stages, {});
  t.equal(second.counters.dropped, 5);
});
