import { test } from 'tap';
import { dice } from '../../../src/sdk/dice.js';
import { bitmap, mask } from '../../support/bitmaps.js';
import { thrown } from '../../support/rejection.js';

test('dice is twice the overlap over the sum of the areas, and 1 for two empty masks', async (t) => {
  t.equal(dice(mask('##.', '...'), mask('#..', '#..')), 0.5);
  t.equal(dice(mask('###'), mask('#..')), 0.5);
  t.equal(dice(mask('#..'), mask('..#')), 0);
  t.equal(dice(mask('...'), mask('...')), 1);
});

test('bitmaps are compared as masks are', async (t) => {
  t.equal(dice(bitmap('##'), mask('#.')), 2 / 3);
  t.equal(dice(Uint8Array.of(7, 0), bitmap('#.')), 1);
});

test('dice refuses masks of another size and other kinds', async (t) => {
  t.ok(thrown(() => dice(mask('##', '##'), mask('####'))) instanceof RangeError);
  t.ok(thrown(() => dice(bitmap('##'), bitmap('#'))) instanceof RangeError);
  t.ok(thrown(() => dice([1] as never, bitmap('#'))) instanceof TypeError);
});
