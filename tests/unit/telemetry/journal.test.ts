import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { test, type Test } from 'tap';
import { Journal, type JournalEntry, type JournalOptions } from '../../../src/telemetry/journal.js';

type Numbers = number[];
const merge = (values: readonly Numbers[]): Numbers => values.flat();

const open = (
  dir: string,
  more: Partial<JournalOptions<Numbers>> = {},
): Promise<Journal<Numbers>> => Journal.open({ dir, readers: ['a'], merge, ...more });

/** Every value that is left for a reader. */
async function drain(journal: Journal<Numbers>, reader = 'a'): Promise<JournalEntry<Numbers>[]> {
  const found: JournalEntry<Numbers>[] = [];
  for (
    let given = await journal.read(reader, 7);
    given.length;
    given = await journal.read(reader, 7)
  ) {
    found.push(...given);
  }
  return found;
}

async function fill(journal: Journal<Numbers>, from: number, to: number): Promise<void> {
  for (let i = from; i <= to; i += 1) await journal.append([i]);
}

const range = (from: number, to: number): number[] =>
  Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => from + i);

test('values come out in order, numbered from 1, until they are acknowledged', async (t) => {
  const journal = await open(t.testdir());
  t.same(await journal.read('a', 5), []);
  t.equal(await journal.append([10]), 1);
  t.equal(await journal.append([20]), 2);
  t.match(await journal.read('a', 1), [{ sequence: 1, values: 1, value: [10] }]);
  t.match(await journal.read('a', 5), [{ sequence: 2, value: [20] }]);
  t.same(await journal.read('a', 5), [], 'given out once');
  await journal.rewind('a');
  t.match(
    await journal.read('a', 5),
    [{ sequence: 1 }, { sequence: 2 }],
    'and again after a rewind',
  );
  t.equal(journal.depth('a'), 2);
  await journal.ack('a', 1);
  t.equal(journal.depth('a'), 1);
  await journal.rewind('a');
  t.match(await journal.read('a', 5), [{ sequence: 2 }]);
  await journal.close();
});

test('what was not acknowledged is there after a restart, and numbers go on', async (t) => {
  const dir = t.testdir();
  const first = await open(dir);
  await fill(first, 1, 5);
  await first.ack('a', 2);
  await first.close();
  const second = await open(dir);
  t.equal(await second.append([6]), 6);
  t.same(
    (await drain(second)).map(({ value }) => value[0]),
    [3, 4, 5, 6],
  );
  await second.ack('a', 6);
  await second.close();
  const third = await open(dir);
  t.same(await drain(third), []);
  t.equal(await third.append([7]), 7, 'numbers are not used twice');
  await third.close();
});

test('readers go at their own pace; a new one begins at the end', async (t) => {
  const dir = t.testdir();
  const first = await open(dir, { readers: ['a', 'b'] });
  await fill(first, 1, 3);
  await first.ack('a', 3);
  t.same((await drain(first, 'b')).length, 3);
  await first.close();
  const second = await open(dir, { readers: ['b', 'c'] });
  t.same([second.depth('b'), second.depth('c')], [3, 0]);
  await second.close();
});

test('beyond its size the oldest values are merged, then lost, and every one is accounted for', async (t) => {
  const dir = t.testdir();
  const journal = await open(dir, { maxBytes: 4096, mergeAtMost: 10 });
  await fill(journal, 1, 400);
  t.ok(journal.bytes <= 4096 + 512, `stays near its limit: ${journal.bytes} bytes`);
  const onDisk = readdirSync(dir).reduce((sum, name) => sum + statSync(join(dir, name)).size, 0);
  t.ok(onDisk < 6000, `on disk too: ${onDisk} bytes`);
  const entries = await drain(journal);
  const lost = journal.lost('a');
  t.ok(lost > 0);
  t.ok(entries.some(({ values }) => values > 1));
  t.same(
    entries.flatMap(({ value }) => value),
    range(lost + 1, 400),
  );
  for (const { sequence, values, value } of entries) {
    t.same(value, range(sequence - values + 1, sequence));
  }
  await journal.close();
  const again = await open(dir, { maxBytes: 4096, mergeAtMost: 10 });
  t.equal(again.lost('a'), lost, 'the count survives a restart');
  await again.close();
});

test('values beyond the age limit are dropped and counted', async (t) => {
  let now = 1000;
  const journal = await open(t.testdir(), { maxBytes: 4096, maxAgeMs: 5000, nowMs: () => now });
  await fill(journal, 1, 20);
  now = 60_000;
  await fill(journal, 21, 30);
  const entries = await drain(journal);
  t.equal(journal.lost('a') + entries.length, 30);
  t.ok(journal.lost('a') > 0 && journal.lost('a') <= 20);
  await journal.close();
});

