import { test } from 'tap';
import { createSession } from '../../../src/live/session.js';
import { createDevice, FedSource, frame, play, Recorder, setUp } from './stub.js';

test('without a click every frame is published with no objects', async (t) => {
  const live = setUp();
  await play(live, 0, 1);
  t.same(
    live.recorder.results.map(({ frame: meta, objects }) => [meta.id, objects.length]),
    [
      [0, 0],
      [1, 0],
    ],
  );
  t.ok(Object.isFrozen(live.recorder.last.frame));
  await live.session.close();
  t.ok(live.source.closed);
});

test('a click starts an object on the frame it was made on and shows it there at once', async (t) => {
  const live = setUp();
  await play(live, 0);
  const outcome = await live.session.click({ frameId: 0, x: 10, y: 10, label: 1 });
  t.same(outcome, { objectId: 1, frameId: 0, caughtUp: 0 });
  t.equal(live.recorder.last.frame.id, 0);
  t.equal(live.recorder.last.revised, true);
  const [object] = live.recorder.last.objects;
  t.equal(object.id, 1);
  t.ok(object.mask.areaPx > 0);
  t.equal(object.mask.areaMm2, object.mask.areaPx * 0.25);

  await play(live, 1);
  t.equal(live.recorder.last.frame.id, 1);
  t.equal(live.recorder.last.objects.length, 1);
  t.ok(live.recorder.last.timings);
  t.same(live.engine.calls, ['setImage', 'predict', 'start', 'track']);
  await live.session.close();
});

test('a click on an earlier frame is answered there and tracking catches up to the present', async (t) => {
  const live = setUp();
  await play(live, 0, 1, 2, 3);
  const outcome = await live.session.click({ frameId: 1, x: 10, y: 10, label: 1 });
  t.equal(outcome.caughtUp, 2);
  t.same(live.engine.calls, ['setImage', 'predict', 'start', 'track', 'track']);
  t.equal(live.recorder.last.frame.id, 3, 'what is shown next is the present');
  t.equal(live.recorder.last.objects.length, 1);
  await live.session.close();
});

test('a click on a frame long ago catches up through some of the frames since, the present among them', async (t) => {
  const live = setUp();
  await play(live, ...Array.from({ length: 40 }, (_, i) => i));
  const outcome = await live.session.click({ frameId: 0, x: 10, y: 10, label: 1 });
  t.equal(outcome.caughtUp, 12);
  t.equal(live.engine.calls.filter((call) => call === 'track').length, 12);
  t.equal(live.recorder.last.frame.id, 39);
  t.equal(live.recorder.last.objects.length, 1);
  await live.session.close();
});

test('a click on the frame last tracked corrects without starting over', async (t) => {
  const live = setUp();
  await play(live, 0);
  await live.session.click({ frameId: 0, x: 10, y: 10, label: 1 });
  await play(live, 1);
  const before = live.recorder.last.objects[0].mask.areaPx;
  await live.session.click({ frameId: 1, x: 13, y: 10, label: 1, objectId: 1 });
  t.same(live.engine.calls.slice(-2), ['track', 'correct']);
  t.ok(live.recorder.last.objects[0].mask.areaPx > before);
  await live.session.close();
});

test('a corrective click on an earlier frame starts over from that frame with all objects', async (t) => {
  const live = setUp();
  await play(live, 0);
  await live.session.click({ frameId: 0, x: 6, y: 6, label: 1, objectId: null });
  await live.session.click({ frameId: 0, x: 24, y: 16, label: 1, objectId: null });
  await play(live, 1, 2);
  const [first, second] = live.recorder.last.objects;
  await live.session.click({ frameId: 1, x: 9, y: 6, label: 1, objectId: 1 });
  t.same(live.engine.calls.slice(-4), ['setImage', 'predict', 'start', 'track']);
  const [changed, same] = live.recorder.last.objects;
  t.ok(changed.mask.areaPx > first.mask.areaPx, 'the mask that was seen is refined');
  t.equal(same.mask.areaPx, second.mask.areaPx, 'the other object is as it was');
  await live.session.close();
});

test('an object added on a later frame survives a correction on an earlier one', async (t) => {
  const live = setUp();
  await play(live, 0);
  await live.session.click({ frameId: 0, x: 6, y: 6, label: 1, objectId: null });
  await play(live, 1, 2);
  await live.session.click({ frameId: 2, x: 24, y: 16, label: 1, objectId: null });
  await live.session.click({ frameId: 1, x: 9, y: 6, label: 1, objectId: 1 });
  t.same(
    live.recorder.last.objects.map(({ id }) => id),
    [1, 2],
  );
  await play(live, 3);
  t.equal(live.recorder.last.objects.length, 2);
  await live.session.close();
});

