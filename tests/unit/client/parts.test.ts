/** The parts of the client that need no connection. */
import { test } from 'tap';
import { ClockSync } from '../../../src/client/clock-sync.js';
import { decodeRle } from '../../../src/client/index.js';
import { Mask } from '../../../src/sdk/mask.js';

test('run lengths become the bitmap they were made of, and too long ones no more than that', async (t) => {
  const bitmap = Uint8Array.of(0, 1, 1, 0, 1, 0);
  t.same(decodeRle(Mask.fromBitmap(bitmap, 3, 2).rle().counts, 3, 2), bitmap);
  t.same(decodeRle([0, 2], 2, 1), Uint8Array.of(1, 1));
  t.same(decodeRle([1, 4e9], 2, 1), Uint8Array.of(0, 1));
});

test('the ping with the shortest way tells how far the clocks are apart', async (t) => {
  const clock = new ClockSync();
  t.equal(clock.ageMs(0n, 0), null);
  // The server is 1000 ms ahead; the first ping waited 80 ms on its way back.
  clock.add(0, 100, 1_010_000_000n);
  clock.add(200, 210, 1_205_000_000n);
  clock.add(300, 380, 1_370_000_000n);
  t.equal(clock.ageMs(1_400_000_000n, 450), 50, 'captured at 400 of this clock');
  clock.reset();
  t.equal(clock.ageMs(0n, 0), null);
});
