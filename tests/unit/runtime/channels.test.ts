import { test } from 'tap';
import { NewestChannel, QueueChannel } from '../../../src/runtime/channels.js';
import { thrown } from '../../support/rejection.js';

test('a newest channel replaces the value that waits and counts it as dropped', async (t) => {
  const channel = new NewestChannel<number>();
  t.equal(channel.put(1), undefined);
  t.equal(channel.put(2), 1);
  t.equal(channel.put(3), 2);
  t.equal(channel.depth, 1);
  t.equal(channel.dropped, 2);
  t.equal(await channel.take(), 3);
  t.equal(channel.depth, 0);
});

test('a newest channel hands a value over to a taker that waits', async (t) => {
  const channel = new NewestChannel<number>();
  const taken = channel.take();
  channel.put(7);
  t.equal(await taken, 7);
  t.equal(channel.dropped, 0);
});

test('a closed newest channel refuses values and counts them, and what waits can be taken', async (t) => {
  const channel = new NewestChannel<number>();
  channel.put(1);
  channel.close();
  channel.close();
  t.equal(channel.put(2), 2);
  t.equal(channel.dropped, 1);
  t.equal(await channel.take(), 1);
  t.equal(await channel.take(), undefined);
});

test('closing ends a take that waits', async (t) => {
  const channel = new NewestChannel<number>();
  const taken = channel.take();
  channel.close();
  t.equal(await taken, undefined);
});

test('a full queue makes the producer wait and loses nothing', async (t) => {
  const channel = new QueueChannel<number>(2);
  const order: string[] = [];
  const producer = (async () => {
    for (const value of [1, 2, 3, 4]) {
      await channel.put(value);
      order.push(`put ${value}`);
    }
    channel.close();
  })();
  await new Promise(setImmediate);
  t.same(order, ['put 1', 'put 2']);
  const received: number[] = [];
  for await (const value of channel) received.push(value);
  await producer;
  t.same(received, [1, 2, 3, 4]);
  t.equal(channel.dropped, 0);
});

test('closing a full queue releases its producer, whose value is counted as dropped', async (t) => {
  const channel = new QueueChannel<number>(1);
  t.equal(await channel.put(1), true);
  const waiting = channel.put(2);
  channel.close();
  t.equal(await waiting, false);
  t.equal(channel.dropped, 1);
  t.equal(await channel.take(), 1);
});

test('a queue needs room for at least one value', async (t) => {
  for (const wrong of [0, 1.5, NaN]) {
    t.ok(thrown(() => new QueueChannel(wrong)) instanceof RangeError, String(wrong));
  }
});