test('clicks on one frame for one object add up', async (t) => {
  const live = setUp();
  await play(live, 0);
  await live.session.click({ frameId: 0, x: 10, y: 10, label: 1 });
  const one = live.recorder.last.objects[0].mask;
  await live.session.click({ frameId: 0, x: 18, y: 10, label: 1, objectId: 1 });
  const two = live.recorder.last.objects[0].mask;
  t.ok(two.areaPx > one.areaPx);
  await live.session.click({ frameId: 0, x: 18, y: 10, label: 0, objectId: 1 });
  t.ok(live.recorder.last.objects[0].mask.areaPx < two.areaPx);
  await live.session.close();
});

test('a removed object is gone at once and its number is free again', async (t) => {
  const live = setUp();
  await play(live, 0);
  await live.session.click({ frameId: 0, x: 6, y: 6, label: 1, objectId: null });
  await live.session.click({ frameId: 0, x: 24, y: 16, label: 1, objectId: null });
  await live.session.remove(1);
  t.same(
    live.recorder.last.objects.map(({ id }) => id),
    [2],
  );
  const { objectId } = await live.session.click({
    frameId: 0,
    x: 6,
    y: 6,
    label: 1,
    objectId: null,
  });
  t.equal(objectId, 1);
  await live.session.remove(1);
  await live.session.remove(2);
  await play(live, 1);
  t.equal(live.recorder.last.timings, null, 'without objects nothing is tracked');
  await live.session.close();
});

test('clicks that cannot be answered are refused and change nothing', async (t) => {
  const live = setUp({}, { cineSeconds: 0.1, maxObjects: 1 });
  await play(live, 0);
  live.source.feed({ ...frame(1), captureNs: 10n ** 9n }, { ...frame(2), captureNs: 10n ** 9n });
  await live.recorder.until(() => live.recorder.last.frame.id === 2);
  const at = { x: 10, y: 10, label: 1 as const };
  await t.rejects(live.session.click({ ...at, frameId: 0 }), { code: 'FRAME_NOT_AVAILABLE' });
  await t.rejects(live.session.click({ ...at, frameId: 2, objectId: 7 }), {
    code: 'UNKNOWN_OBJECT',
  });
  await t.rejects(live.session.click({ ...at, x: 99, frameId: 2 }), { name: 'RangeError' });
  await t.rejects(live.session.remove(1), { code: 'UNKNOWN_OBJECT' });
  t.notOk(live.recorder.last.revised);
  await live.session.click({ ...at, frameId: 2 });
  await t.rejects(live.session.click({ ...at, x: 25, frameId: 2, objectId: null }), {
    code: 'TOO_MANY_OBJECTS',
  });
  t.equal(live.recorder.last.objects.length, 1);
  t.equal(live.session.counters.clicks, 1);
  await live.session.close();
});

test('frames that come faster than the tracker replace each other and are counted', async (t) => {
  let hold: (() => void) | null = null;
  const live = setUp({
    before: (call) =>
      call === 'track' ? new Promise<void>((resolve) => (hold = resolve)) : undefined,
  });
  await play(live, 0);
  await live.session.click({ frameId: 0, x: 10, y: 10, label: 1 });
  live.source.feed(frame(1));
  while (hold === null) await new Promise(setImmediate);
  live.source.feed(frame(2), frame(3), frame(4));
  while (live.session.counters.received < 5) await new Promise(setImmediate);
  const results = live.recorder.results.length;
  (hold as () => void)();
  hold = null;
  while (hold === null) await new Promise(setImmediate);
  (hold as () => void)();
  await live.recorder.count(results + 2);
  t.same(
    live.recorder.results.slice(results).map(({ frame: meta }) => meta.id),
    [1, 4],
  );
  t.equal(live.session.counters.dropped, 2);
  await live.session.close();
});

test('another frame size ends tracking with a notice and the stream goes on', async (t) => {
  const live = setUp();
  await play(live, 0);
  await live.session.click({ frameId: 0, x: 10, y: 10, label: 1 });
  live.source.feed(frame(1, 16, 16));
  await live.recorder.until(() => live.recorder.last.frame.id === 1);
  t.equal(live.recorder.last.objects.length, 0);
  t.match(live.recorder.notices[0], {
    kind: 'reset',
    reason: 'geometry',
    message: /from 32 × 24 px .*to 16 × 16 px/,
  });
  t.equal(live.session.counters.resets, 1);
  await live.session.close();
});