test('what a reader was given is not merged into anything new', async (t) => {
  const journal = await open(t.testdir(), { maxBytes: 4096, mergeAtMost: 50 });
  await fill(journal, 1, 3);
  t.equal((await journal.read('a', 3)).length, 3);
  await fill(journal, 4, 120);
  await journal.rewind('a');
  const entries = await drain(journal);
  t.same(
    entries.slice(0, 3).map(({ value }) => value),
    [[1], [2], [3]],
  );
  t.ok(entries[3].values > 1);
  await journal.close();
});

test('nothing is lost or doubled over random appends, reads, acknowledgements and restarts', async (t) => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('append' as const), count: fc.integer({ min: 1, max: 60 }) }),
    fc.record({ kind: fc.constant('send' as const), count: fc.integer({ min: 1, max: 60 }) }),
    fc.record({ kind: fc.constant('break' as const), count: fc.integer({ min: 1, max: 30 }) }),
    fc.record({ kind: fc.constant('restart' as const), count: fc.constant(1) }),
  );
  let run = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
      const dir = join(t.testdirName, String((run += 1)));
      mkdirSync(dir, { recursive: true });
      const options = { maxBytes: 4096, mergeAtMost: 8 };
      let journal = await open(dir, options);
      let appended = 0;
      const arrived: number[] = [];
      const send = async (count: number): Promise<void> => {
        for (const { sequence, value } of await journal.read('a', count)) {
          arrived.push(...value);
          await journal.ack('a', sequence);
        }
      };
      for (const { kind, count } of steps) {
        if (kind === 'append') {
          await fill(journal, appended + 1, appended + count);
          appended += count;
        } else if (kind === 'send') await send(count);
        else if (kind === 'break') {
          await journal.read('a', count);
          await journal.rewind('a');
        } else {
          await journal.close();
          journal = await open(dir, options);
        }
      }
      while (journal.depth('a') > 0) await send(20);
      const lost = journal.lost('a');
      await journal.close();
      rmSync(dir, { recursive: true });
      const inOrder = arrived.every((value, i) => i === 0 || value > arrived[i - 1]);
      return inOrder && arrived.length + lost === appended;
    }),
    { numRuns: 60 },
  );
  t.pass('held');
});

test('a process killed while it appends leaves every value that was settled', async (t) => {
  const dir = t.testdir();
  const module = new URL('../../../src/telemetry/journal.js', import.meta.url).href;
  const script = `
    import { Journal } from '${module}';
    const journal = await Journal.open({ dir: ${JSON.stringify(dir)}, readers: ['a'], merge: (v) => v.flat() });
    for (let i = 1; ; i += 1) { await journal.append([i]); process.stdout.write(i + '\\n'); }`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script]);
  let told = '';
  child.stdout.on('data', (data: Buffer) => {
    told += data.toString();
    if (told.split('\n').length > 300) child.kill('SIGKILL');
  });
  await once(child, 'close');
  const settled = Number(told.split('\n').at(-2));
  t.ok(settled >= 299);
  const journal = await open(dir);
  const values = (await drain(journal)).flatMap(({ value }) => value);
  t.ok(values.length >= settled);
  t.same(values, range(1, values.length));
  await journal.close();
});

test('a line that was cut off is passed over, and what follows it is counted right', async (t) => {
  const dir = t.testdir();
  const journal = await open(dir);
  await fill(journal, 1, 3);
  await journal.close();
  const file = readdirSync(dir).find((name) => name.endsWith('.log')) ?? '';
  appendFileSync(join(dir, file), '{"sequence":4,"val');
  const again = await open(dir);
  t.equal(await again.append([4]), 4);
  t.same(
    (await drain(again)).flatMap(({ value }) => value),
    [1, 2, 3, 4],
  );
  await again.close();
});

test('one process has a folder at a time', async (t) => {
  const dir = t.testdir();
  const journal = await open(dir);
  await t.rejects(open(dir), /is in use by process \d+/);
  await journal.close();
  await (await open(dir)).close();
  t.end();
});

test('where the disk refuses, values are kept in memory and the failures counted', async (t: Test) => {
  const dir = t.testdir();
  const journal = await open(dir);
  rmSync(dir, { recursive: true });
  await fill(journal, 1, 5);
  t.equal(journal.writeErrors, 5);
  t.same(
    (await drain(journal)).flatMap(({ value }) => value),
    range(1, 5),
  );
  await journal.close();
});

test('options are validated', async (t) => {
  const dir = t.testdir();
  await t.rejects(open(dir, { maxBytes: 1 }), { name: 'RangeError', message: /`maxBytes`/ });
  await t.rejects(open(dir, { maxAgeMs: 1 }), { name: 'RangeError', message: /`maxAgeMs`/ });
  await t.rejects(open(dir, { mergeAtMost: 1 }), { name: 'RangeError', message: /`mergeAtMost`/ });
  await t.rejects(open(dir, { maxByte: 1 } as never), /did you mean `maxBytes`/);
  const journal = await open(dir);
  await t.rejects(journal.read('b', 1), /no reader `b`/);
  await journal.close();
  await t.rejects(journal.append([1]), /closed/);
});
