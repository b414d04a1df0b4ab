import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'tap';
import { openSource, Phantom } from '../../../src/io/sources/index.js';
import { frame, play, setUp } from './stub.js';

test('a recording appears whole when it ends, and its frames are read back as they were', async (t) => {
  const folder = join(t.testdir(), 'take-1');
  const live = setUp();
  await play(live, 0);
  await live.session.startRecording({ folder, keepText: true });
  t.equal(live.session.status.recording, true);
  await t.rejects(live.session.startRecording({ folder }), { code: 'WRITE_FAILED' });
  await live.session.click({ frameId: 0, x: 10, y: 10, label: 1 });
  await live.session.label(1, { name: 'cyst' });
  await play(live, 1, 2);
  t.notOk(existsSync(folder));
  t.same(await live.session.stopRecording(), { folder, frames: 3, dropped: 0, textRemoved: false });
  t.equal(await live.session.stopRecording(), null);
  t.match(JSON.parse(readFileSync(join(folder, 'recording.json'), 'utf8')), {
    version: 1,
    frames: 3,
  });
  const lines = readFileSync(join(folder, 'results.jsonl'), 'utf8').trim().split('\n');
  const results = lines.map((line) => JSON.parse(line));
  t.same(
    results.map(({ frameId, revised }) => [frameId, revised]),
    [
      [0, true],
      [0, true],
      [1, false],
      [2, false],
    ],
  );
  t.match(results[2].objects, [
    { id: 1, name: 'cyst', status: 'tracking', rle: { size: [24, 32] } },
  ]);
  const source = await openSource(join(folder, 'frames'));
  const values: number[] = [];
  for await (const { data } of source) values.push(data[0]);
  t.same(values, [0, 1, 2]);
  await live.session.close();
});

test('without keepText frames are recorded once the fan is known, black outside of it', async (t) => {
  const folder = join(t.testdir(), 'take-2');
  const phantom = new Phantom({ seed: 3, widthPx: 120, heightPx: 90 });
  const live = setUp();
  await live.session.startRecording({ folder });
  for (let id = 0; id < 33; id += 1) {
    const next = phantom.frame(id);
    next.data.fill(255, 0, 20);
    live.source.feed(next);
    await live.recorder.count(id + 1);
  }
  const summary = await live.session.stopRecording();
  t.equal(summary?.textRemoved, true);
  t.equal(summary?.frames, 4, 'the 30th frame makes the fan known');
  for await (const { data } of await openSource(join(folder, 'frames'))) {
    t.ok(data.subarray(0, 20).every((value) => value === 0));
  }
  await live.session.close();
});

test('a recording under way ends with the session', async (t) => {
  const folder = join(t.testdir(), 'take-3');
  const live = setUp();
  await live.session.startRecording({ folder, keepText: true });
  await play(live, 0);
  await live.session.close();
  t.ok(existsSync(join(folder, 'recording.json')));
});

test('a folder that exists or cannot be made is refused', async (t) => {
  const folder = t.testdir({ file: '' });
  const live = setUp();
  await t.rejects(live.session.startRecording({ folder }), { code: 'WRITE_FAILED' });
  await t.rejects(live.session.startRecording({ folder: join(folder, 'file', 'x') }), {
    code: 'WRITE_FAILED',
  });
  await t.rejects(live.session.startRecording({ folder: '' }), { message: /`folder`/ });
  live.source.feed(frame(0));
  await live.recorder.count(1);
  await live.session.close();
});