test('when inference fails the overlay is withdrawn, tracking is taken up again, and given up after three times', async (t) => {
  const live = setUp({
    before: (call) => {
      if (call === 'track') throw new Error('out of memory');
    },
  });
  await play(live, 0);
  await live.session.click({ frameId: 0, x: 10, y: 10, label: 1 });
  await play(live, 1);
  t.equal(live.recorder.last.objects.length, 0);
  t.equal(live.session.status.state, 'fault');
  await play(live, 2, 3, 4, 5);
  t.equal(live.recorder.last.frame.id, 5);
  t.equal(live.recorder.last.objects.length, 0);
  t.match(live.recorder.notices, [
    { kind: 'fault', message: /withdrawn: .*out of memory; tracking is restarted/ },
    { kind: 'fault', message: /restarted/ },
    { kind: 'fault', message: /restarted/ },
    { kind: 'fault', message: /given up: .*out of memory/ },
  ]);
  t.equal(live.session.counters.faults, 4);
  t.same(live.session.status.objects, []);
  await live.session.close();
});

test('a prompt that fails midway withdraws the overlay, and tracking goes on from the frame it was made on', async (t) => {
  let failing = false;
  const live = setUp({
    before: (call) => {
      if (failing && call === 'track') throw new Error('out of memory');
    },
  });
  await play(live, 0);
  await live.session.click({ frameId: 0, x: 10, y: 10, label: 1 });
  await play(live, 1, 2);
  failing = true;
  await t.rejects(live.session.click({ frameId: 1, x: 12, y: 10, label: 1, objectId: 1 }), {
    message: /out of memory/,
  });
  await live.recorder.until(() => live.recorder.last.revised);
  t.equal(live.recorder.last.objects.length, 0);
  t.equal(live.session.counters.faults, 1);
  failing = false;
  await play(live, 3);
  t.equal(live.recorder.last.objects.length, 1);
  t.equal(live.session.counters.restarts, 1);
  t.equal(live.session.status.state, 'live');
  await live.session.close();
});

test('a publisher that throws is counted and does not reach the others', async (t) => {
  const recorder = new Recorder();
  const broken = {
    name: 'broken',
    onResult: () => {
      throw new Error('no');
    },
  };
  const live = { ...setUp({}, { publishers: [broken, recorder] }), recorder };
  await play(live, 0);
  t.equal(recorder.results.length, 1);
  t.equal(live.session.counters.publisherErrors, 1);
  await live.session.close();
});

test('latency is reported at the interval, with the stages of tracked frames', async (t) => {
  const live = setUp({}, { latencyIntervalMs: 10 });
  await play(live, 0);
  await live.session.click({ frameId: 0, x: 10, y: 10, label: 1 });
  await play(live, 1);
  await live.recorder.until(() => live.recorder.reports.some(({ stages }) => stages.track));
  const report = live.recorder.reports.find(({ stages }) => stages.track);
  t.ok(report && report.stages.total && report.stages.total.count >= 1);
  t.ok(report && report.windowS > 0);
  await live.session.close();
});

test('the end of the source ends the session; its failure rejects `done`', async (t) => {
  const ended = setUp();
  await play(ended, 0);
  ended.source.end();
  await ended.session.done;
  t.match(ended.recorder.notices, [{ kind: 'ended' }]);
  await t.rejects(ended.session.click({ frameId: 0, x: 1, y: 1, label: 1 }), {
    code: 'TRACKER_CLOSED',
  });

  const failed = setUp();
  failed.source.end(new Error('cable pulled'));
  await t.rejects(failed.session.done, { message: 'cable pulled' });
  await failed.session.close();
});

test('closing with a click in the queue settles the click, and closing twice is harmless', async (t) => {
  const live = setUp();
  await play(live, 0);
  const clicks = [1, 2, 3].map((x) => live.session.click({ frameId: 0, x, y: 1, label: 1 }));
  await Promise.all([live.session.close(), live.session.close()]);
  const settled = await Promise.allSettled(clicks);
  for (const outcome of settled) {
    if (outcome.status === 'rejected') t.equal(outcome.reason.code, 'TRACKER_CLOSED');
  }
  t.ok(settled.some(({ status }) => status === 'rejected'));
});

test('wrong options are refused by name', async (t) => {
  const source = new FedSource();
  const { device } = createDevice();
  t.throws(() => createSession({ source, device, cineSeconds: 0 }), {
    name: 'RangeError',
    message: /`cineSeconds`/,
  });
  t.throws(() => createSession({ source, device, publisher: [] } as never), {
    name: 'TypeError',
    message: /did you mean `publishers`/,
  });
});
