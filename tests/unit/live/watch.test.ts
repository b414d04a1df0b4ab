/** What a session notices by itself: late inference, a source that stalls, another geometry, another scene. */
import { test } from 'tap';
import type { Frame } from '../../../src/sdk/types.js';
import { waves } from '../../support/frames.js';
import { frame, play, setUp, TestClock } from './stub.js';

test('a late result withdraws the overlay at once and tracking is taken up again when the device answers', async (t) => {
  const clock = new TestClock();
  let hold: (() => void) | null = null;
  let holding = false;
  const live = setUp(
    {
      before: (call) =>
        holding && call === 'track' ? new Promise<void>((resolve) => (hold = resolve)) : undefined,
    },
    { clock, budgetMs: 200, stallMs: 60_000, latencyIntervalMs: 60_000 },
  );
  await play(live, 0);
  await live.session.click({ frameId: 0, x: 10, y: 10, label: 1 });
  await play(live, 1);
  holding = true;
  live.source.feed(frame(2));
  while (hold === null) await new Promise(setImmediate);
  const before = live.recorder.results.length;
  clock.advance(199);
  await new Promise(setImmediate);
  t.equal(live.recorder.results.length, before, 'within the budget nothing happens');
  clock.advance(1);
  await live.recorder.count(before + 1);
  t.match(live.recorder.last, { frame: { id: 2 }, objects: [], timings: null });
  t.match(live.session.counters, { faults: 1, late: 1, restarts: 0 });
  t.equal(live.session.status.state, 'fault');

  await play(live, 3);
  t.same(live.recorder.last.objects, [], 'still no answer, still no overlay');
  await t.rejects(live.session.click({ frameId: 3, x: 1, y: 1, label: 1 }), {
    code: 'INFERENCE_LATE',
  });
  holding = false;
  (hold as () => void)();
  for (let i = 0; i < 5; i += 1) await new Promise(setImmediate);
  await play(live, 4);
  t.match(live.recorder.last, { frame: { id: 4 }, objects: [{ id: 1 }] });
  t.match(live.session.counters, { faults: 1, late: 1, restarts: 1 });
  t.equal(live.session.status.state, 'live');
  t.notOk(
    live.recorder.results.some(({ frame: { id }, objects }) => id === 2 && objects.length > 0),
    'the late result was never shown',
  );
  await live.session.close();
});

test('a source that stalls makes the session idle until the next frame', async (t) => {
  const clock = new TestClock();
  const live = setUp({}, { clock, stallMs: 500, latencyIntervalMs: 60_000 });
  t.equal(live.session.status.state, 'idle');
  await play(live, 0);
  t.equal(live.session.status.state, 'live');
  clock.advance(499);
  t.equal(live.session.status.state, 'live');
  clock.advance(1);
  t.equal(live.session.status.state, 'idle');
  await play(live, 1);
  t.same(
    live.recorder.statuses.map(({ state }) => state),
    ['live', 'idle', 'live'],
  );
  await live.session.close();
});

test('when every object is lost the session says so', async (t) => {
  const live = setUp();
  await play(live, 0);
  await live.session.click({ frameId: 0, x: 10, y: 10, label: 1 });
  // The fake follows what it holds: a background click over the whole disc leaves nothing.
  await live.session.click({ frameId: 0, x: 10, y: 10, label: 0, objectId: 1 });
  await play(live, 1);
  t.match(live.recorder.last.objects, [{ id: 1, status: 'lost' }]);
  t.equal(live.session.status.state, 'lost');
  await live.session.close();
});

test('another depth, told by the spacing alone, ends tracking', async (t) => {
  const live = setUp();
  await play(live, 0);
  await live.session.click({ frameId: 0, x: 10, y: 10, label: 1 });
  live.source.feed({ ...frame(1), spacingMm: { x: 0.50001, y: 0.5 } });
  await live.recorder.until(() => live.recorder.last.frame.id === 1);
  t.equal(live.recorder.last.objects.length, 1, 'rounding is no change');
  live.source.feed({ ...frame(2), spacingMm: { x: 0.4, y: 0.4 } });
  await live.recorder.until(() => live.recorder.last.frame.id === 2);
  t.equal(live.recorder.last.objects.length, 0);
  t.match(live.recorder.notices, [{ kind: 'reset', reason: 'geometry', message: /0\.4000/ }]);
  t.match(live.session.status.cine, { firstId: 2, frames: 1 });
  await live.session.close();
});

const SIZE = [64, 48] as const;
const scene = (id: number, phase: number): Frame => ({ ...waves(...SIZE, phase), id });
/** A scene that has nothing to do with the waves. */
const other = (id: number): Frame => {
  const data = Uint8Array.from({ length: SIZE[0] * SIZE[1] }, (_, i) =>
    i % SIZE[0] < 20 ? 240 : 10,
  );
  return { data, widthPx: SIZE[0], heightPx: SIZE[1], channels: 1, id };
};

test('a cut ends tracking; motion and another gain do not', async (t) => {
  const live = setUp();
  const show = async (next: Frame): Promise<void> => {
    live.source.feed(next);
    await live.recorder.until(() => live.recorder.last?.frame.id === next.id);
  };
  for (let id = 0; id < 12; id += 1) await show(scene(id, 0.05 * id));
  await live.session.click({ frameId: 11, x: 20, y: 20, label: 1 });
  const dark = scene(12, 0.6);
  await show({ ...dark, data: dark.data.map((value) => value >> 1) });
  t.equal(live.recorder.last.objects.length, 1);
  await show(other(13));
  t.equal(live.recorder.last.objects.length, 0);
  t.match(live.recorder.notices, [{ kind: 'reset', reason: 'scene-cut' }]);
  await live.session.close();
});

test('a cut among frames that were replaced still counts, and so does one during a freeze', async (t) => {
  const live = setUp();
  live.source.feed(scene(0, 0));
  await live.recorder.count(1);
  await live.session.click({ frameId: 0, x: 20, y: 20, label: 1 });
  await live.session.freeze();
  live.source.feed(other(1), other(2));
  while (live.session.counters.received < 3) await new Promise(setImmediate);
  await live.session.goLive();
  live.source.feed(other(3));
  await live.recorder.until(() => live.recorder.last.frame.id === 3);
  t.equal(live.recorder.last.objects.length, 0);
  t.match(live.recorder.notices, [{ kind: 'reset', reason: 'scene-cut' }]);
  await live.session.close();
});

test('with the queue no frame of a file is left out', async (t) => {
  const live = setUp({}, { channel: 'queue' });
  live.source.feed(...Array.from({ length: 30 }, (_, id) => frame(id)));
  live.source.end();
  await live.session.done;
  t.same(
    live.recorder.results.map(({ frame: { id } }) => id),
    Array.from({ length: 30 }, (_, id) => id),
  );
  t.equal(live.session.counters.dropped, 0);
});
