import fc from 'fast-check';
import { test } from 'tap';
import { NodeState } from '../../../src/fleet/node-state.js';
import type { Update } from '../../../src/fleet/receiver.js';
import { updateOf, windowUpdate } from '../../support/updates.js';

function nodeOf() {
  const node = new NodeState('sonotrack', 'bay-4');
  const applied: Update[] = [];
  const receive = (update: Update, nowMs = 5000) =>
    node.receive(update, nowMs, (one) => applied.push(one));
  return { node, applied, receive };
}
const birth = (bdSeq = 0, sentMs = 1000): Update => updateOf('NBIRTH', 0, { bdSeq }, { sentMs });

test('data before a birth ask for one; after it they are applied in their order', async (t) => {
  const { node, applied, receive } = nodeOf();
  t.equal(receive(windowUpdate(7, 1, { bornMs: null, unknown: 1 })), 'rebirth');
  t.equal(receive(birth()), 'applied');
  t.ok(node.online);
  t.equal(receive(updateOf('DBIRTH', 1)), 'applied');
  t.equal(receive(windowUpdate(3, 2)), 'waiting');
  t.equal(node.waitingSinceMs, 5000);
  t.equal(receive(windowUpdate(2, 1)), 'applied');
  t.equal(node.waitingSinceMs, null);
  t.same(
    applied.map(({ seq }) => seq),
    [0, 1, 2, 3],
  );
  t.equal(node.values.get('Window/Sequence'), 2);
  t.equal(receive(windowUpdate(2, 1)), 'stale', 'a double is passed over');
});

test('numbers wrap after 255', async (t) => {
  const { node, receive } = nodeOf();
  receive(birth());
  for (let i = 1; i <= 600; i += 1) t.equal(receive(windowUpdate(i % 256, i)), 'applied');
  t.same([node.windows.last, node.windows.count], [600, 0]);
});

test('a message that stays missing is given up: those behind it count, and a birth starts anew', async (t) => {
  const { node, applied, receive } = nodeOf();
  receive(birth());
  t.equal(receive(windowUpdate(4, 4)), 'waiting');
  t.equal(receive(windowUpdate(2, 2)), 'waiting');
  node.giveUp(8000, (update) => applied.push(update));
  t.equal(node.gaps, 1);
  t.equal(node.waitingSinceMs, null);
  t.same(
    applied.map(({ seq }) => seq),
    [0, 2, 4],
  );
  t.same([node.windows.last, node.windows.count], [4, 1]);
  t.equal(receive(windowUpdate(5, 5)), 'applied', 'data go on until the birth');
  t.equal(receive(birth(0, 2000)), 'applied');
  t.equal(receive(windowUpdate(1, 6, { bornMs: 2000 })), 'applied');
});

test('what comes late counts as a window and leaves the present as it is', async (t) => {
  const { node, applied, receive } = nodeOf();
  receive(birth());
  receive(windowUpdate(1, 1));
  receive(windowUpdate(3, 3));
  node.giveUp(8000, (update) => applied.push(update));
  t.equal(node.windows.count, 1);
  t.equal(receive(windowUpdate(2, 2)), 'late');
  t.equal(receive(windowUpdate(2, 2)), 'stale', 'once');
  t.same([node.windows.count, node.values.get('Window/Sequence')], [0, 3]);
  receive(birth(0, 2000));
  t.equal(receive(windowUpdate(4, 4)), 'late', 'sent before that birth');
  receive(updateOf('NDEATH', null, { bdSeq: 0 }), 9000);
  t.equal(receive(windowUpdate(1, 5, { bornMs: 2000 }), 9500), 'late', 'sent before that death');
  t.equal(receive(windowUpdate(2, 6, { bornMs: 2000 }), 20_000), 'rebirth', 'it lives on');
  t.same(
    applied.map(({ seq }) => seq),
    [0, 1, 3, 2, 0, 4, null, 1],
  );
});

test('data that come before the birth they follow wait for it', async (t) => {
  const { node, applied, receive } = nodeOf();
  t.equal(receive(windowUpdate(2, 2)), 'waiting');
  t.equal(receive(windowUpdate(1, 1)), 'waiting');
  t.equal(receive(birth()), 'applied');
  t.equal(receive(windowUpdate(2, 4, { bornMs: 500 }), 6000), 'waiting', 'a clock that went back');
  t.equal(node.waitingSinceMs, 6000);
  receive(birth(1, 500));
  t.equal(node.waitingSinceMs, 6000, 'the first window of that birth is missing');
  receive(windowUpdate(1, 3, { bornMs: 500 }));
  t.equal(node.waitingSinceMs, null);
  t.same(
    applied.map(({ values }) => values['Window/Sequence']),
    [undefined, 1, 2, undefined, 3, 4],
  );
  receive(windowUpdate(1, 5, { bornMs: 9000 }));
  node.giveUp(9999, (update) => applied.push(update));
  t.equal(node.windows.last, 5, 'without the birth, the window still counts');
});

test('a gap that is filled starts the wait for the next one anew', async (t) => {
  const { node, receive } = nodeOf();
  receive(birth());
  receive(windowUpdate(2, 2), 5000);
  receive(windowUpdate(4, 4), 6000);
  receive(windowUpdate(1, 1), 6500);
  t.equal(node.waitingSinceMs, 6000);
});

test('a death counts for the connection it belongs to', async (t) => {
  const { node, receive } = nodeOf();
  receive(birth(3));
  t.equal(receive(updateOf('NDEATH', null, { bdSeq: 2 })), 'stale');
  t.ok(node.online);
  t.equal(receive(updateOf('NDEATH', null, { bdSeq: 3 }), 7000), 'applied');
  t.notOk(node.online);
  t.equal(node.sinceMs, 7000);
});

test('metrics that no birth named ask for one', async (t) => {
  const { receive } = nodeOf();
  receive(birth());
  t.equal(receive(windowUpdate(1, 1, { unknown: 2 })), 'rebirth');
});

test('history fills what is missing and leaves the present as it is', async (t) => {
  const { node, receive } = nodeOf();
  receive(birth());
  receive(windowUpdate(1, 1, { values: { 'Window/Sequence': 1, 'Window/Merged': 1 } }));
  receive(windowUpdate(2, 100));
  t.equal(node.windows.count, 98);
  const past = { 'Window/Sequence': 50, 'Window/Merged': 49 };
  receive(windowUpdate(3, 0, { values: past, historical: true }));
  t.equal(node.windows.count, 49);
  // Told by exception: the next stands for 49 too.
  receive(windowUpdate(4, 0, { values: { 'Window/Sequence': 99 }, historical: true }));
  t.equal(node.windows.count, 0);
  t.equal(node.values.get('Window/Sequence'), 100);
});

test('any order within the reorder window comes out in order', async (t) => {
  fc.assert(
    fc.property(
      fc.shuffledSubarray(
        Array.from({ length: 40 }, (_, i) => i + 1),
        { minLength: 40 },
      ),
      (order) => {
        const { applied, receive } = nodeOf();
        receive(birth());
        for (const seq of order) receive(windowUpdate(seq, seq));
        const numbers = applied.map(({ seq }) => seq ?? -1);
        return numbers.length === 41 && numbers.every((seq, i) => seq === i);
      },
    ),
  );
  t.pass('held');
});
