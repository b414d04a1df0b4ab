/** A session that goes on with another device. */
import { test } from 'tap';
import { createDevice, frame, play, setUp } from './stub.js';

const LIMITS = { budgetMs: 500, cineMiB: 16 };

test('objects go on with another device from the frame they were found on last', async (t) => {
  const live = setUp();
  await play(live, 0);
  await live.session.click({ frameId: 0, x: 10, y: 10, label: 1 });
  await play(live, 1);
  const next = createDevice();
  await live.session.useDevice(next.device, LIMITS);
  t.match(live.recorder.last, { frame: { id: 1 }, objects: [{ id: 1 }], revised: true });
  await live.device.close();
  const before = live.engine.calls.length;
  await play(live, 2, 3);
  t.match(live.recorder.last, { frame: { id: 3 }, objects: [{ id: 1 }] });
  t.equal(live.engine.calls.length, before, 'the old device is not called any more');
  t.same(next.engine.calls, ['start', 'track', 'track']);
  t.same(live.recorder.notices, []);
  await live.session.close();
});

test('frames that come in while another device begins are tracked on it or counted as dropped', async (t) => {
  const live = setUp();
  await play(live, 0);
  await live.session.click({ frameId: 0, x: 10, y: 10, label: 1 });
  let begin: (() => void) | null = null;
  const next = createDevice({
    before: (call) =>
      call === 'start' ? new Promise<void>((resolve) => (begin = resolve)) : undefined,
  });
  const handed = live.session.useDevice(next.device, LIMITS);
  while (begin === null) await new Promise(setImmediate);
  live.source.feed(frame(1), frame(2), frame(3));
  for (let i = 0; i < 10; i += 1) await new Promise(setImmediate);
  (begin as () => void)();
  await handed;
  await live.recorder.until(() => live.recorder.last.frame.id === 3);
  const { received, processed, dropped } = live.session.counters;
  t.equal(received, 4);
  t.equal(processed + dropped, received);
  t.match(live.recorder.last.objects, [{ id: 1 }]);
  await live.session.close();
});

test('a device that cannot begin is refused with its error, and the old one goes on', async (t) => {
  const live = setUp();
  await play(live, 0);
  await live.session.click({ frameId: 0, x: 10, y: 10, label: 1 });
  const next = createDevice();
  await next.device.close();
  await t.rejects(live.session.useDevice(next.device, LIMITS), { code: 'DEVICE_CLOSED' });
  await play(live, 1);
  t.match(live.recorder.last, { frame: { id: 1 }, objects: [{ id: 1 }] });
  t.match(live.session.counters, { faults: 0, resets: 0 });
  await live.session.close();
});

test('the limits of another device are checked and hold from then on', async (t) => {
  const live = setUp();
  await play(live, 0, 1, 2);
  const next = createDevice();
  await t.rejects(live.session.useDevice(next.device, { ...LIMITS, budgetMs: 1 }), {
    message: /`budgetMs` but received 1/,
  });
  await t.rejects(live.session.useDevice(next.device, { budgetMs: 500 } as typeof LIMITS), {
    message: /`cineMiB` but received undefined/,
  });
  await live.session.useDevice(next.device, LIMITS);
  await live.session.click({ frameId: 2, x: 10, y: 10, label: 1 });
  t.same(next.engine.calls, ['setImage', 'predict', 'start']);
  await live.session.close();
});
