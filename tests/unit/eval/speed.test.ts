import { test } from 'tap';
import { quantile } from '../../../src/eval/figures.js';
import { measureSpeed } from '../../../src/eval/speed.js';
import { fakeDevice } from '../../../src/sdk/fake-device.js';
import { frame } from '../../support/frames.js';

test('every kind of call is timed as often as asked, warm-up apart', async (t) => {
  const slow = 15;
  const { device, engine } = fakeDevice({
    before: (call) =>
      call === 'track' ? new Promise((done) => setTimeout(done, slow)) : undefined,
  });
  let told = 0;
  const speeds = await measureSpeed(
    device,
    [frame(64, 64), frame(64, 64)],
    { rounds: 4, objects: [1, 3] },
    () => (told += 1),
  );
  t.same(
    speeds.map(({ call, calls }) => [call, calls]),
    [
      ['setImage', 4],
      ['predict', 4],
      ['predict again', 4],
      ['track 1', 4],
      ['track 3', 4],
    ],
  );
  t.equal(told, 20);
  t.equal(engine.calls.filter((call) => call === 'track').length, 18);
  for (const { call, p50Ms, p95Ms, p99Ms } of speeds) {
    t.ok(p50Ms <= p95Ms && p95Ms <= p99Ms, call);
    // A timer may fire a millisecond early.
    t.equal(p50Ms > slow - 2, call.startsWith('track'), call);
  }
  await device.close();
});

test('quantiles lie between the nearest values', (t) => {
  t.equal(quantile([4, 1, 3, 2], 0), 1);
  t.equal(quantile([4, 1, 3, 2], 1), 4);
  t.equal(quantile([4, 1, 3, 2], 0.5), 2.5);
  t.equal(quantile([7], 0.99), 7);
  t.ok(Number.isNaN(quantile([], 0.5)));
  t.end();
});
