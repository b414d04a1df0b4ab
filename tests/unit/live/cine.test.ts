/** Freeze, scroll back, correct there, undo, go live. */
import { test } from 'tap';
import { frame, play, setUp } from './stub.js';

const click = (frameId: number, x: number, objectId?: number | null) => ({
  frameId,
  x,
  y: 10,
  label: 1 as const,
  ...(objectId !== undefined && { objectId }),
});
const area = ({ recorder }: ReturnType<typeof setUp>): number =>
  recorder.last.objects[0]?.mask.areaPx ?? 0;

test('frozen, the picture stands while frames come in, and goes on when live again', async (t) => {
  const live = setUp();
  await t.rejects(live.session.freeze(), { code: 'FRAME_NOT_AVAILABLE' });
  await play(live, 0, 1);
  await live.session.freeze();
  t.match(live.session.status, { state: 'frozen', viewedId: 1, cine: { firstId: 0, lastId: 1 } });
  live.source.feed(frame(2), frame(3));
  while (live.session.counters.received < 4) await new Promise(setImmediate);
  t.equal(live.recorder.last.frame.id, 1);
  t.equal(live.session.counters.skipped, 2);
  await live.session.goLive();
  await play(live, 4);
  t.equal(live.recorder.last.frame.id, 4);
  t.equal(live.session.status.state, 'live');
  await live.session.close();
});

test('a frame that waited when the picture was frozen is not shown when it goes live again', async (t) => {
  let release: () => void = () => undefined;
  let held: Promise<void> | undefined;
  const live = setUp({ before: (call) => (call === 'track' ? held : undefined) });
  await play(live, 0);
  await live.session.click(click(0, 10));
  held = new Promise((resolve) => (release = resolve));
  live.source.feed(frame(1));
  while (!live.engine.calls.includes('setImage')) await new Promise(setImmediate);
  live.source.feed(frame(2));
  while (live.session.counters.received < 3) await new Promise(setImmediate);
  const frozen = live.session.freeze();
  release();
  held = undefined;
  await frozen;
  await live.session.goLive();
  await play(live, 3);
  const shown = live.recorder.results.filter(({ revised }) => !revised).map((r) => r.frame.id);
  t.same(shown, [0, 1, 3]);
  const { received, processed, dropped, skipped } = live.session.counters;
  t.same(
    { received, processed, dropped, skipped },
    { received: 4, processed: 3, dropped: 0, skipped: 1 },
  );
  await live.session.close();
});

test('scrolling back shows an earlier frame with the masks that were found on it', async (t) => {
  const live = setUp();
  await play(live, 0, 1);
  await live.session.click(click(1, 10));
  await play(live, 2);
  t.equal(await live.session.seek(1), 1);
  t.match(live.recorder.last, { frame: { id: 1 }, revised: true, objects: [{ id: 1 }] });
  t.equal(await live.session.seek(0), 0);
  t.match(live.recorder.last, { frame: { id: 0 }, objects: [] });
  t.equal(await live.session.seek(99), 2, 'beyond the end: the last one');
  await live.session.close();
});

test('a correction on an earlier frame shows there at once, then renews the frames after it', async (t) => {
  const live = setUp();
  await play(live, 0);
  await live.session.click(click(0, 10));
  await play(live, 1, 2, 3);
  const before = area(live);
  await live.session.seek(1);
  const outcome = await live.session.click(click(1, 16, 1));
  t.same(outcome, { objectId: 1, frameId: 1, caughtUp: 0 });
  t.equal(live.recorder.last.frame.id, 1);
  t.ok(area(live) > before);
  await live.recorder.until(() => live.session.status.catchingUp === 0);
  await live.session.seek(3);
  t.ok(area(live) > before, 'the frame after it shows the corrected object');
  await live.session.goLive();
  await play(live, 4);
  t.ok(area(live) > before, 'and so does the stream');
  await live.session.close();
});

test('a frame whose mask is out of date shows none', async (t) => {
  let hold: (() => void) | null = null;
  let holding = false;
  const live = setUp({
    before: (call) =>
      holding && call === 'track' ? new Promise<void>((resolve) => (hold = resolve)) : undefined,
  });
  await play(live, 0);
  await live.session.click(click(0, 10));
  await play(live, 1, 2);
  await live.session.seek(0);
  holding = true;
  await live.session.click(click(0, 16, 1));
  while (hold === null) await new Promise(setImmediate);
  const sought = live.session.seek(2);
  holding = false;
  (hold as () => void)();
  await sought;
  t.match(live.recorder.last, { frame: { id: 2 }, objects: [] });
  await live.recorder.until(() => live.recorder.last.objects.length === 1);
  t.equal(live.recorder.last.frame.id, 2);
  await live.session.close();
});

test('undo takes back the last prompt, then the one before, on their frames', async (t) => {
  const live = setUp();
  await t.rejects(live.session.undo(), { code: 'NOTHING_TO_UNDO' });
  await play(live, 0);
  await live.session.click(click(0, 10));
  const first = area(live);
  await play(live, 1);
  await live.session.click(click(1, 16, 1));
  await play(live, 2);
  t.ok(area(live) > first);
  t.equal(live.session.status.canUndo, true);
  t.match(await live.session.undo(), { objectId: 1, frameId: 1, caughtUp: 1 });
  t.equal(area(live), first);
  t.equal(live.recorder.last.frame.id, 2);
  await live.session.undo();
  t.equal(live.recorder.last.objects.length, 0, 'the prompt that began the object');
  t.equal(live.session.status.canUndo, false);
  await live.session.close();
});

test('after an undo the clicks taken back are not part of the next prompt', async (t) => {
  const live = setUp();
  await play(live, 0);
  await live.session.click(click(0, 10));
  const first = area(live);
  await live.session.click(click(0, 20, 1));
  await live.session.undo();
  await live.session.click({ ...click(0, 10, 1), label: 1 });
  t.equal(area(live), first);
  await live.session.close();
});

test('a box starts an object, and objects carry names and colours', async (t) => {
  const live = setUp();
  await play(live, 0);
  await live.session.prompt({ frameId: 0, box: [4, 4, 12, 10] });
  t.equal(area(live), 48);
  await live.session.label(1, { name: ' left ventricle ', colour: '#FF8800' });
  t.same(live.session.status.objects, [{ id: 1, name: 'left ventricle', colour: '#ff8800' }]);
  await live.session.label(1, { colour: null });
  t.match(live.session.status.objects, [{ name: 'left ventricle', colour: null }]);
  await t.rejects(live.session.label(2, { name: 'x' }), { code: 'UNKNOWN_OBJECT' });
  await t.rejects(live.session.label(1, { name: '' }), { message: /`name`/ });
  await t.rejects(live.session.label(1, { name: 'a\nb' }), { message: /printable/ });
  await t.rejects(live.session.label(1, { colour: 'red' }), { message: /#rrggbb/ });
  await t.rejects(live.session.prompt({ frameId: 0 }), { message: /a point or a box/ });
  await t.rejects(live.session.prompt({ frameId: 0, box: [1, 2, 3] as never }), {
    message: /`box`/,
  });
  await live.session.close();
});
