import { join } from 'node:path';
import { test } from 'tap';
import { openSqlite } from '../../../src/fleet/history-sqlite.js';
import { History, type HistoryStore } from '../../../src/fleet/history.js';

const window = (p95: number | null, more: Record<string, number> = {}) =>
  new Map(
    Object.entries({ 'Frames/Rate': 30, 'Latency/total/P95': p95, 'Quality/Min': 0.9, ...more }),
  );

test('windows of one minute are one row, also over several writes and processes', async (t) => {
  const file = join(t.testdir(), 'fleet.db');
  const history = new History(openSqlite(file), 30);
  const now = Math.floor(Date.now() / 60_000) * 60_000;
  history.add('g/a', now + 1000, window(20));
  history.add('g/a', now + 2000, window(50, { 'Quality/Min': 0.7 }));
  await history.flush();
  history.add('g/a', now + 3000, window(null));
  history.add('g/a', now + 61_000, window(10));
  history.add('g/b', now + 1000, window(99));
  const expected = [
    { node: 'g/a', minuteMs: now, windows: 3, fpsSum: 90, p95Ms: 50, p50Ms: null, quality: 0.7 },
    { node: 'g/a', minuteMs: now + 60_000, windows: 1, p95Ms: 10 },
  ];
  t.match(await history.query('g/a', now, now + 120_000), expected);
  t.equal((await history.query('g/a', now, now + 60_000)).length, 1, 'the end is exclusive');
  await history.close();
  const again = new History(openSqlite(file), 30);
  t.match(await again.query('g/a', now, now + 120_000), expected);
  t.equal(again.errors, 0);
  await again.close();
});

test('what is older than asked for is forgotten', async (t) => {
  const history = new History(openSqlite(join(t.testdir(), 'fleet.db')), 1);
  const now = Date.now();
  history.add('g/a', now - 3 * 24 * 3600_000, window(1));
  history.add('g/a', now, window(2));
  t.match(await history.query('g/a', 0, now + 60_000), [{ p95Ms: 2 }]);
  await history.close();
});

test('a write that fails is counted and its minutes are written later', async (t) => {
  const written: unknown[] = [];
  let fails = true;
  const store: HistoryStore = {
    name: 'test',
    add: async (minutes) => {
      if (fails) throw new Error('down');
      written.push(...minutes);
    },
    query: async () => [],
    prune: async () => undefined,
    close: async () => undefined,
  };
  const history = new History(store, 1);
  history.add('g/a', 1000, window(1));
  await history.flush();
  t.equal(history.errors, 1);
  history.add('g/a', 2000, window(3));
  fails = false;
  await history.close();
  t.match(written, [{ windows: 2, p95Ms: 3 }]);
});
