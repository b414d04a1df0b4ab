import { test } from 'tap';
import { mergeWindows } from '../../../src/telemetry/window.js';
import { windowOf } from '../../support/windows.js';

test('merged windows sum, and their percentiles are those of all samples', async (t) => {
  const first = { ...windowOf([10, 20, 30]), quality: { min: 0.5, mean: 0.6, count: 3 } };
  const second = { ...windowOf([100], 4000), interventions: 2 };
  const merged = mergeWindows([first, second]);
  t.match(merged, {
    startMs: 0,
    endMs: 5000,
    windowS: 2,
    results: 4,
    dropped: 2,
    interventions: 2,
    quality: { min: 0.5, count: 4 },
    stages: { total: { count: 4 } },
  });
  t.ok(Math.abs((merged.quality?.mean ?? 0) - (0.6 * 3 + 0.9) / 4) < 1e-9);
  const { p50 = 0, max = 0 } = merged.stages.total ?? {};
  t.ok(Math.abs(p50 - 20) <= 0.02 && Math.abs(max - 100) <= 0.1);
  const again = mergeWindows([merged, windowOf([])]);
  t.equal(
    again.stages.total?.count,
    4,
    'a merged window merges again, and one without samples adds none',
  );
});
