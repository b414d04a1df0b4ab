import { test } from 'tap';
import { SerialQueue } from '../../../src/runtime/serial-queue.js';
import { rejection } from '../../support/rejection.js';

test('jobs run one after the other, in call order', async (t) => {
  const queue = new SerialQueue();
  const events: string[] = [];
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  const first = queue.run(async () => {
    events.push('first begins');
    await held;
    events.push('first ends');
  });
  const second = queue.run(async () => events.push('second'));
  await Promise.resolve();
  release();
  await Promise.all([first, second]);
  t.same(events, ['first begins', 'first ends', 'second']);
});

test('a job that fails rejects its own promise and lets the next run', async (t) => {
  const queue = new SerialQueue();
  const failing = queue.run(async () => {
    throw new Error('broken');
  });
  const next = queue.run(async () => 5);
  t.equal((await rejection(failing)).message, 'broken');
  t.equal(await next, 5);
  await queue.idle();
});
