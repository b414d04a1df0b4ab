import { emptyCounters } from '../../../src/live/latency.js';
import { test } from 'tap';
import type { LatencyReport, LiveResult, SessionStatus } from '../../../src/live/types.js';
import { DeviceHistory } from '../../../src/server/device-history.js';

const counters = emptyCounters();
const report = (more: Partial<typeof counters> = {}): LatencyReport => ({
  windowS: 1,
  fps: 20,
  dropped: 0,
  stages: { total: { p50: 10, p95: 20, p99: 30, max: 40, count: 20 } },
  histograms: {},
  counters: { ...counters, ...more },
});
const resultOf = (...qualities: number[]): LiveResult =>
  ({ objects: qualities.map((quality) => ({ quality })) }) as unknown as LiveResult;
const statusOf = (state: SessionStatus['state'], ...ids: number[]): SessionStatus => ({
  state,
  objects: ids.map((id) => ({ id, name: null, colour: null })),
  cine: null,
  viewedId: null,
  canUndo: false,
  catchingUp: 0,
  recording: false,
});

function historyOf() {
  const now = { ms: 1000, step: 0, drops: 0 };
  const history = new DeviceHistory({
    health: () => ({ memoryMb: 100, temperatureC: 60, thermalStep: now.step }),
    viewerDrops: () => now.drops,
    nowMs: () => now.ms,
  });
  return { now, history };
}

test('counters become counts of a window; quality is that of its results', async (t) => {
  const { now, history } = historyOf();
  history.onResult(resultOf(0.9, 0.7));
  now.drops = 3;
  history.onLatency(
    report({ received: 30, dropped: 8, skipped: 2, faults: 3, late: 2, clicks: 1 }),
  );
  history.onLatency(
    report({ received: 60, dropped: 9, skipped: 2, faults: 3, late: 2, clicks: 1 }),
  );
  const [first, second] = history.since(0).windows;
  t.match(first, {
    fps: 20,
    received: 30,
    drops: { replaced: 8, frozen: 2, late: 2, failed: 1, viewers: 3 },
    interventions: 1,
    objects: 2,
    quality: { min: 0.7 },
    stages: { total: { p95: 20 } },
  });
  t.ok(Math.abs((first.quality?.mean ?? 0) - 0.8) < 1e-9);
  t.match(second, {
    received: 30,
    drops: { replaced: 1, frozen: 0, late: 0, failed: 0, viewers: 0 },
    interventions: 0,
    quality: null,
  });
});

test('what changes is an event; only what is newer is given', async (t) => {
  const { now, history } = historyOf();
  history.onStatus(statusOf('idle'));
  history.onStatus(statusOf('live', 1));
  history.onStatus({ ...statusOf('live', 1), recording: true });
  history.onStatus(statusOf('live'));
  history.onNotice({ kind: 'fault', message: 'inference was late' });
  now.step = 1;
  history.onLatency(report());
  const { events, windows } = history.since(0);
  t.same(
    events.map(({ kind, message }) => `${kind}: ${message}`),
    [
      'started: the server started',
      'state: idle',
      'state: idle → live',
      'objects: object 1 is followed',
      'recording: recording began',
      'objects: object 1 is no longer followed',
      'recording: recording ended',
      'fault: inference was late',
      'thermal: thermal step 0 → 1',
    ],
  );
  t.same(history.since(windows[0].sequence).windows, []);
  t.equal(history.since(windows[0].sequence).events.length, 1);
});

test('it is bounded', async (t) => {
  const { history } = historyOf();
  for (let i = 0; i < 1000; i += 1) {
    history.onLatency(report());
    history.onNotice({ kind: 'restarted', message: String(i) });
  }
  const { windows, events } = history.since(0);
  t.same([windows.length, events.length, events.at(-1)?.message], [900, 200, '999']);
});
